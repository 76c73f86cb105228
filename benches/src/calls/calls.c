/* Scans a buffer over and over through the C library.
 *
 * usage: calls SET FILE SCANS BATCHES; SET is "builtin" or a path. Prints the microseconds of one scan
 * (processor time) in each batch. */
#include <pellucid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void require(int32_t status, pellucid_error *error) {
    if (status == PELLUCID_OK) return;
    pellucid_string message = pellucid_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.length, message.data);
    exit(1);
}

int main(int argc, char **argv) {
    static unsigned char buffer[1 << 20];
    if (argc != 5) return 2;
    FILE *file = fopen(argv[2], "rb");
    if (!file) return 2;
    size_t length = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    pellucid_error *error = NULL;
    pellucid_set *set = NULL;
    pellucid_engine *engine = NULL;
    int builtin = strcmp(argv[1], "builtin") == 0;
    require(builtin ? pellucid_set_open_builtin(&set, &error)
                    : pellucid_set_open_path(argv[1], strlen(argv[1]), NULL, &set, &error),
            error);
    require(pellucid_engine_new(&set, 1, NULL, &engine, &error), error);
    pellucid_set_free(set);
    for (int batch = 0; batch < atoi(argv[4]); batch++) {
        double start = now();
        int scans = atoi(argv[3]);
        for (int i = 0; i < scans; i++) {
            pellucid_result *result = NULL;
            require(pellucid_scan_memory(engine, buffer, length, NULL, &result, &error), error);
            if (pellucid_result_verdict(result) != PELLUCID_VERDICT_CLEAN) return 3;
            pellucid_result_free(result);
        }
        printf("%f\n", (now() - start) / scans);
    }
    pellucid_engine_free(engine);
    return 0;
}

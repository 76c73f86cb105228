/* gateway SET [MESSAGE...]: the heart of a mail gateway. Worker threads take messages from a queue and
 * push them through streams as they would come from the network, with a deadline each; on SIGHUP, and
 * once halfway through, the sets are loaded anew and swapped while messages are being scanned.
 *
 * cc -pthread gateway.c -lpellucid -o gateway */

#include <pellucid.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, PIECE = 16 * 1024, DEADLINE_MS = 30 * 1000 };

struct gateway {
    pellucid_engine *engine;
    const char *set_path;
    char **messages;
    int count, next, refused;
    pthread_mutex_t lock;
};

static volatile sig_atomic_t reload_asked;

static void on_hangup(int number) {
    (void)number;
    reload_asked = 1;
}

static pellucid_set *open_set(const char *path) {
    pellucid_set *set = NULL;
    pellucid_error *error = NULL;
    if (pellucid_set_open_path(path, strlen(path), NULL, &set, &error) != PELLUCID_OK) {
        pellucid_string words = pellucid_error_message(error);
        fprintf(stderr, "%.*s\n", (int)words.length, words.data);
        pellucid_error_free(error);
    }
    return set;
}

/* A set that does not open leaves the one in use in use. */
static void reload(struct gateway *gateway) {
    pellucid_set *set = open_set(gateway->set_path);
    if (set == NULL) return;
    if (pellucid_engine_swap(gateway->engine, &set, 1, NULL) == PELLUCID_OK) puts("sets swapped");
    pellucid_set_free(set);
}

/* 1: deliver it; 0: hold it back. What was not wholly looked at is never delivered as clean. */
static int judge(struct gateway *gateway, const char *path, FILE *message) {
    static const char kind[] = "message";
    pellucid_pair metadata = {"kind", 4, kind, sizeof kind - 1};
    pellucid_scan_options options = {.struct_size = sizeof options,
                                     .max_time_ms = DEADLINE_MS,
                                     .name = path,
                                     .name_length = strlen(path),
                                     .metadata = &metadata,
                                     .metadata_count = 1};
    pellucid_stream *stream = NULL;
    pellucid_result *result = NULL;
    char piece[PIECE];
    size_t length;
    int deliver = 0;
    if (pellucid_stream_new(gateway->engine, &options, &stream, NULL) != PELLUCID_OK) return 0;
    while ((length = fread(piece, 1, sizeof piece, message)) > 0) {
        if (pellucid_stream_write(stream, piece, length, NULL) != PELLUCID_OK) break;
    }
    if (!ferror(message) && pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK) {
        pellucid_string json = {"", 0};
        deliver = pellucid_result_verdict(result) <= PELLUCID_VERDICT_TRUSTED &&
                  pellucid_result_completeness(result) == PELLUCID_COMPLETE;
        if (!deliver && pellucid_result_json(result, &json) == PELLUCID_OK) {
            printf("held back: %.*s\n", (int)json.length, json.data);
        }
    }
    pellucid_result_free(result);
    pellucid_stream_free(stream);
    return deliver;
}

static void *work(void *argument) {
    struct gateway *gateway = argument;
    for (;;) {
        pthread_mutex_lock(&gateway->lock);
        int mine = gateway->next++;
        int swap = reload_asked || mine == gateway->count / 2;
        reload_asked = 0;
        pthread_mutex_unlock(&gateway->lock);
        if (mine >= gateway->count) return NULL;
        if (swap) reload(gateway);
        FILE *message = fopen(gateway->messages[mine], "rb");
        int deliver = message != NULL && judge(gateway, gateway->messages[mine], message);
        if (message != NULL) fclose(message);
        pthread_mutex_lock(&gateway->lock);
        gateway->refused += !deliver;
        pthread_mutex_unlock(&gateway->lock);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return fputs("usage: gateway SET [MESSAGE...]\n", stderr), 2;
    struct gateway gateway = {.set_path = argv[1],
                              .messages = argv + 2,
                              .count = argc - 2,
                              .lock = PTHREAD_MUTEX_INITIALIZER};
    pellucid_set *set = open_set(argv[1]);
    if (set == NULL) return 2;
    int32_t status = pellucid_engine_new(&set, 1, NULL, &gateway.engine, NULL);
    pellucid_set_free(set);
    if (status != PELLUCID_OK) return 2;
    signal(SIGHUP, on_hangup);
    pthread_t workers[WORKERS];
    int started = 0;
    while (started < WORKERS && pthread_create(&workers[started], NULL, work, &gateway) == 0) started++;
    for (int i = 0; i < started; i++) pthread_join(workers[i], NULL);
    printf("%d of %d messages held back\n", gateway.refused, gateway.count);
    pellucid_engine_free(gateway.engine);
    return started == 0 ? 2 : gateway.refused > 0;
}

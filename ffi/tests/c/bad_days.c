/* bad_days SET FOLDER [STACK]: the system is no help. Files shrink while they are scanned, descriptors
 * run out, and a thread has a small stack. STACK 0 leaves the last one out. */

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

enum { LENGTH = 1 << 20, PAGE = 4096, SMALL_STACK = 256 << 10 };

static pellucid_engine *engine;
static char path[4096];

static void write_file(void) {
    static char page[PAGE];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd != -1);
    for (int i = 0; i < LENGTH / PAGE; i++) {
        memset(page, 'a' + i % 26, sizeof page);
        CHECK(write(fd, page, sizeof page) == PAGE);
    }
    CHECK(close(fd) == 0);
}

/* Cuts the file when the scan has opened it: that is when the object is entered. */
static int32_t cut(void *user, const pellucid_entered_object *object) {
    CHECK(object->index == 0);
    CHECK(truncate(path, *(off_t *)user) == 0);
    return PELLUCID_CONTINUE;
}

static void files_shrink_under_a_scan(void) {
    const off_t at[] = {0, 1, PAGE - 1, PAGE, PAGE + 1, LENGTH / 2, LENGTH - PAGE, LENGTH - 1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        write_file();
        off_t length = at[i];
        pellucid_callbacks callbacks = {
            .struct_size = sizeof callbacks, .user = &length, .on_object = cut};
        pellucid_scan_options options = {.struct_size = sizeof options, .callbacks = &callbacks};
        pellucid_result *result = NULL;
        CHECK(pellucid_scan_path(engine, path, strlen(path), &options, &result, NULL) == PELLUCID_OK);
        CHECK(pellucid_result_completeness(result) == PELLUCID_PARTIAL);
        pellucid_reason reason = {.struct_size = sizeof reason};
        CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
        CHECK(reason.code == PELLUCID_REASON_CHANGED_WHILE_SCANNING);
        pellucid_result_free(result);
    }
}

static void descriptors_run_out(const char *set_path) {
    write_file();
    struct rlimit before, few;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_path(engine, path, strlen(path), NULL, &result, NULL) == PELLUCID_OK);
    CHECK(pellucid_result_completeness(result) == PELLUCID_NOT_SCANNED);
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == PELLUCID_REASON_UNREADABLE);
    pellucid_result_free(result);
    CHECK(pellucid_scan_memory(engine, "x", 1, NULL, &result, NULL) == PELLUCID_OK);
    CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
    pellucid_result_free(result);
    pellucid_set *set = NULL;
    int32_t status = pellucid_set_open_path(set_path, strlen(set_path), NULL, &set, NULL);
    CHECK(status == PELLUCID_SET_UNREADABLE && set == NULL);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(pellucid_scan_path(engine, path, strlen(path), NULL, &result, NULL) == PELLUCID_OK);
    CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
    pellucid_result_free(result);
}

/* Scans every file of the folder that the test has filled with what nests deeply. */
static void *scan_on_a_small_stack(void *argument) {
    const char *const *names = argument;
    for (; *names != NULL; names++) {
        pellucid_result *result = NULL;
        CHECK(pellucid_scan_path(engine, *names, strlen(*names), NULL, &result, NULL) == PELLUCID_OK);
        CHECK(pellucid_result_object_count(result) > 0);
        pellucid_result_free(result);
    }
    return NULL;
}

static void small_stacks_are_enough(char **names) {
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, SMALL_STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, scan_on_a_small_stack, names) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv) {
    CHECK(argc >= 3);
    snprintf(path, sizeof path, "%s/shrinking", argv[2]);
    CHECK(pellucid_survive_shrinking_maps(NULL) == PELLUCID_OK);
    engine = open_engine(argv[1]);
    files_shrink_under_a_scan();
    descriptors_run_out(argv[1]);
    small_stacks_are_enough(argv + 3);
    pellucid_engine_free(engine);
    puts("passed");
    return 0;
}

/* crowd SET MARKED SWAPS FORKS: many at a time. Eight threads scan while the sets are swapped, and
 * children scan with the engine that their parent opened. */

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { THREADS = 8 };

static pellucid_engine *engine;
static int swapping = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_swapping(void) {
    pthread_mutex_lock(&lock);
    int answer = swapping;
    pthread_mutex_unlock(&lock);
    return answer;
}

static void expect_mark(pellucid_result *result) {
    CHECK(pellucid_result_verdict(result) == PELLUCID_VERDICT_MALICIOUS);
    CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
    size_t sets = pellucid_result_set_count(result);
    CHECK(sets == 1 || sets == 2);
    CHECK(pellucid_result_finding_count(result) == sets);
    pellucid_result_free(result);
}

static void *scan_on_and_on(void *argument) {
    const char *path = argument;
    do {
        pellucid_result *result = NULL;
        CHECK(pellucid_scan_path(engine, path, strlen(path), NULL, &result, NULL) == PELLUCID_OK);
        expect_mark(result);
        pellucid_stream *stream = NULL;
        CHECK(pellucid_stream_new(engine, NULL, &stream, NULL) == PELLUCID_OK);
        CHECK(pellucid_stream_write(stream, "pellucid-ffi ", 13, NULL) == PELLUCID_OK);
        CHECK(pellucid_stream_write(stream, "test mark", 9, NULL) == PELLUCID_OK);
        CHECK(pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK);
        expect_mark(result);
        pellucid_stream_free(stream);
    } while (is_swapping());
    return NULL;
}

static void threads_scan_while_sets_are_swapped(char **argv) {
    pellucid_set *stack[2] = {open_set(argv[1]), open_set(argv[1])};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, scan_on_and_on, argv[2]) == 0);
    }
    for (int swaps = atoi(argv[3]); swaps > 0; swaps--) {
        CHECK(pellucid_engine_swap(engine, stack, 1 + (size_t)swaps % 2, NULL) == PELLUCID_OK);
    }
    pthread_mutex_lock(&lock);
    swapping = 0;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    pellucid_set_free(stack[0]);
    pellucid_set_free(stack[1]);
}

static void children_scan(char **argv) {
    const char *path = argv[2];
    for (int forks = atoi(argv[4]); forks > 0; forks--) {
        pid_t child = fork();
        CHECK(child != -1);
        if (child == 0) {
            pellucid_result *result = NULL;
            int32_t status = pellucid_scan_path(engine, path, strlen(path), NULL, &result, NULL);
            _exit(status != PELLUCID_OK || pellucid_result_finding_count(result) == 0);
        }
        int how = 0;
        CHECK(waitpid(child, &how, 0) == child);
        CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 5);
    engine = open_engine(argv[1]);
    children_scan(argv);
    threads_scan_while_sets_are_swapped(argv);
    pellucid_engine_free(engine);
    puts("passed");
    return 0;
}

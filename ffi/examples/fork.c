/* fork SET FILE...: the parent opens the sets once, children scan; a child that dies takes one file
 * along. The set's pages are shared by all of them.
 *
 * With YARA rules in a set, the parent must not scan before it forks: the clock that ends rules which
 * take too long is a thread, and threads do not follow a fork.
 *
 * cc fork.c -lpellucid -o fork */

#include <pellucid.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child: exits with the verdict, or 0 when the file was not wholly looked at. */
static int scan(const pellucid_engine *engine, const char *path) {
    pellucid_result *result = NULL;
    if (pellucid_scan_path(engine, path, strlen(path), NULL, &result, NULL) != PELLUCID_OK) return 0;
    uint32_t verdict = pellucid_result_verdict(result);
    int whole = pellucid_result_completeness(result) == PELLUCID_COMPLETE;
    pellucid_result_free(result);
    return whole || verdict > PELLUCID_VERDICT_TRUSTED ? (int)verdict : 0;
}

int main(int argc, char **argv) {
    pellucid_set *set = NULL;
    pellucid_engine *engine = NULL;
    if (argc < 2) return fputs("usage: fork SET FILE...\n", stderr), 2;
    if (pellucid_survive_shrinking_maps(NULL) != PELLUCID_OK) return 2;
    if (pellucid_set_open_path(argv[1], strlen(argv[1]), NULL, &set, NULL) != PELLUCID_OK) return 2;
    if (pellucid_engine_new(&set, 1, NULL, &engine, NULL) != PELLUCID_OK) return 2;
    pellucid_set_free(set);
    int worst = 0;
    for (int i = 2; i < argc; i++) {
        pid_t child = fork();
        if (child == 0) _exit(scan(engine, argv[i]));
        int how = 0;
        if (child == -1 || waitpid(child, &how, 0) != child) return 2;
        int verdict = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
        printf("%s: %s\n", argv[i], verdict ? pellucid_verdict_name((uint32_t)verdict) : "not wholly looked at");
        if (verdict > PELLUCID_VERDICT_TRUSTED) worst = 1;
        if (verdict == 0 && worst == 0) worst = 2;
    }
    pellucid_engine_free(engine);
    return worst;
}

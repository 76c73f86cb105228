/* scan FILE...: scans files with the built-in set; 1 when something was found, 2 when something could
 * not be looked at in full.
 *
 * cc scan.c -lpellucid -o scan */

#include <pellucid.h>
#include <stdio.h>
#include <string.h>

static int failed(pellucid_error *error) {
    pellucid_string message = pellucid_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.length, message.data);
    pellucid_error_free(error);
    return 2;
}

static int report(const char *path, const pellucid_result *result) {
    uint32_t verdict = pellucid_result_verdict(result);
    uint32_t completeness = pellucid_result_completeness(result);
    printf("%s: %s, %s\n", path, pellucid_verdict_name(verdict),
           pellucid_completeness_name(completeness));
    for (size_t i = 0; i < pellucid_result_finding_count(result); i++) {
        pellucid_finding finding = {.struct_size = sizeof finding};
        if (pellucid_result_finding(result, i, &finding) == PELLUCID_OK) {
            printf("  %.*s\n", (int)finding.name.length, finding.name.data);
        }
    }
    for (size_t i = 0; i < pellucid_result_reason_count(result); i++) {
        pellucid_reason reason = {.struct_size = sizeof reason};
        if (pellucid_result_reason(result, i, &reason) == PELLUCID_OK) {
            printf("  not looked at: %.*s\n", (int)reason.name.length, reason.name.data);
        }
    }
    return verdict >= PELLUCID_VERDICT_PUA ? 1 : completeness != PELLUCID_COMPLETE ? 2 : 0;
}

int main(int argc, char **argv) {
    pellucid_error *error = NULL;
    pellucid_set *set = NULL;
    pellucid_engine *engine = NULL;
    if (pellucid_set_open_builtin(&set, &error) != PELLUCID_OK) return failed(error);
    int32_t status = pellucid_engine_new(&set, 1, NULL, &engine, &error);
    pellucid_set_free(set);
    if (status != PELLUCID_OK) return failed(error);
    int worst = 0;
    for (int i = 1; i < argc; i++) {
        pellucid_result *result = NULL;
        status = pellucid_scan_path(engine, argv[i], strlen(argv[i]), NULL, &result, &error);
        int code = status == PELLUCID_OK ? report(argv[i], result) : failed(error);
        pellucid_result_free(result);
        worst = worst == 1 || code == 1 ? 1 : code > worst ? code : worst;
    }
    pellucid_engine_free(engine);
    return worst;
}

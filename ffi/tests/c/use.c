/* use SET CLEAN MARKED ARCHIVE: what a host does. The set finds one mark; MARKED has it at byte 7, and
 * ARCHIVE is MARKED in gzip. */

#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static pellucid_result *scan(const pellucid_engine *engine, const char *path) {
    pellucid_result *result = NULL;
    pellucid_error *error = NULL;
    CHECK(pellucid_scan_path(engine, path, strlen(path), NULL, &result, &error) == PELLUCID_OK);
    CHECK(error == NULL);
    return result;
}

static void expect_clean(const pellucid_result *result) {
    CHECK(pellucid_result_verdict(result) == PELLUCID_VERDICT_CLEAN);
    CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
    CHECK(pellucid_result_finding_count(result) == 0);
    CHECK(pellucid_result_reason_count(result) == 0);
}

static pellucid_finding expect_one_finding(const pellucid_result *result) {
    pellucid_finding finding = {.struct_size = sizeof finding};
    CHECK(pellucid_result_verdict(result) == PELLUCID_VERDICT_MALICIOUS);
    CHECK(pellucid_result_finding_count(result) == 1);
    CHECK(pellucid_result_finding(result, 0, &finding) == PELLUCID_OK);
    CHECK(is(finding.name, "Test.Mark"));
    CHECK(finding.verdict == PELLUCID_VERDICT_MALICIOUS);
    CHECK(finding.method == PELLUCID_METHOD_PATTERN);
    CHECK(finding.offset == 7);
    CHECK(finding.severity <= 100);
    return finding;
}

static void a_set_says_what_it_is(const char *path) {
    pellucid_set *set = open_set(path);
    pellucid_set_info info = {.struct_size = sizeof info};
    CHECK(pellucid_set_about(set, &info) == PELLUCID_OK);
    CHECK(is(info.name, "ffi-tests/marks@7"));
    CHECK(is(info.origin, "ffi-tests"));
    CHECK(is(info.channel, "marks"));
    CHECK(is(info.licence, "CC0-1.0"));
    CHECK(info.version == 7);
    CHECK(info.is_signed == 0);
    CHECK(info.patterns == 1);
    CHECK(info.file_bytes > 0);
    pellucid_set_free(set);
}

static void a_set_opens_from_memory(const char *path) {
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    pellucid_set *set = NULL;
    CHECK(pellucid_set_open_memory(bytes, length, NULL, &set, NULL) == PELLUCID_OK);
    pellucid_set_free(set);

    bytes[length - 1] ^= 1;
    pellucid_error *error = NULL;
    CHECK(pellucid_set_open_memory(bytes, length, NULL, &set, &error) == PELLUCID_SET_DAMAGED);
    CHECK(pellucid_error_code(error) == PELLUCID_SET_DAMAGED);
    CHECK(pellucid_error_message(error).length > 0);
    pellucid_error_free(error);
}

static void files_and_memory_are_scanned(const pellucid_engine *engine, char **paths) {
    pellucid_result *result = scan(engine, paths[2]);
    expect_clean(result);
    CHECK(pellucid_result_object_count(result) == 1);
    pellucid_result_free(result);

    result = scan(engine, paths[3]);
    pellucid_finding finding = expect_one_finding(result);
    CHECK(finding.object == 0);
    CHECK(is(finding.set, "ffi-tests/marks@7"));
    CHECK(pellucid_result_set_count(result) == 1);
    pellucid_used_set set = {.struct_size = sizeof set};
    CHECK(pellucid_result_set(result, 0, &set) == PELLUCID_OK);
    CHECK(is(set.name, "ffi-tests/marks@7"));
    CHECK(set.is_signed == 0);
    pellucid_result_free(result);

    CHECK(pellucid_scan_memory(engine, "harmless", 8, NULL, &result, NULL) == PELLUCID_OK);
    expect_clean(result);
    CHECK(pellucid_result_bytes(result) == 8);
    pellucid_result_free(result);

    CHECK(pellucid_scan_memory(engine, NULL, 0, NULL, &result, NULL) == PELLUCID_OK);
    expect_clean(result);
    pellucid_result_free(result);
}

/* Whether this process holds a lock on the file; only another process can ask. */
static int is_locked(int fd) {
    int answer[2];
    CHECK(pipe(answer) == 0);
    pid_t child = fork();
    CHECK(child != -1);
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        char locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
        _exit(write(answer[1], &locked, 1) != 1);
    }
    char locked = 0;
    CHECK(read(answer[0], &locked, 1) == 1);
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(close(answer[0]) == 0 && close(answer[1]) == 0);
    return locked;
}

static void a_descriptor_is_left_as_it_was(const pellucid_engine *engine, const char *path) {
    int fd = open(path, O_RDWR);
    CHECK(lseek(fd, 3, SEEK_SET) == 3);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    CHECK(is_locked(fd));
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_fd(engine, fd, NULL, &result, NULL) == PELLUCID_OK);
    expect_one_finding(result);
    pellucid_result_free(result);
    CHECK(lseek(fd, 0, SEEK_CUR) == 3);
    CHECK(is_locked(fd));
    CHECK(close(fd) == 0);
}

static void objects_form_a_tree(const pellucid_engine *engine, const char *archive) {
    pellucid_result *result = scan(engine, archive);
    pellucid_finding finding = expect_one_finding(result);
    CHECK(finding.object == 1);
    CHECK(pellucid_result_object_count(result) == 2);

    pellucid_object object = {.struct_size = sizeof object};
    CHECK(pellucid_result_object(result, finding.object, &object) == PELLUCID_OK);
    CHECK(is(object.name, "marked.bin"));
    CHECK(object.parent == 0);
    CHECK(object.bytes > 7);
    CHECK(object.completeness == PELLUCID_COMPLETE);

    CHECK(pellucid_result_object(result, object.parent, &object) == PELLUCID_OK);
    CHECK(object.name.length == 0);
    CHECK(object.parent == 0);
    int is_gzip = 0;
    for (size_t i = 0; i < object.types; i++) {
        pellucid_string name;
        CHECK(pellucid_result_object_type(result, 0, i, &name) == PELLUCID_OK);
        is_gzip |= is(name, "gzip");
    }
    CHECK(is_gzip);
    pellucid_result_free(result);
}

static void what_was_not_looked_at_is_named(const pellucid_engine *engine, const char *archive) {
    pellucid_scan_options options;
    CHECK(pellucid_scan_options_init(&options, sizeof options) == PELLUCID_OK);
    CHECK(options.max_depth > 0 && options.max_time_ms > 0);
    options.flags = PELLUCID_SCAN_DO_NOT_UNPACK;
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_path(engine, archive, strlen(archive), &options, &result, NULL) == PELLUCID_OK);
    CHECK(pellucid_result_completeness(result) == PELLUCID_PARTIAL);
    CHECK(pellucid_result_reason_count(result) > 0);
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == PELLUCID_REASON_LIMIT_DEPTH);
    CHECK(is(reason.name, "limit:depth"));
    CHECK(reason.object < pellucid_result_object_count(result));
    pellucid_result_free(result);
}

static void a_missing_file_is_a_result(const pellucid_engine *engine) {
    pellucid_result *result = scan(engine, "/nonexistent/file");
    CHECK(pellucid_result_completeness(result) == PELLUCID_NOT_SCANNED);
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == PELLUCID_REASON_UNREADABLE);
    pellucid_result_free(result);
}

static void a_cancelled_scan_says_so(const pellucid_engine *engine, const char *path) {
    pellucid_cancel *cancel = NULL;
    CHECK(pellucid_cancel_new(&cancel) == PELLUCID_OK);
    CHECK(pellucid_cancel_request(cancel) == PELLUCID_OK);
    pellucid_scan_options options = {.struct_size = sizeof options, .cancel = cancel};
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_path(engine, path, strlen(path), &options, &result, NULL) == PELLUCID_OK);
    pellucid_cancel_free(cancel);
    CHECK(pellucid_result_completeness(result) != PELLUCID_COMPLETE);
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == PELLUCID_REASON_CANCELLED);
    pellucid_result_free(result);
}

static void handles_outlive_what_they_came_from(char **paths) {
    pellucid_set *set = open_set(paths[1]);
    CHECK(pellucid_set_retain(set) == set);
    pellucid_set_free(set);
    pellucid_set *stack[] = {set, set};
    pellucid_engine *engine = NULL;
    CHECK(pellucid_engine_new(stack, 2, NULL, &engine, NULL) == PELLUCID_OK);
    pellucid_set_free(set);

    pellucid_engine *again = pellucid_engine_retain(engine);
    CHECK(again == engine);
    pellucid_engine_free(engine);
    pellucid_result *result = scan(again, paths[3]);
    pellucid_engine_free(again);
    pellucid_finding finding = {.struct_size = sizeof finding};
    CHECK(pellucid_result_finding(result, 0, &finding) == PELLUCID_OK);
    CHECK(is(finding.name, "Test.Mark"));
    pellucid_result_free(result);
}

int main(int argc, char **argv) {
    CHECK(argc == 5);
    CHECK(strlen(pellucid_version()) > 0);
    a_set_says_what_it_is(argv[1]);
    a_set_opens_from_memory(argv[1]);
    handles_outlive_what_they_came_from(argv);
    CHECK(pellucid_survive_shrinking_maps(NULL) == PELLUCID_OK);
    pellucid_engine *engine = open_engine(argv[1]);
    files_and_memory_are_scanned(engine, argv);
    a_descriptor_is_left_as_it_was(engine, argv[3]);
    objects_form_a_tree(engine, argv[4]);
    what_was_not_looked_at_is_named(engine, argv[4]);
    a_missing_file_is_a_result(engine);
    a_cancelled_scan_says_so(engine, argv[3]);
    pellucid_engine_free(engine);
    puts("passed");
    return 0;
}

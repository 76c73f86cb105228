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

static void a_set_opens_from_a_descriptor(const char *path) {
    int fd = open(path, O_RDONLY);
    CHECK(lseek(fd, 3, SEEK_SET) == 3);
    pellucid_set *set = NULL;
    CHECK(pellucid_set_open_fd(fd, NULL, &set, NULL) == PELLUCID_OK);
    CHECK(lseek(fd, 0, SEEK_CUR) == 3);
    CHECK(close(fd) == 0);
    pellucid_set_info info = {.struct_size = sizeof info};
    CHECK(pellucid_set_about(set, &info) == PELLUCID_OK);
    CHECK(info.version == 7);
    pellucid_set_free(set);
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

static void streams_are_scanned_when_finished(const pellucid_engine *engine) {
    pellucid_stream *stream = NULL;
    pellucid_result *result = NULL;
    CHECK(pellucid_stream_new(engine, NULL, &stream, NULL) == PELLUCID_OK);
    const char *pieces[] = {"before ", "pellucid-ffi ", "test ", "", "mark"};
    for (size_t i = 0; i < 5; i++) {
        CHECK(pellucid_stream_write(stream, pieces[i], strlen(pieces[i]), NULL) == PELLUCID_OK);
    }
    CHECK(pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK);
    expect_one_finding(result);
    pellucid_result_free(result);
    pellucid_stream_free(stream);

    pellucid_scan_options options = {.struct_size = sizeof options, .max_memory_bytes = 100};
    CHECK(pellucid_stream_new(engine, &options, &stream, NULL) == PELLUCID_OK);
    char much[80] = {0};
    CHECK(pellucid_stream_write(stream, much, sizeof much, NULL) == PELLUCID_OK);
    CHECK(pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK);
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == PELLUCID_REASON_LIMIT_MEMORY);
    pellucid_result_free(result);
    pellucid_stream_free(stream);

    CHECK(pellucid_stream_new(engine, NULL, &stream, NULL) == PELLUCID_OK);
    CHECK(pellucid_stream_write(stream, "left alone", 10, NULL) == PELLUCID_OK);
    pellucid_stream_free(stream);
}

/* What the reader of the test gives: `size` bytes that end with the mark. */
struct content {
    uint64_t size;
    int64_t lie;
    uint64_t fails_at;
};

static int64_t read_content(void *user, uint64_t offset, void *buffer, size_t length) {
    static const char mark[] = "pellucid-ffi test mark";
    const struct content *content = user;
    if (offset >= content->fails_at) return -5;
    if (content->lie != 0) return content->lie;
    size_t count = 0;
    for (; count < length && offset + count < content->size; count++) {
        uint64_t back = content->size - (offset + count);
        ((char *)buffer)[count] = back < sizeof mark ? mark[sizeof mark - 1 - back] : 'x';
    }
    return (int64_t)count;
}

static pellucid_result *scan_content(const pellucid_engine *engine, struct content *content, uint64_t size) {
    pellucid_reader reader = {
        .struct_size = sizeof reader, .user = content, .size = size, .read_at = read_content};
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_reader(engine, &reader, NULL, &result, NULL) == PELLUCID_OK);
    return result;
}

static void expect_reason(pellucid_result *result, uint32_t code) {
    pellucid_reason reason = {.struct_size = sizeof reason};
    CHECK(pellucid_result_completeness(result) != PELLUCID_COMPLETE);
    CHECK(pellucid_result_reason(result, 0, &reason) == PELLUCID_OK);
    CHECK(reason.code == code);
    pellucid_result_free(result);
}

static void a_host_reads_for_us(const pellucid_engine *engine) {
    struct content content = {.size = 100000, .fails_at = UINT64_MAX};
    pellucid_result *result = scan_content(engine, &content, content.size);
    CHECK(pellucid_result_finding_count(result) == 1);
    CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
    CHECK(pellucid_result_bytes(result) == 100000);
    pellucid_result_free(result);
    result = scan_content(engine, &content, PELLUCID_SIZE_UNKNOWN);
    CHECK(pellucid_result_bytes(result) == 100000);
    pellucid_result_free(result);
    result = scan_content(engine, &content, 1000);
    CHECK(pellucid_result_bytes(result) == 1000);
    pellucid_result_free(result);
    expect_reason(scan_content(engine, &content, 100001), PELLUCID_REASON_TRUNCATED);
    content.fails_at = 50000;
    expect_reason(scan_content(engine, &content, 100000), PELLUCID_REASON_UNREADABLE);
    content.fails_at = UINT64_MAX;
    int64_t lies[] = {INT64_MAX, INT64_MIN, 1 << 30, -1};
    for (size_t i = 0; i < 4; i++) {
        content.lie = lies[i];
        expect_reason(scan_content(engine, &content, 100000), PELLUCID_REASON_UNREADABLE);
    }
}

static void a_part_of_a_file_is_scanned(const pellucid_engine *engine, const char *path) {
    int fd = open(path, O_RDONLY);
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_fd_part(engine, fd, 7, 22, NULL, &result, NULL) == PELLUCID_OK);
    pellucid_finding finding = {.struct_size = sizeof finding};
    CHECK(pellucid_result_finding(result, 0, &finding) == PELLUCID_OK);
    CHECK(finding.offset == 0);
    CHECK(pellucid_result_bytes(result) == 22);
    pellucid_result_free(result);
    CHECK(pellucid_scan_fd_part(engine, fd, 8, 21, NULL, &result, NULL) == PELLUCID_OK);
    expect_clean(result);
    pellucid_result_free(result);
    CHECK(pellucid_scan_fd_part(engine, fd, 8, UINT64_MAX - 1, NULL, &result, NULL) == PELLUCID_OK);
    expect_reason(result, PELLUCID_REASON_TRUNCATED);
    CHECK(close(fd) == 0);
}

/* What the callbacks of the test answer, and what they were told. */
struct diary {
    int32_t answer_to_objects, answer_to_findings;
    int objects, findings, lines;
    char names[64];
};

static int32_t on_object(void *user, const pellucid_entered_object *object) {
    struct diary *diary = user;
    CHECK(object->struct_size == sizeof *object);
    CHECK(object->type_count > 0 && object->types[0].length > 0);
    CHECK(object->depth == 0 ? object->index == 0 : object->parent < object->index);
    diary->objects++;
    strncat(diary->names, object->name.data, object->name.length);
    return object->depth == 0 ? PELLUCID_CONTINUE : diary->answer_to_objects;
}

static int32_t on_finding(void *user, const pellucid_finding *finding) {
    struct diary *diary = user;
    CHECK(is(finding->name, "Test.Mark"));
    diary->findings++;
    return diary->answer_to_findings;
}

static void on_log(void *user, const char *line, size_t length) {
    struct diary *diary = user;
    CHECK(length > 0 && line[0] == 'o');
    diary->lines++;
}

static struct diary watch(const pellucid_engine *engine, const char *path, int32_t object,
                          int32_t finding, uint32_t reason) {
    struct diary diary = {.answer_to_objects = object, .answer_to_findings = finding};
    pellucid_callbacks callbacks = {.struct_size = sizeof callbacks,
                                    .user = &diary,
                                    .on_object = on_object,
                                    .on_finding = on_finding,
                                    .on_log = on_log};
    pellucid_scan_options options = {.struct_size = sizeof options, .callbacks = &callbacks};
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_path(engine, path, strlen(path), &options, &result, NULL) == PELLUCID_OK);
    if (reason == 0) {
        CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
        pellucid_result_free(result);
    } else {
        expect_reason(result, reason);
    }
    return diary;
}

static void callbacks_watch_skip_and_stop(const pellucid_engine *engine, const char *archive) {
    struct diary diary = watch(engine, archive, PELLUCID_CONTINUE, PELLUCID_CONTINUE, 0);
    CHECK(diary.objects == 2 && diary.findings == 1 && diary.lines == 0);
    CHECK(strcmp(diary.names, "marked.bin") == 0);
    diary = watch(engine, archive, PELLUCID_SKIP, PELLUCID_CONTINUE, PELLUCID_REASON_SKIPPED);
    CHECK(diary.objects == 2 && diary.findings == 0 && diary.lines == 1);
    diary = watch(engine, archive, PELLUCID_STOP, PELLUCID_CONTINUE, PELLUCID_REASON_CANCELLED);
    CHECK(diary.findings == 0 && diary.lines > 0);
    watch(engine, archive, -7, PELLUCID_CONTINUE, PELLUCID_REASON_CANCELLED);
    diary = watch(engine, archive, PELLUCID_CONTINUE, PELLUCID_STOP, PELLUCID_REASON_CANCELLED);
    CHECK(diary.findings == 1);
}

/* An ar archive of marked entries and clean ones, none like another. */
static size_t write_archive(char *buffer, size_t size, int entries) {
    size_t length = (size_t)snprintf(buffer, size, "!<arch>\n");
    for (int i = 0; i < entries; i++) {
        char content[64];
        const char *text = i % 3 == 0 ? "pellucid-ffi test mark" : "nothing to see here :)";
        int bytes = snprintf(content, sizeof content, "%06d %s\n", i, text);
        CHECK(bytes == 30 && length + 90 < size);
        length += (size_t)snprintf(buffer + length, size - length, "%-16d%-12d%-6d%-6d%-8o%-10d`\n%s",
                                   i, 0, 0, 0, 0644u, bytes, content);
    }
    return length;
}

static void more_threads_find_the_same(const pellucid_engine *engine) {
    static char archive[100000];
    size_t length = write_archive(archive, sizeof archive, 900);
    uint64_t threads[] = {0, 1, 4, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        pellucid_scan_options options = {.struct_size = sizeof options, .threads = threads[i]};
        pellucid_result *result = NULL;
        CHECK(pellucid_scan_memory(engine, archive, length, &options, &result, NULL) == PELLUCID_OK);
        CHECK(pellucid_result_completeness(result) == PELLUCID_COMPLETE);
        CHECK(pellucid_result_object_count(result) == 901);
        /* One in each marked entry, after the one in the archive's own bytes. */
        CHECK(pellucid_result_finding_count(result) == 301);
        for (size_t j = 0; j < 300; j++) {
            pellucid_finding finding = {.struct_size = sizeof finding};
            CHECK(pellucid_result_finding(result, j + 1, &finding) == PELLUCID_OK);
            CHECK(finding.object == 1 + 3 * j && finding.offset == 7);
        }
        pellucid_result_free(result);
    }
}

static void names_and_metadata_come_back_as_json(const pellucid_engine *engine) {
    pellucid_pair metadata[] = {{"queue", 5, "7A\"\n", 4}};
    pellucid_scan_options options = {.struct_size = sizeof options,
                                     .name = "mail 1",
                                     .name_length = 6,
                                     .metadata = metadata,
                                     .metadata_count = 1};
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_memory(engine, "harmless", 8, &options, &result, NULL) == PELLUCID_OK);
    pellucid_object file = {.struct_size = sizeof file};
    CHECK(pellucid_result_object(result, 0, &file) == PELLUCID_OK);
    CHECK(is(file.name, "mail 1"));
    pellucid_string json, again;
    CHECK(pellucid_result_json(result, &json) == PELLUCID_OK);
    CHECK(json.data[0] == '{' && json.data[json.length - 1] == '}');
    CHECK(holds(json, "\"path\":\"mail 1\"") && holds(json, "\"verdict\":\"clean\""));
    CHECK(holds(json, "\"metadata\":{\"queue\":\"7A\\\"\\n\"}"));
    CHECK(pellucid_result_json(result, &again) == PELLUCID_OK);
    CHECK(again.data == json.data);
    pellucid_result_free(result);
}

static void facts_of_programs_are_kept(const pellucid_engine *engine, const char *program) {
    pellucid_scan_options options = {.struct_size = sizeof options, .flags = PELLUCID_SCAN_KEEP_FACTS};
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_path(engine, program, strlen(program), &options, &result, NULL) == PELLUCID_OK);
    pellucid_program facts = {.struct_size = sizeof facts};
    CHECK(pellucid_result_program(result, 0, &facts) == PELLUCID_OK);
    CHECK(facts.format == PELLUCID_PROGRAM_ELF && facts.sections > 5 && facts.imports > 5);
    CHECK(facts.machine_name.length > 0 && facts.entry_point != PELLUCID_NO_OFFSET);
    int has_text = 0;
    for (size_t i = 0; i < facts.sections; i++) {
        pellucid_section section = {.struct_size = sizeof section};
        CHECK(pellucid_result_section(result, 0, i, &section) == PELLUCID_OK);
        has_text |= is(section.name, ".text") && section.has_digests && section.bytes > 0;
    }
    CHECK(has_text);
    pellucid_import import = {.struct_size = sizeof import};
    CHECK(pellucid_result_import(result, 0, 0, &import) == PELLUCID_OK);
    CHECK(import.name.length > 0);
    CHECK(pellucid_result_import(result, 0, facts.imports, &import) == PELLUCID_OUT_OF_RANGE);
    pellucid_string json;
    CHECK(pellucid_result_facts_json(result, 0, &json) == PELLUCID_OK);
    CHECK(holds(json, "\"sections\""));
    pellucid_text_free(json);
    pellucid_result_free(result);

    result = scan(engine, program);
    CHECK(pellucid_result_program(result, 0, &facts) == PELLUCID_ABSENT);
    pellucid_result_free(result);
}

static void sets_are_swapped_and_streams_keep_theirs(const char *path) {
    pellucid_engine *engine = open_engine(path);
    pellucid_stream *stream = NULL;
    CHECK(pellucid_stream_new(engine, NULL, &stream, NULL) == PELLUCID_OK);
    CHECK(pellucid_stream_write(stream, "before pellucid-ffi test mark", 29, NULL) == PELLUCID_OK);
    pellucid_set *set = open_set(path);
    pellucid_set *twice[] = {set, set};
    CHECK(pellucid_engine_swap(engine, twice, 2, NULL) == PELLUCID_OK);
    CHECK(pellucid_engine_swap(engine, twice, 0, NULL) == PELLUCID_ENGINE);
    pellucid_set_free(set);
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_memory(engine, "x", 1, NULL, &result, NULL) == PELLUCID_OK);
    CHECK(pellucid_result_set_count(result) == 2);
    pellucid_result_free(result);
    pellucid_engine_free(engine);
    CHECK(pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK);
    expect_one_finding(result);
    CHECK(pellucid_result_set_count(result) == 1);
    pellucid_result_free(result);
    pellucid_stream_free(stream);
}

int main(int argc, char **argv) {
    CHECK(argc == 5);
    CHECK(strlen(pellucid_version()) > 0);
    a_set_says_what_it_is(argv[1]);
    a_set_opens_from_memory(argv[1]);
    a_set_opens_from_a_descriptor(argv[1]);
    handles_outlive_what_they_came_from(argv);
    CHECK(pellucid_survive_shrinking_maps(NULL) == PELLUCID_OK);
    a_set_opens_from_a_descriptor(argv[1]); /* mapped, this time */
    pellucid_engine *engine = open_engine(argv[1]);
    files_and_memory_are_scanned(engine, argv);
    a_descriptor_is_left_as_it_was(engine, argv[3]);
    objects_form_a_tree(engine, argv[4]);
    what_was_not_looked_at_is_named(engine, argv[4]);
    a_missing_file_is_a_result(engine);
    a_cancelled_scan_says_so(engine, argv[3]);
    streams_are_scanned_when_finished(engine);
    a_host_reads_for_us(engine);
    a_part_of_a_file_is_scanned(engine, argv[3]);
    callbacks_watch_skip_and_stop(engine, argv[4]);
    more_threads_find_the_same(engine);
    names_and_metadata_come_back_as_json(engine);
    facts_of_programs_are_kept(engine, argv[0]);
    sets_are_swapped_and_streams_keep_theirs(argv[1]);
    pellucid_engine_free(engine);
    puts("passed");
    return 0;
}

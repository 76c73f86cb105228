/* misuse SET: what a host does by mistake. Each is noticed, changes nothing, and ends nothing. */

#include <stdint.h>

#include "check.h"

/* A pointer that no call may touch. */
#define UNTOUCHED(type) ((type *)(uintptr_t)0x5A5A)

#define INVALID PELLUCID_INVALID_ARGUMENT

static void null_is_nothing_to_free(void) {
    pellucid_set_free(NULL);
    pellucid_engine_free(NULL);
    pellucid_cancel_free(NULL);
    pellucid_result_free(NULL);
    pellucid_error_free(NULL);
    pellucid_stream_free(NULL);
    pellucid_string nothing = {NULL, 5};
    pellucid_text_free(nothing);
    CHECK(pellucid_set_retain(NULL) == NULL);
    CHECK(pellucid_engine_retain(NULL) == NULL);
}

static void null_says_nothing(void) {
    CHECK(pellucid_error_code(NULL) == PELLUCID_OK);
    CHECK(is(pellucid_error_message(NULL), ""));
    /* Above all it is neither clean nor complete. */
    CHECK(pellucid_result_verdict(NULL) == 0);
    CHECK(pellucid_result_completeness(NULL) == 0);
    CHECK(pellucid_result_bytes(NULL) == 0);
    CHECK(pellucid_result_elapsed_us(NULL) == 0);
    CHECK(pellucid_result_finding_count(NULL) == 0);
    CHECK(pellucid_result_reason_count(NULL) == 0);
    CHECK(pellucid_result_object_count(NULL) == 0);
    CHECK(pellucid_result_set_count(NULL) == 0);
}

static void null_where_something_is_needed(pellucid_set *set, const pellucid_engine *engine) {
    pellucid_set *set_out = UNTOUCHED(pellucid_set);
    pellucid_engine *engine_out = UNTOUCHED(pellucid_engine);
    pellucid_result *result = UNTOUCHED(pellucid_result);
    pellucid_set *none[] = {set, NULL};

    CHECK(pellucid_set_open_builtin(NULL, NULL) == INVALID);
    CHECK(pellucid_set_open_path(NULL, 3, NULL, &set_out, NULL) == INVALID);
    CHECK(pellucid_set_open_path("x", 1, NULL, NULL, NULL) == INVALID);
    CHECK(pellucid_set_open_memory(NULL, 3, NULL, &set_out, NULL) == INVALID);
    CHECK(pellucid_set_open_memory("x", 1, NULL, NULL, NULL) == INVALID);
    CHECK(pellucid_engine_new(NULL, 1, NULL, &engine_out, NULL) == INVALID);
    CHECK(pellucid_engine_new(none, 2, NULL, &engine_out, NULL) == INVALID);
    CHECK(pellucid_engine_new(none, 1, NULL, NULL, NULL) == INVALID);
    CHECK(pellucid_engine_options_init(NULL, sizeof(pellucid_engine_options)) == INVALID);
    CHECK(pellucid_scan_options_init(NULL, sizeof(pellucid_scan_options)) == INVALID);
    CHECK(pellucid_scan_path(NULL, "x", 1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_path(engine, NULL, 1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_path(engine, "x", 1, NULL, NULL, NULL) == INVALID);
    CHECK(pellucid_scan_fd(NULL, 0, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_memory(NULL, "x", 1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_memory(engine, NULL, 1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_memory(engine, "x", 1, NULL, NULL, NULL) == INVALID);
    CHECK(pellucid_cancel_new(NULL) == INVALID);
    CHECK(pellucid_cancel_request(NULL) == INVALID);

    CHECK(set_out == UNTOUCHED(pellucid_set));
    CHECK(engine_out == UNTOUCHED(pellucid_engine));
    CHECK(result == UNTOUCHED(pellucid_result));
}

static void arguments_that_cannot_be(const pellucid_engine *engine) {
    pellucid_engine *engine_out = UNTOUCHED(pellucid_engine);
    pellucid_result *result = UNTOUCHED(pellucid_result);
    pellucid_set *set = UNTOUCHED(pellucid_set);
    CHECK(pellucid_engine_new(NULL, 0, NULL, &engine_out, NULL) == PELLUCID_ENGINE);
    CHECK(pellucid_engine_new(&set, SIZE_MAX, NULL, &engine_out, NULL) == INVALID);
    CHECK(pellucid_scan_path(engine, "", 0, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_path(engine, "a\0b", 3, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_fd(engine, -1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_fd(engine, 99999, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_memory(engine, "x", SIZE_MAX, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_set_open_memory("x", SIZE_MAX, NULL, &set, NULL) == INVALID);
    CHECK(engine_out == UNTOUCHED(pellucid_engine));
    CHECK(result == UNTOUCHED(pellucid_result));
    CHECK(set == UNTOUCHED(pellucid_set));
}

static void files_that_are_no_sets(void) {
    pellucid_set *set = UNTOUCHED(pellucid_set);
    pellucid_error *error = NULL;
    CHECK(pellucid_set_open_path("/nonexistent", 12, NULL, &set, &error) == PELLUCID_SET_UNREADABLE);
    CHECK(pellucid_error_code(error) == PELLUCID_SET_UNREADABLE);
    CHECK(holds(pellucid_error_message(error), "/nonexistent"));
    pellucid_error_free(error);
    char page[4096] = "something else";
    CHECK(pellucid_set_open_memory(page, sizeof page, NULL, &set, NULL) == PELLUCID_SET_FOREIGN);
    CHECK(pellucid_set_open_memory(NULL, 0, NULL, &set, NULL) >= PELLUCID_SET_FOREIGN);
    CHECK(set == UNTOUCHED(pellucid_set));
}

static int32_t scan_with(const pellucid_engine *engine, const void *options) {
    pellucid_result *result = NULL;
    int32_t status = pellucid_scan_memory(engine, "x", 1, options, &result, NULL);
    CHECK((status == PELLUCID_OK) == (result != NULL));
    pellucid_result_free(result);
    return status;
}

/* A caller that was compiled with a later header. */
typedef struct {
    pellucid_scan_options known;
    uint64_t later;
} later_options;

static void options_of_every_age(const pellucid_engine *engine) {
    later_options options;
    memset(&options, 0, sizeof options);
    options.known.struct_size = sizeof options;
    CHECK(scan_with(engine, &options) == PELLUCID_OK);
    options.later = 1;
    CHECK(scan_with(engine, &options) == PELLUCID_UNSUPPORTED);

    options.known.struct_size = offsetof(pellucid_scan_options, max_depth);
    CHECK(scan_with(engine, &options) == PELLUCID_OK);

    const size_t wrong[] = {0, 1, sizeof(size_t) - 1, sizeof options.known - 1, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.known.struct_size = wrong[i];
        CHECK(scan_with(engine, &options) == INVALID);
        CHECK(pellucid_scan_options_init(&options.known, wrong[i]) == INVALID);
    }

    options.known.struct_size = sizeof options.known;
    options.known.flags = (uint64_t)1 << 63;
    CHECK(scan_with(engine, &options) == PELLUCID_UNSUPPORTED);

    /* Any bytes are options: all limits at their largest, an unknown flag and arrays that cannot be
     * among them. */
    memset(&options, 0xFF, sizeof options);
    options.known.struct_size = sizeof options.known;
    CHECK(scan_with(engine, &options) == PELLUCID_UNSUPPORTED);
    options.known.flags = 0;
    options.known.cancel = NULL;
    options.known.callbacks = NULL;
    CHECK(scan_with(engine, &options) == INVALID);
    options.known.passwords = NULL;
    CHECK(scan_with(engine, &options) == INVALID);
    options.known.password_count = 0;
    options.known.name = NULL;
    CHECK(scan_with(engine, &options) == INVALID);
    options.known.name_length = 0;
    options.known.metadata = NULL;
    CHECK(scan_with(engine, &options) == INVALID);
    options.known.metadata_count = 0;
    CHECK(scan_with(engine, &options) == PELLUCID_OK);

    const pellucid_password passwords[] = {{"secret", 6}, {NULL, 0}, {NULL, 1}};
    options.known.passwords = passwords;
    options.known.password_count = 2;
    CHECK(scan_with(engine, &options) == PELLUCID_OK);
    options.known.password_count = 3;
    CHECK(scan_with(engine, &options) == INVALID);

    CHECK(pellucid_scan_options_init(&options.known, sizeof options) == PELLUCID_OK);
    CHECK(options.known.struct_size == sizeof options);
    CHECK(options.later == 0);
}

static void set_and_engine_options(const char *path, pellucid_set *set) {
    pellucid_set *set_out = UNTOUCHED(pellucid_set);
    pellucid_set_options for_set = {.struct_size = sizeof for_set, .flags = 2};
    CHECK(pellucid_set_open_path(path, strlen(path), &for_set, &set_out, NULL) == PELLUCID_UNSUPPORTED);
    for_set.struct_size = 3;
    CHECK(pellucid_set_open_path(path, strlen(path), &for_set, &set_out, NULL) == INVALID);
    CHECK(set_out == UNTOUCHED(pellucid_set));

    pellucid_engine *engine_out = UNTOUCHED(pellucid_engine);
    pellucid_engine_options for_engine;
    CHECK(pellucid_engine_options_init(&for_engine, sizeof for_engine) == PELLUCID_OK);
    for_engine.flags = 1;
    CHECK(pellucid_engine_new(&set, 1, &for_engine, &engine_out, NULL) == PELLUCID_UNSUPPORTED);
    for_engine.struct_size = 3;
    CHECK(pellucid_engine_new(&set, 1, &for_engine, &engine_out, NULL) == INVALID);
    CHECK(engine_out == UNTOUCHED(pellucid_engine));
}

static void results_are_asked_for_what_they_lack(const pellucid_engine *engine) {
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_memory(engine, "x", 1, NULL, &result, NULL) == PELLUCID_OK);

    pellucid_finding finding = {.struct_size = sizeof finding, .offset = 77};
    CHECK(pellucid_result_finding(result, 0, &finding) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_finding(NULL, 0, &finding) == INVALID);
    CHECK(finding.offset == 77);
    pellucid_reason reason = {.struct_size = sizeof reason, .code = 77};
    CHECK(pellucid_result_reason(result, SIZE_MAX, &reason) == PELLUCID_OUT_OF_RANGE);
    CHECK(reason.code == 77);
    pellucid_used_set set = {.struct_size = sizeof set, .is_signed = 77};
    CHECK(pellucid_result_set(result, 1, &set) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_set(result, 0, NULL) == INVALID);
    CHECK(set.is_signed == 77);

    pellucid_object object = {.struct_size = 0, .bytes = 77};
    CHECK(pellucid_result_object(result, 0, &object) == INVALID);
    CHECK(pellucid_result_object(result, 0, NULL) == INVALID);
    CHECK(object.bytes == 77);
    object.struct_size = offsetof(pellucid_object, bytes);
    CHECK(pellucid_result_object(result, 0, &object) == PELLUCID_OK);
    CHECK(object.bytes == 77);

    pellucid_string text = {UNTOUCHED(const char), 77};
    CHECK(pellucid_result_object_type(result, 1, 0, &text) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_object_type(result, 0, 1000, &text) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_object_type(result, 0, 0, NULL) == INVALID);
    CHECK(pellucid_result_object_anomaly(result, 0, 1000, &text) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_object_anomaly(result, 1, 0, &text) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_object_anomaly(NULL, 0, 0, &text) == INVALID);
    CHECK(text.length == 77);
    pellucid_result_free(result);
}

static void sets_are_asked_too_little(pellucid_set *set) {
    pellucid_set_info info = {.struct_size = sizeof info, .version = 77};
    CHECK(pellucid_set_about(NULL, &info) == INVALID);
    CHECK(pellucid_set_about(set, NULL) == INVALID);
    info.struct_size = sizeof info + 100000;
    CHECK(pellucid_set_about(set, &info) == INVALID);
    CHECK(info.version == 77);
}

static void streams_are_written_out_of_turn(const pellucid_engine *engine) {
    pellucid_stream *stream = UNTOUCHED(pellucid_stream);
    pellucid_result *result = NULL;
    pellucid_error *error = NULL;
    CHECK(pellucid_stream_new(NULL, NULL, &stream, NULL) == INVALID);
    CHECK(pellucid_stream_new(engine, NULL, NULL, NULL) == INVALID);
    CHECK(stream == UNTOUCHED(pellucid_stream));
    CHECK(pellucid_stream_new(engine, NULL, &stream, NULL) == PELLUCID_OK);
    CHECK(pellucid_stream_write(NULL, "x", 1, NULL) == INVALID);
    CHECK(pellucid_stream_write(stream, NULL, 1, NULL) == INVALID);
    CHECK(pellucid_stream_write(stream, NULL, 0, NULL) == PELLUCID_OK);
    CHECK(pellucid_stream_finish(NULL, &result, NULL) == INVALID);
    CHECK(pellucid_stream_finish(stream, NULL, NULL) == INVALID);
    CHECK(pellucid_stream_finish(stream, &result, NULL) == PELLUCID_OK);
    pellucid_result_free(result);
    result = NULL;
    CHECK(pellucid_stream_finish(stream, &result, &error) == INVALID);
    CHECK(holds(pellucid_error_message(error), "finished"));
    pellucid_error_free(error);
    CHECK(pellucid_stream_write(stream, "x", 1, NULL) == INVALID);
    CHECK(result == NULL);
    pellucid_stream_free(stream);
}

static void readers_without_a_function(const pellucid_engine *engine) {
    pellucid_result *result = NULL;
    pellucid_reader reader = {.struct_size = sizeof reader};
    CHECK(pellucid_scan_reader(engine, NULL, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_reader(engine, &reader, NULL, &result, NULL) == INVALID);
    reader.struct_size = 1;
    CHECK(pellucid_scan_reader(engine, &reader, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_fd_part(engine, -1, 0, 1, NULL, &result, NULL) == INVALID);
    CHECK(pellucid_scan_fd_part(NULL, 0, 0, 1, NULL, &result, NULL) == INVALID);
    CHECK(result == NULL);
}

static void swaps_that_cannot_be(pellucid_engine *engine, pellucid_set *set) {
    pellucid_set *none[] = {set, NULL};
    CHECK(pellucid_engine_swap(NULL, &set, 1, NULL) == INVALID);
    CHECK(pellucid_engine_swap(engine, NULL, 1, NULL) == INVALID);
    CHECK(pellucid_engine_swap(engine, none, 2, NULL) == INVALID);
    CHECK(pellucid_engine_swap(engine, none, 0, NULL) == PELLUCID_ENGINE);
    CHECK(scan_with(engine, NULL) == PELLUCID_OK);
}

static void facts_that_nobody_kept(const pellucid_engine *engine) {
    pellucid_result *result = NULL;
    CHECK(pellucid_scan_memory(engine, "x", 1, NULL, &result, NULL) == PELLUCID_OK);
    pellucid_program program = {.struct_size = sizeof program, .sections = 77};
    pellucid_section section = {.struct_size = sizeof section};
    pellucid_import import = {.struct_size = sizeof import};
    pellucid_string json = {UNTOUCHED(const char), 77};
    CHECK(pellucid_result_program(result, 0, &program) == PELLUCID_ABSENT);
    CHECK(pellucid_result_program(result, 1, &program) == PELLUCID_OUT_OF_RANGE);
    CHECK(pellucid_result_program(NULL, 0, &program) == INVALID);
    CHECK(pellucid_result_section(result, 0, 0, &section) == PELLUCID_ABSENT);
    CHECK(pellucid_result_import(result, 0, 0, &import) == PELLUCID_ABSENT);
    CHECK(pellucid_result_facts_json(result, 0, &json) == PELLUCID_ABSENT);
    CHECK(pellucid_result_facts_json(result, 0, NULL) == INVALID);
    CHECK(pellucid_result_json(NULL, &json) == INVALID);
    CHECK(pellucid_result_json(result, NULL) == INVALID);
    CHECK(program.sections == 77 && json.length == 77);
    pellucid_result_free(result);
}

static void numbers_that_mean_nothing(void) {
    CHECK(strcmp(pellucid_status_name(-1), "") == 0);
    CHECK(strcmp(pellucid_verdict_name(0), "") == 0);
    CHECK(strcmp(pellucid_completeness_name(UINT32_MAX), "") == 0);
    CHECK(strcmp(pellucid_method_name(99), "") == 0);
}

static void one_engine_scans_again_and_again(const pellucid_engine *engine) {
    pellucid_cancel *cancel = NULL;
    CHECK(pellucid_cancel_new(&cancel) == PELLUCID_OK);
    pellucid_scan_options options = {.struct_size = sizeof options, .cancel = cancel};
    for (int i = 0; i < 3; i++) CHECK(scan_with(engine, &options) == PELLUCID_OK);
    for (int i = 0; i < 3; i++) CHECK(pellucid_cancel_request(cancel) == PELLUCID_OK);
    for (int i = 0; i < 3; i++) CHECK(scan_with(engine, &options) == PELLUCID_OK);
    pellucid_cancel_free(cancel);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    pellucid_set *set = open_set(argv[1]);
    pellucid_engine *engine = open_engine(argv[1]);
    null_is_nothing_to_free();
    null_says_nothing();
    null_where_something_is_needed(set, engine);
    arguments_that_cannot_be(engine);
    files_that_are_no_sets();
    options_of_every_age(engine);
    set_and_engine_options(argv[1], set);
    results_are_asked_for_what_they_lack(engine);
    sets_are_asked_too_little(set);
    numbers_that_mean_nothing();
    one_engine_scans_again_and_again(engine);
    streams_are_written_out_of_turn(engine);
    readers_without_a_function(engine);
    swaps_that_cannot_be(engine, set);
    facts_that_nobody_kept(engine);
    pellucid_engine_free(engine);
    pellucid_set_free(set);
    puts("passed");
    return 0;
}

/* What the test programs share: a check that says where it failed, and comparing texts. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pellucid.h>

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                  \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

static inline int is(pellucid_string text, const char *expected) {
    return text.length == strlen(expected) && memcmp(text.data, expected, text.length) == 0;
}

static inline int holds(pellucid_string text, const char *part) {
    size_t length = strlen(part);
    for (size_t at = 0; at + length <= text.length; at++) {
        if (memcmp(text.data + at, part, length) == 0) return 1;
    }
    return 0;
}

/* The set in a file, which has to be a good one. */
static inline pellucid_set *open_set(const char *path) {
    pellucid_set *set = NULL;
    CHECK(pellucid_set_open_path(path, strlen(path), NULL, &set, NULL) == PELLUCID_OK);
    return set;
}

/* An engine with the one set in a file. */
static inline pellucid_engine *open_engine(const char *path) {
    pellucid_set *set = open_set(path);
    pellucid_engine *engine = NULL;
    CHECK(pellucid_engine_new(&set, 1, NULL, &engine, NULL) == PELLUCID_OK);
    pellucid_set_free(set);
    return engine;
}

#endif

/* Searches files for literals with Vectorscan and says what it found and how long it took.
 *
 * usage: vectorscan LITERALS FILES SECONDS
 *
 * LITERALS: for each, its length (32 bits, little-endian) and its bytes. FILES: for each, its length
 * (64 bits) and its bytes. Output: "version V", "prepared SECONDS", "bytes N", then for each file
 * "file SECONDS" (processor time, that of the best round), and for each literal that stands in it, once,
 * "hit LITERAL FILE". */
#include <hs/hs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rounds go on until so many seconds are spent. */
#define ENOUGH 1.0

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static char *read_all(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) exit(2);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    if (!bytes || fread(bytes, 1, *length, file) != *length) exit(2);
    fclose(file);
    return bytes;
}

struct hits { uint32_t *last, *found; uint32_t file, count; };

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context) {
    struct hits *hits = context;
    (void)from, (void)to, (void)flags;
    if (hits->last[id] != hits->file) {
        hits->last[id] = hits->file;
        hits->found[hits->count++] = id;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    size_t size, count = 0;
    char *bytes = read_all(argv[1], &size);
    for (size_t at = 0; at < size; count++) {
        uint32_t length;
        memcpy(&length, bytes + at, 4);
        at += 4 + length;
    }
    const char **literals = calloc(count, sizeof *literals);
    size_t *lengths = calloc(count, sizeof *lengths);
    unsigned *flags = calloc(count, sizeof *flags), *ids = calloc(count, sizeof *ids);
    struct hits hits = {calloc(count, 4), calloc(count, 4), 0, 0};
    if (!literals || !lengths || !flags || !ids || !hits.last || !hits.found) return 2;
    for (size_t at = 0, i = 0; at < size; i++) {
        uint32_t length;
        memcpy(&length, bytes + at, 4);
        literals[i] = bytes + at + 4;
        lengths[i] = length;
        ids[i] = (unsigned)i;
        hits.last[i] = UINT32_MAX;
        at += 4 + length;
    }
    double start = now(CLOCK_MONOTONIC);
    hs_database_t *database;
    hs_compile_error_t *error;
    if (hs_compile_lit_multi(literals, flags, ids, lengths, (unsigned)count, HS_MODE_BLOCK, NULL,
                             &database, &error) != HS_SUCCESS) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    hs_scratch_t *scratch = NULL;
    size_t database_size = 0;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS ||
        hs_database_size(database, &database_size) != HS_SUCCESS) return 1;
    printf("version %s\nprepared %f\nbytes %zu\n", hs_version(), now(CLOCK_MONOTONIC) - start,
           database_size);
    bytes = read_all(argv[2], &size);
    double patience = atof(argv[3]), spent = 0, best = 0, *seconds = NULL, *best_seconds = NULL;
    uint32_t files = 0;
    for (size_t at = 0; at < size; files++) {
        uint64_t length;
        memcpy(&length, bytes + at, 8);
        at += 8 + length;
    }
    seconds = calloc(files, sizeof *seconds);
    best_seconds = calloc(files, sizeof *best_seconds);
    if (!seconds || !best_seconds) return 2;
    uint32_t searched = 0;
    for (int rounds = 0; rounds == 0 || (spent < ENOUGH && spent <= patience); rounds++) {
        double total = 0;
        hits.file = 0;
        for (size_t at = 0; at < size && spent + total <= patience; hits.file++) {
            uint64_t length;
            memcpy(&length, bytes + at, 8);
            hits.count = 0;
            start = now(CLOCK_THREAD_CPUTIME_ID);
            if (hs_scan(database, bytes + at + 8, (unsigned)length, 0, scratch, on_match, &hits) !=
                HS_SUCCESS) return 1;
            seconds[hits.file] = now(CLOCK_THREAD_CPUTIME_ID) - start;
            total += seconds[hits.file];
            for (uint32_t i = 0; i < hits.count; i++) {
                hits.last[hits.found[i]] = UINT32_MAX;
                if (rounds == 0) printf("hit %u %u\n", hits.found[i], hits.file);
            }
            at += 8 + length;
        }
        spent += total;
        if (rounds == 0 || (hits.file == searched && total < best)) {
            searched = hits.file;
            best = total;
            memcpy(best_seconds, seconds, searched * sizeof *seconds);
        }
    }
    for (uint32_t file = 0; file < searched; file++) printf("file %.9f\n", best_seconds[file]);
    return 0;
}

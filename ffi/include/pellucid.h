/* pellucid.h: scan files and memory for malware.
 *
 * Generated from the Rust sources: PELLUCID_UPDATE_HEADER=1 cargo test -p pellucid-ffi --test header
 *
 * What holds for every function
 *
 * Status. int32_t codes are PELLUCID_OK or say why the call itself failed. What a scan found is never
 * a status: it is in the result. Codes are never renumbered; more may come.
 *
 * Outputs. A call that fails leaves its outputs untouched, but for `error`.
 *
 * Errors. `error` may be NULL. Else a call that fails sets it to an object of the caller's, to be freed
 * with pellucid_error_free; one that succeeds leaves it alone. No error is kept per thread.
 *
 * Pointers. NULL is always noticed. A pointer that is not NULL has to be what the declaration says:
 * alive, aligned, of that type and, where a length or struct_size stands beside it, of that size.
 *
 * Ownership. What a function gives out through a handle is the caller's, to be freed once with the
 * _free function of its type, by any thread; _free(NULL) does nothing. Texts are borrowed and never
 * freed. Nothing that is handed in is kept.
 *
 * Structs begin with struct_size, which the caller sets to sizeof the struct. They may grow at the end:
 * a shorter one comes from an older caller, a longer one is accepted as long as what this library does
 * not know of it is zero. Options not set are zero, and zero is the default.
 *
 * Threads. Sets, engines, results and errors do not change: all threads may read them at a time. A
 * scan works on the calling thread, which keeps the working memory for its next scan until it ends,
 * and beside it on as many as its options ask for.
 *
 * The process. No call opens a network connection, reads an environment variable or writes a file, and
 * none leaves a thread running or installs a signal handler, with two exceptions:
 * pellucid_survive_shrinking_maps is there to handle SIGBUS; and sets with YARA rules bring, once for
 * the process, a thread that counts seconds and the handlers for SIGSEGV, SIGILL and SIGFPE of the
 * runtime that executes compiled rules, which pass on every fault that is not its own. Because of both
 * the library must not be unloaded (dlclose).
 *
 * Defects. A panic inside the library writes a line to standard error and becomes PELLUCID_INTERNAL for
 * that call; all handles stay usable.
 */


#ifndef PELLUCID_H
#define PELLUCID_H

#include <stddef.h>
#include <stdint.h>

/**
 * The call did what it says. It says nothing about what a scan found: ask the result.
 */
#define PELLUCID_OK 0

/**
 * An argument cannot be: NULL where something is needed, a wrong `struct_size`, an empty path.
 */
#define PELLUCID_INVALID_ARGUMENT 1

/**
 * An index is not below its count.
 */
#define PELLUCID_OUT_OF_RANGE 2

/**
 * This library cannot do what is asked: an option or flag of a newer header, or a part that it was
 * built without.
 */
#define PELLUCID_UNSUPPORTED 3

/**
 * A defect of the library, stopped at its border. The handles stay usable.
 */
#define PELLUCID_INTERNAL 4

/**
 * The operating system refused.
 */
#define PELLUCID_SYSTEM 5

/**
 * What was asked for is not there: facts about something that is no program, or that the scan was not
 * asked to keep.
 */
#define PELLUCID_ABSENT 6

/**
 * The set's file cannot be opened or read.
 */
#define PELLUCID_SET_UNREADABLE 10

/**
 * The file is not a signature set.
 */
#define PELLUCID_SET_FOREIGN 11

/**
 * The set has a format version that this library does not read.
 */
#define PELLUCID_SET_VERSION 12

/**
 * The set ends too early.
 */
#define PELLUCID_SET_TRUNCATED 13

/**
 * The set's bytes are not those that its hashes vouch for.
 */
#define PELLUCID_SET_DAMAGED 14

/**
 * The set is whole, but its content contradicts the format.
 */
#define PELLUCID_SET_INVALID 15

/**
 * The engine cannot be built from these sets: none was given, or one does not compile.
 */
#define PELLUCID_ENGINE 20

/**
 * Nothing was found in what was looked at. Only together with PELLUCID_COMPLETE does it mean clean.
 */
#define PELLUCID_VERDICT_CLEAN 1

/**
 * An allow-list names this very content.
 */
#define PELLUCID_VERDICT_TRUSTED 2

/**
 * Potentially unwanted: not harmful as such.
 */
#define PELLUCID_VERDICT_PUA 3

/**
 * Built like something harmful.
 */
#define PELLUCID_VERDICT_SUSPICIOUS 4

/**
 * Harmful. Verdicts are ordered: a larger number outweighs a smaller one.
 */
#define PELLUCID_VERDICT_MALICIOUS 5

/**
 * All of it was looked at.
 */
#define PELLUCID_COMPLETE 1

/**
 * Some of it was looked at; the reasons say what is missing.
 */
#define PELLUCID_PARTIAL 2

/**
 * None of it was looked at; the reasons say why. Completeness is ordered: a larger number is worse.
 */
#define PELLUCID_NOT_SCANNED 3

/**
 * Found by a digest of the whole object.
 */
#define PELLUCID_METHOD_HASH 1

/**
 * Found by a byte pattern.
 */
#define PELLUCID_METHOD_PATTERN 2

/**
 * Found by a logical expression over byte patterns.
 */
#define PELLUCID_METHOD_LOGICAL 3

/**
 * Found by a YARA rule.
 */
#define PELLUCID_METHOD_YARA 4

/**
 * A judgement of the engine itself.
 */
#define PELLUCID_METHOD_HEURISTIC 5

/**
 * Found by a digest of one section of a Windows program; the offset is the section's.
 */
#define PELLUCID_METHOD_SECTION_HASH 6

/**
 * Found by a digest of what a Windows program imports.
 */
#define PELLUCID_METHOD_IMPORT_HASH 7

/**
 * A certificate of a signed program.
 */
#define PELLUCID_METHOD_CERTIFICATE 8

/**
 * Found by what a container says of one of its entries.
 */
#define PELLUCID_METHOD_LISTING 9

/**
 * A reason that this header does not know; its name says which.
 */
#define PELLUCID_REASON_OTHER 1

/**
 * A password or key is needed.
 */
#define PELLUCID_REASON_ENCRYPTED 2

/**
 * The engine cannot look inside this; the name says what it is.
 */
#define PELLUCID_REASON_UNSUPPORTED 3

/**
 * The data contradicts its own format.
 */
#define PELLUCID_REASON_CORRUPTED 4

/**
 * The data ends before its format says so.
 */
#define PELLUCID_REASON_TRUNCATED 5

/**
 * The file became another one under the scan.
 */
#define PELLUCID_REASON_CHANGED_WHILE_SCANNING 6

/**
 * The system refused to open or read it: it does not exist, or access is denied.
 */
#define PELLUCID_REASON_UNREADABLE 7

/**
 * Not a regular file: a socket, pipe or device; the name says which.
 */
#define PELLUCID_REASON_SPECIAL_FILE 8

/**
 * The scan was cancelled.
 */
#define PELLUCID_REASON_CANCELLED 9

/**
 * A defect of the engine, confined to this object.
 */
#define PELLUCID_REASON_INTERNAL_ERROR 10

/**
 * A callback left it out.
 */
#define PELLUCID_REASON_SKIPPED 11

/**
 * A piece of a signature set that was needed is not what was written.
 */
#define PELLUCID_REASON_SET_DAMAGED 12

/**
 * A limit that this header does not know; its name says which.
 */
#define PELLUCID_REASON_LIMIT_OTHER 100

/**
 * `max_depth` was reached.
 */
#define PELLUCID_REASON_LIMIT_DEPTH 101

/**
 * `max_objects` was reached.
 */
#define PELLUCID_REASON_LIMIT_OBJECTS 102

/**
 * `max_total_bytes` was reached.
 */
#define PELLUCID_REASON_LIMIT_TOTAL_BYTES 103

/**
 * `max_object_bytes` was reached.
 */
#define PELLUCID_REASON_LIMIT_OBJECT_BYTES 104

/**
 * `max_ratio` was reached.
 */
#define PELLUCID_REASON_LIMIT_RATIO 105

/**
 * `max_time_ms` was reached.
 */
#define PELLUCID_REASON_LIMIT_TIME 106

/**
 * `max_memory_bytes` was reached.
 */
#define PELLUCID_REASON_LIMIT_MEMORY 107

/**
 * `max_facts` was reached.
 */
#define PELLUCID_REASON_LIMIT_FACTS 108

/**
 * `max_key_work` was reached.
 */
#define PELLUCID_REASON_LIMIT_KEY_WORK 109

/**
 * Compare every byte with the hash tree and check every row now, which takes a second for a gigabyte;
 * by default what is large is checked when it is first used.
 */
#define PELLUCID_SET_CHECK_ALL 1

/**
 * A callback's answer: go on.
 */
#define PELLUCID_CONTINUE 0

/**
 * An answer to on_object: leave this object out, with everything in it. The result says so with
 * PELLUCID_REASON_SKIPPED.
 */
#define PELLUCID_SKIP 1

/**
 * A callback's answer: end the scan. It returns a result with PELLUCID_REASON_CANCELLED and what was
 * found so far. Every number but PELLUCID_CONTINUE and PELLUCID_SKIP is taken for this one.
 */
#define PELLUCID_STOP 2

/**
 * Scan the file itself and nothing in it. What it holds is then named as not looked at, with
 * PELLUCID_REASON_LIMIT_DEPTH.
 */
#define PELLUCID_SCAN_DO_NOT_UNPACK 1

/**
 * Keep the facts about each PE and ELF program for pellucid_result_program and its neighbours. Costs
 * time and memory for each program.
 */
#define PELLUCID_SCAN_KEEP_FACTS 2

/**
 * In `size`: the host does not know how long the content is.
 */
#define PELLUCID_SIZE_UNKNOWN UINT64_MAX

/**
 * In `offset`: the method does not know where it hit.
 */
#define PELLUCID_NO_OFFSET UINT64_MAX

/**
 * A Windows program or library.
 */
#define PELLUCID_PROGRAM_PE 1

/**
 * A Unix program or library.
 */
#define PELLUCID_PROGRAM_ELF 2

/**
 * Ends scans early. Any thread may use it, while they run too; it has one owner.
 */
typedef struct pellucid_cancel pellucid_cancel;

/**
 * A stack of sets, ready to scan. Any number of threads may scan with it at a time, while its sets are
 * swapped too; it is counted, see pellucid_engine_retain.
 */
typedef struct pellucid_engine pellucid_engine;

/**
 * Why a call failed. Made by the call that failed, owned by its caller, immutable: any number of
 * threads may read it.
 */
typedef struct pellucid_error pellucid_error;

/**
 * What a scan says. Owned by the caller of the scan, immutable: any number of threads may read it.
 * Every text that is asked from it lives as long as it does.
 */
typedef struct pellucid_result pellucid_result;

/**
 * A signature set: opened, checked, immutable. Any number of threads may use it; it is counted, see
 * pellucid_set_retain.
 */
typedef struct pellucid_set pellucid_set;

/**
 * Content that comes in pieces: begun, written to, finished. One thread at a time may use it; it has
 * one owner.
 */
typedef struct pellucid_stream pellucid_stream;

/**
 * Borrowed text: UTF-8, `length` bytes, without a NUL at the end; names that come from scanned files
 * may hold any character, NUL and line ends too. `data` is never NULL. The text lives as long as the
 * object it was asked from.
 */
typedef struct pellucid_string {
    /**
     * The first byte.
     */
    const char *data;
    /**
     * How many bytes.
     */
    size_t length;
} pellucid_string;

/**
 * How to open a set; NULL in its place asks for the defaults.
 */
typedef struct pellucid_set_options {
    /**
     * Set by the caller: sizeof(pellucid_set_options).
     */
    size_t struct_size;
    /**
     * 0 or PELLUCID_SET_CHECK_ALL; others are refused.
     */
    uint64_t flags;
} pellucid_set_options;

/**
 * What a set says of itself. The texts live as long as the set.
 */
typedef struct pellucid_set_info {
    /**
     * Set by the caller: sizeof(pellucid_set_info).
     */
    size_t struct_size;
    /**
     * `origin/channel@version`.
     */
    struct pellucid_string name;
    /**
     * Who publishes it.
     */
    struct pellucid_string origin;
    /**
     * Which of the publisher's sets it is.
     */
    struct pellucid_string channel;
    /**
     * The licence of the set as a whole.
     */
    struct pellucid_string licence;
    /**
     * What it holds, in a sentence.
     */
    struct pellucid_string description;
    /**
     * The compiler that built it, with its version.
     */
    struct pellucid_string compiler;
    /**
     * Grows with every publication.
     */
    uint64_t version;
    /**
     * 1 when independent parties signed it, else 0. No set is signed yet.
     */
    uint64_t is_signed;
    /**
     * Bytes of the set's file.
     */
    uint64_t file_bytes;
    /**
     * Signatures of all kinds.
     */
    uint64_t signatures;
    /**
     * MD5 digests.
     */
    uint64_t md5;
    /**
     * SHA-1 digests.
     */
    uint64_t sha1;
    /**
     * SHA-256 digests.
     */
    uint64_t sha256;
    /**
     * Byte patterns.
     */
    uint64_t patterns;
    /**
     * Logical expressions over byte patterns.
     */
    uint64_t logicals;
    /**
     * Source files of YARA rules.
     */
    uint64_t yara_files;
    /**
     * YARA rules.
     */
    uint64_t yara_rules;
    /**
     * Signatures of lower sets that this one takes away.
     */
    uint64_t removals;
    /**
     * The root of the hash tree over the file: what names the set beyond doubt.
     */
    uint8_t root[32];
} pellucid_set_info;

/**
 * How to build an engine; NULL in its place asks for the defaults. There is no option yet.
 */
typedef struct pellucid_engine_options {
    /**
     * Set by the caller: sizeof(pellucid_engine_options).
     */
    size_t struct_size;
    /**
     * 0: no flag is defined yet, and others are refused.
     */
    uint64_t flags;
} pellucid_engine_options;

/**
 * A password.
 */
typedef struct pellucid_password {
    /**
     * Its bytes, of any encoding, without a NUL at the end.
     */
    const char *bytes;
    /**
     * How many bytes it has.
     */
    size_t length;
} pellucid_password;

/**
 * One thing that the host knows about what it scans; it is copied into the result's JSON. Both are
 * UTF-8 without a NUL at the end.
 */
typedef struct pellucid_pair {
    /**
     * What it is, such as "sender".
     */
    const char *key;
    /**
     * Bytes of `key`.
     */
    size_t key_length;
    /**
     * What the host knows.
     */
    const char *value;
    /**
     * Bytes of `value`.
     */
    size_t value_length;
} pellucid_pair;

/**
 * How far a scan is.
 */
typedef struct pellucid_progress {
    /**
     * sizeof(pellucid_progress) of this library.
     */
    size_t struct_size;
    /**
     * Objects that were entered, the file included.
     */
    uint64_t objects;
    /**
     * Bytes that were unpacked.
     */
    uint64_t unpacked_bytes;
    /**
     * Microseconds since the scan began.
     */
    uint64_t elapsed_us;
} pellucid_progress;

/**
 * An object that was identified and is about to be searched. Everything in it is borrowed until the
 * callback returns.
 */
typedef struct pellucid_entered_object {
    /**
     * sizeof(pellucid_entered_object) of this library.
     */
    size_t struct_size;
    /**
     * Its name inside the parent; empty for the file itself. It comes from the scanned file: never use
     * it as a path.
     */
    struct pellucid_string name;
    /**
     * Its index in the result to come.
     */
    size_t index;
    /**
     * The index of the parent; the file itself, index 0, is its own.
     */
    size_t parent;
    /**
     * How deep it lies; the file itself is at depth 0.
     */
    uint64_t depth;
    /**
     * Size in bytes.
     */
    uint64_t bytes;
    /**
     * Names of its types, such as "zip".
     */
    const struct pellucid_string *types;
    /**
     * How many there are.
     */
    size_t type_count;
} pellucid_entered_object;

/**
 * One signature that hit. The texts live as long as the result.
 */
typedef struct pellucid_finding {
    /**
     * Set by the caller: sizeof(pellucid_finding).
     */
    size_t struct_size;
    /**
     * The signature's name, as in its source.
     */
    struct pellucid_string name;
    /**
     * The set it came from, as `origin/channel@version`.
     */
    struct pellucid_string set;
    /**
     * The signature's source file inside the set; empty where the set does not say.
     */
    struct pellucid_string source;
    /**
     * Who wrote the signature; empty where the set does not say.
     */
    struct pellucid_string author;
    /**
     * The signature's licence; empty where the set does not say.
     */
    struct pellucid_string licence;
    /**
     * The index of the object that it hit.
     */
    size_t object;
    /**
     * Where the first match starts in the object, or PELLUCID_NO_OFFSET.
     */
    uint64_t offset;
    /**
     * What the hit means: a PELLUCID_VERDICT_... number.
     */
    uint32_t verdict;
    /**
     * How it was found: a PELLUCID_METHOD_... number.
     */
    uint32_t method;
    /**
     * 0 (for information) to 100, as its author says.
     */
    uint32_t severity;
    /**
     * The normal form of the object that it was found in ("text"); empty where it was found in the
     * object's own bytes.
     */
    struct pellucid_string view;
} pellucid_finding;

/**
 * Functions of the host's, each of which may be NULL. They are called on the thread that scans, while
 * it scans, with `user` as their first argument. They may not throw, longjmp, or scan. The table is
 * copied when the scan begins; what `user` leads to has to live until it ends.
 */
typedef struct pellucid_callbacks {
    /**
     * Set by the caller: sizeof(pellucid_callbacks).
     */
    size_t struct_size;
    /**
     * Handed to every callback.
     */
    void *user;
    /**
     * The scan is at work: called some twenty times a second, from deep inside. Returns
     * PELLUCID_CONTINUE or PELLUCID_STOP.
     */
    int32_t (*on_progress)(void *user, const struct pellucid_progress *progress);
    /**
     * An object is about to be searched. Returns PELLUCID_CONTINUE, PELLUCID_SKIP or PELLUCID_STOP.
     */
    int32_t (*on_object)(void *user, const struct pellucid_entered_object *object);
    /**
     * A signature hit. An allow-list may still overrule it: what counts is the result. The texts are
     * borrowed until the callback returns. Returns PELLUCID_CONTINUE or PELLUCID_STOP.
     */
    int32_t (*on_finding)(void *user, const struct pellucid_finding *finding);
    /**
     * Something could not be looked at in full: one line for people, `length` bytes of UTF-8 without a
     * NUL, borrowed until the callback returns.
     */
    void (*on_log)(void *user, const char *line, size_t length);
} pellucid_callbacks;

/**
 * What a scan may cost; NULL in its place asks for the defaults. In each `max_` field 0 stands for the
 * default too, and UINT64_MAX for "as much as it takes". Reaching a limit never makes a result look
 * clean: it becomes partial, with the reason.
 */
typedef struct pellucid_scan_options {
    /**
     * Set by the caller: sizeof(pellucid_scan_options).
     */
    size_t struct_size;
    /**
     * PELLUCID_SCAN_... values, combined with `|`; unknown ones are refused.
     */
    uint64_t flags;
    /**
     * Ends the scan when it is asked to, or NULL. Must stay alive until the scan returns.
     */
    const struct pellucid_cancel *cancel;
    /**
     * How deep objects may nest; the file itself is at depth 0.
     */
    uint64_t max_depth;
    /**
     * How many objects one scan may look at, the file included.
     */
    uint64_t max_objects;
    /**
     * Bytes that all unpackers together may put out.
     */
    uint64_t max_total_bytes;
    /**
     * Bytes that one unpacked object may have.
     */
    uint64_t max_object_bytes;
    /**
     * Bytes out for each byte in.
     */
    uint64_t max_ratio;
    /**
     * Milliseconds of wall-clock time.
     */
    uint64_t max_time_ms;
    /**
     * Bytes of file content held in memory at a time.
     */
    uint64_t max_memory_bytes;
    /**
     * Things (sections, imports, ...) read from one program.
     */
    uint64_t max_facts;
    /**
     * Work spent on trying passwords: one costs 1, or 8,000 where an archive is encrypted with AES.
     */
    uint64_t max_key_work;
    /**
     * Passwords to try on encrypted archives, before those of the signature sets, or NULL. They are
     * copied.
     */
    const struct pellucid_password *passwords;
    /**
     * How many there are.
     */
    size_t password_count;
    /**
     * What the host calls the content, for the result and its JSON: UTF-8, or NULL. It is copied.
     */
    const char *name;
    /**
     * Bytes of `name`.
     */
    size_t name_length;
    /**
     * What else the host knows, for the result's JSON: keys that differ, or NULL. They are copied.
     */
    const struct pellucid_pair *metadata;
    /**
     * How many there are.
     */
    size_t metadata_count;
    /**
     * Whom to call while the scan runs, or NULL. The table is copied.
     */
    const struct pellucid_callbacks *callbacks;
    /**
     * How many threads may look at what containers hold, the calling one included: 0 and 1 stand for
     * that one alone. The others are started by the scan and have ended when it returns; what it says
     * is the same with any number. With callbacks, which are told of objects in their order, none is
     * started.
     */
    uint64_t threads;
} pellucid_scan_options;

/**
 * A function of the host's that reads the content to scan.
 */
typedef struct pellucid_reader {
    /**
     * Set by the caller: sizeof(pellucid_reader).
     */
    size_t struct_size;
    /**
     * Handed to `read_at`.
     */
    void *user;
    /**
     * The content's length in bytes, or PELLUCID_SIZE_UNKNOWN.
     */
    uint64_t size;
    /**
     * Writes up to `length` bytes of the content, from `offset` on, to `buffer`, and returns how many:
     * fewer than asked for is allowed, 0 means that there are no more, and a negative number that
     * reading failed. Called on the thread that scans; it may not throw, longjmp, or scan. If the
     * content ends before `size`, the result says PELLUCID_REASON_TRUNCATED, and after a failure
     * PELLUCID_REASON_UNREADABLE; what was read before is scanned.
     */
    int64_t (*read_at)(void *user, uint64_t offset, void *buffer, size_t length);
} pellucid_reader;

/**
 * One reason why an object was not looked at in full. The texts live as long as the result.
 */
typedef struct pellucid_reason {
    /**
     * Set by the caller: sizeof(pellucid_reason).
     */
    size_t struct_size;
    /**
     * The name, such as "limit:depth" or "encrypted"; stable.
     */
    struct pellucid_string name;
    /**
     * What was expected, what was found, and where; for people, may be empty.
     */
    struct pellucid_string detail;
    /**
     * The index of the object that it is about.
     */
    size_t object;
    /**
     * A PELLUCID_REASON_... number; treat one that is not known like PELLUCID_REASON_OTHER.
     */
    uint32_t code;
} pellucid_reason;

/**
 * One object: the file itself (index 0) or something found in it. A parent always comes before its
 * children. The texts live as long as the result.
 */
typedef struct pellucid_object {
    /**
     * Set by the caller: sizeof(pellucid_object).
     */
    size_t struct_size;
    /**
     * The name inside the parent, decoded for people; of the file itself the name that the options
     * gave, else empty. It comes from the scanned file: never use it as a path.
     */
    struct pellucid_string name;
    /**
     * The index of the parent; the file itself, index 0, is its own.
     */
    size_t parent;
    /**
     * Size in bytes, as far as it is known.
     */
    uint64_t bytes;
    /**
     * How many types it has: pellucid_result_object_type.
     */
    size_t types;
    /**
     * How many oddities it has: pellucid_result_object_anomaly.
     */
    size_t anomalies;
    /**
     * How much of it was looked at, its children left aside: PELLUCID_COMPLETE, ...
     */
    uint32_t completeness;
} pellucid_object;

/**
 * A set that the scan used. The text lives as long as the result.
 */
typedef struct pellucid_used_set {
    /**
     * Set by the caller: sizeof(pellucid_used_set).
     */
    size_t struct_size;
    /**
     * `origin/channel@version`.
     */
    struct pellucid_string name;
    /**
     * 1 when independent parties signed it, else 0. No set is signed yet.
     */
    uint64_t is_signed;
} pellucid_used_set;

/**
 * What a program's headers say. Offsets are in the object and never lie behind its end; addresses are
 * what the file says. The text is static.
 */
typedef struct pellucid_program {
    /**
     * Set by the caller: sizeof(pellucid_program).
     */
    size_t struct_size;
    /**
     * The processor's name.
     */
    struct pellucid_string machine_name;
    /**
     * The offset of the first instruction, or PELLUCID_NO_OFFSET.
     */
    uint64_t entry_point;
    /**
     * Its address, as if the program were loaded where it asks to be; 0 where there is none.
     */
    uint64_t entry_address;
    /**
     * Where data behind everything that the headers speak of begins, or PELLUCID_NO_OFFSET.
     */
    uint64_t overlay_offset;
    /**
     * Its length in bytes.
     */
    uint64_t overlay_bytes;
    /**
     * How many sections it has: pellucid_result_section.
     */
    size_t sections;
    /**
     * How many symbols it imports: pellucid_result_import.
     */
    size_t imports;
    /**
     * PELLUCID_PROGRAM_PE or PELLUCID_PROGRAM_ELF.
     */
    uint32_t format;
    /**
     * 32 or 64.
     */
    uint32_t bits;
    /**
     * 1 when its numbers are big-endian, else 0.
     */
    uint32_t is_big_endian;
    /**
     * The processor, by the number that the format gives it.
     */
    uint32_t machine;
} pellucid_program;

/**
 * A section of a program. The text lives as long as the result.
 */
typedef struct pellucid_section {
    /**
     * Set by the caller: sizeof(pellucid_section).
     */
    size_t struct_size;
    /**
     * Its name, decoded for people.
     */
    struct pellucid_string name;
    /**
     * Where its bytes begin in the object.
     */
    uint64_t offset;
    /**
     * How many of them are in the object.
     */
    uint64_t bytes;
    /**
     * Its address in memory; of a PE relative to the start of the image.
     */
    uint64_t virtual_address;
    /**
     * Its size in memory.
     */
    uint64_t virtual_bytes;
    /**
     * PE: Characteristics; ELF: sh_flags.
     */
    uint64_t flags;
    /**
     * Thousandths of a bit of information for each byte, 0 to 8000; UINT32_MAX where it was not read.
     */
    uint32_t entropy;
    /**
     * 1 when the digests are there, else 0.
     */
    uint32_t has_digests;
    /**
     * The MD5 of its bytes.
     */
    uint8_t md5[16];
    /**
     * The SHA-256 of its bytes.
     */
    uint8_t sha256[32];
} pellucid_section;

/**
 * A symbol that a program imports. The texts live as long as the result.
 */
typedef struct pellucid_import {
    /**
     * Set by the caller: sizeof(pellucid_import).
     */
    size_t struct_size;
    /**
     * The library it comes from; empty for ELF, whose symbols name none.
     */
    struct pellucid_string library;
    /**
     * Its name; empty where it is imported by number.
     */
    struct pellucid_string name;
    /**
     * Its number where it has no name, else 0.
     */
    uint64_t ordinal;
} pellucid_import;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The name of a status code, such as "invalid-argument"; empty for a number that is none.
 *
 * Static, ends with a NUL. Any thread; never fails.
 */
const char *pellucid_status_name(int32_t status);

/**
 * The library's version, such as "0.1.0".
 *
 * Static, ends with a NUL. Any thread; never fails.
 */
const char *pellucid_version(void);

/**
 * Frees a text of which a function says that it is the caller's; one whose `data` is NULL is nothing.
 * Every other text is borrowed, and not to be handed in here. Any thread.
 */
void pellucid_text_free(struct pellucid_string text);

/**
 * The status code that the failed call returned; PELLUCID_OK for NULL.
 *
 * Any thread; never fails.
 */
int32_t pellucid_error_code(const struct pellucid_error *error);

/**
 * What went wrong, for people: what was expected, what was found, and where. Empty for NULL.
 *
 * The text lives as long as the error. Any thread; never fails.
 */
struct pellucid_string pellucid_error_message(const struct pellucid_error *error);

/**
 * Frees an error; NULL is nothing.
 */
void pellucid_error_free(struct pellucid_error *error);

/**
 * The name of a verdict, such as "malicious"; empty for a number that is none.
 *
 * Static, ends with a NUL. Any thread; never fails.
 */
const char *pellucid_verdict_name(uint32_t verdict);

/**
 * The name of a completeness, such as "partial"; empty for a number that is none.
 *
 * Static, ends with a NUL. Any thread; never fails.
 */
const char *pellucid_completeness_name(uint32_t completeness);

/**
 * The name of a method, such as "pattern"; empty for a number that is none.
 *
 * Static, ends with a NUL. Any thread; never fails.
 */
const char *pellucid_method_name(uint32_t method);

/**
 * Opens the set that is built into the library.
 *
 * On success `*set` is the caller's, to be freed with pellucid_set_free. Fails with
 * PELLUCID_UNSUPPORTED in a library that was built without one. Any thread.
 */
int32_t pellucid_set_open_builtin(struct pellucid_set **set, struct pellucid_error **error);

/**
 * Opens the set in a file, which is read, or mapped where pellucid_survive_shrinking_maps was called.
 * What does not grow with the number of hashes is checked now, the rest when it is first used: a piece
 * that turns out damaged then makes scans incomplete, with PELLUCID_REASON_SET_DAMAGED. A mapped file
 * must not be changed: replace it by renaming a new one over it.
 *
 * `path` is `path_length` bytes of any encoding, without a NUL at the end. `options` may be NULL. On
 * success `*set` is the caller's, to be freed with pellucid_set_free. Fails with a
 * PELLUCID_SET_... code that says what is wrong with the file. Any thread.
 */
int32_t pellucid_set_open_path(const char *path,
                               size_t path_length,
                               const struct pellucid_set_options *options,
                               struct pellucid_set **set,
                               struct pellucid_error **error);

/**
 * Opens the set in the regular file behind an open descriptor. What holds for pellucid_set_open_path
 * holds here. The position is not touched and the descriptor not closed; the host may close it at once.
 * A mapped set keeps a duplicate: when the set is freed, POSIX locks that the process holds on the file
 * go.
 */
int32_t pellucid_set_open_fd(int fd,
                             const struct pellucid_set_options *options,
                             struct pellucid_set **set,
                             struct pellucid_error **error);

/**
 * Opens the set in `length` bytes at `data`, which are copied. It is checked as one in a file.
 *
 * `options` may be NULL. On success `*set` is the caller's, to be freed with pellucid_set_free. Fails
 * with a PELLUCID_SET_... code that says what is wrong with the bytes. Any thread.
 */
int32_t pellucid_set_open_memory(const void *data,
                                 size_t length,
                                 const struct pellucid_set_options *options,
                                 struct pellucid_set **set,
                                 struct pellucid_error **error);

/**
 * Fills `info` with what the set says of itself; `info->struct_size` must be set.
 *
 * The texts live as long as the set. Any thread.
 */
int32_t pellucid_set_about(const struct pellucid_set *set, struct pellucid_set_info *info);

/**
 * Makes the caller one more owner of the set and returns it again; each owner frees it once. NULL
 * stays NULL. Any thread.
 */
struct pellucid_set *pellucid_set_retain(const struct pellucid_set *set);

/**
 * Frees a set; NULL is nothing. Engines that were made from it keep what they need of it. Any thread.
 */
void pellucid_set_free(struct pellucid_set *set);

/**
 * Sets `struct_size` to the given `struct_size`, sizeof(pellucid_engine_options), and everything else
 * to its default. Any thread.
 */
int32_t pellucid_engine_options_init(struct pellucid_engine_options *options,
                                     size_t struct_size);

/**
 * Builds an engine from `count` sets, the bottom of the stack first: upper ones may allow or take
 * away what lower ones find. YARA rules are compiled here, which may take seconds.
 *
 * The sets stay the caller's and may be freed at once. `options` may be NULL. On success `*engine` is
 * the caller's, to be freed with pellucid_engine_free. Fails with PELLUCID_ENGINE when there is no
 * set, or when one does not compile. Any thread.
 */
int32_t pellucid_engine_new(struct pellucid_set *const *sets,
                            size_t count,
                            const struct pellucid_engine_options *options,
                            struct pellucid_engine **engine,
                            struct pellucid_error **error);

/**
 * Gives the engine other sets, `count` of them, the bottom of the stack first. Scans that are running
 * end with the sets that they began with, and so do streams; those that begin later use the new ones.
 * Nobody waits for anybody. A call that fails leaves the engine as it was.
 *
 * The sets stay the caller's and may be freed at once. Fails as pellucid_engine_new does. Any thread.
 */
int32_t pellucid_engine_swap(const struct pellucid_engine *engine,
                             struct pellucid_set *const *sets,
                             size_t count,
                             struct pellucid_error **error);

/**
 * Makes the caller one more owner of the engine and returns it again; each owner frees it once. NULL
 * stays NULL. Any thread.
 */
struct pellucid_engine *pellucid_engine_retain(const struct pellucid_engine *engine);

/**
 * Frees an engine; NULL is nothing. Results that it gave stay valid. Any thread, but not while a scan
 * runs with the count that is given up.
 */
void pellucid_engine_free(struct pellucid_engine *engine);

/**
 * Sets `struct_size` to the given `struct_size`, sizeof(pellucid_scan_options), and everything else to
 * its default, as numbers that can be read and changed. Any thread.
 */
int32_t pellucid_scan_options_init(struct pellucid_scan_options *options,
                                   size_t struct_size);

/**
 * Makes a handle that ends the scans whose options name it.
 *
 * On success `*cancel` is the caller's, to be freed with pellucid_cancel_free. Any thread.
 */
int32_t pellucid_cancel_new(struct pellucid_cancel **cancel);

/**
 * Ends the scans that hold this handle, soon: they return a result with PELLUCID_REASON_CANCELLED, as
 * do all that are started with it later. Returns at once. Any thread, and in a signal handler.
 */
int32_t pellucid_cancel_request(const struct pellucid_cancel *cancel);

/**
 * Frees the handle; NULL is nothing. No scan that was started with it may still run.
 */
void pellucid_cancel_free(struct pellucid_cancel *cancel);

/**
 * Scans a file. One that does not exist or cannot be read is no failure of the call: it gives a
 * result that is PELLUCID_NOT_SCANNED, with the reason.
 *
 * `path` is `path_length` bytes of any encoding, without a NUL at the end; symbolic links are
 * followed. `options` may be NULL. On success `*result` is the caller's, to be freed with
 * pellucid_result_free. Any thread, any number at a time.
 */
int32_t pellucid_scan_path(const struct pellucid_engine *engine,
                           const char *path,
                           size_t path_length,
                           const struct pellucid_scan_options *options,
                           struct pellucid_result **result,
                           struct pellucid_error **error);

/**
 * Scans the whole file behind an open descriptor, wherever its position is. The position is not
 * touched and the descriptor not closed; it must stay open until the call returns.
 *
 * `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free.
 * Any thread, any number at a time.
 */
int32_t pellucid_scan_fd(const struct pellucid_engine *engine,
                         int fd,
                         const struct pellucid_scan_options *options,
                         struct pellucid_result **result,
                         struct pellucid_error **error);

/**
 * Scans `length` bytes of the file behind an open descriptor, from `offset` on. A file that ends before
 * gives a result with PELLUCID_REASON_TRUNCATED. All else is as for pellucid_scan_fd.
 */
int32_t pellucid_scan_fd_part(const struct pellucid_engine *engine,
                              int fd,
                              uint64_t offset,
                              uint64_t length,
                              const struct pellucid_scan_options *options,
                              struct pellucid_result **result,
                              struct pellucid_error **error);

/**
 * Scans `length` bytes at `data`, which must not change until the call returns. `data` may be NULL
 * when `length` is 0.
 *
 * `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free;
 * it keeps nothing of `data`. Any thread, any number at a time.
 */
int32_t pellucid_scan_memory(const struct pellucid_engine *engine,
                             const void *data,
                             size_t length,
                             const struct pellucid_scan_options *options,
                             struct pellucid_result **result,
                             struct pellucid_error **error);

/**
 * Scans what `reader` reads, from start to end, into memory: at most half of `max_memory_bytes`.
 *
 * `options` may be NULL. On success `*result` is the caller's, to be freed with pellucid_result_free.
 * A reader that fails or ends too early is no failure of the call: the result says so. Any thread, any
 * number at a time.
 */
int32_t pellucid_scan_reader(const struct pellucid_engine *engine,
                             const struct pellucid_reader *reader,
                             const struct pellucid_scan_options *options,
                             struct pellucid_result **result,
                             struct pellucid_error **error);

/**
 * Installs a handler for SIGBUS in this process, so that a file which shrinks while it is scanned
 * harms only its own scan. Large files are mapped from then on; without it they are read into memory,
 * up to `max_memory_bytes`. Sets that are opened from a path are mapped too, and so shared between
 * processes. A fault that is not the library's goes on to the handler that was there before.
 *
 * Call it after the host has set up its own handlers and before it opens a set; later calls change
 * nothing. Fails with PELLUCID_SYSTEM when the system refuses. Any thread.
 */
int32_t pellucid_survive_shrinking_maps(struct pellucid_error **error);

/**
 * Begins a scan of content that comes in pieces. It uses the sets that the engine has now, whatever
 * becomes of the engine meanwhile.
 *
 * `options` may be NULL; they are copied, and the cancel handle may be freed. `max_time_ms` counts
 * from pellucid_stream_finish. On success `*stream` is the caller's, to be freed with
 * pellucid_stream_free. Any thread.
 */
int32_t pellucid_stream_new(const struct pellucid_engine *engine,
                            const struct pellucid_scan_options *options,
                            struct pellucid_stream **stream,
                            struct pellucid_error **error);

/**
 * Takes the next `length` bytes at `data`, which are copied. At most half of `max_memory_bytes` is
 * kept: of what comes behind, nothing, and the result will say PELLUCID_REASON_LIMIT_MEMORY. Fails
 * with PELLUCID_INVALID_ARGUMENT after pellucid_stream_finish. Any thread, one at a time.
 */
int32_t pellucid_stream_write(struct pellucid_stream *stream,
                              const void *data,
                              size_t length,
                              struct pellucid_error **error);

/**
 * Scans what was written. Afterwards the stream can only be freed.
 *
 * On success `*result` is the caller's, to be freed with pellucid_result_free. Fails with
 * PELLUCID_INVALID_ARGUMENT when called again. Any thread, one at a time.
 */
int32_t pellucid_stream_finish(struct pellucid_stream *stream,
                               struct pellucid_result **result,
                               struct pellucid_error **error);

/**
 * Frees a stream, finished or not; NULL is nothing. Any thread.
 */
void pellucid_stream_free(struct pellucid_stream *stream);

/**
 * What was found, at its worst: a PELLUCID_VERDICT_... number; 0 for NULL.
 *
 * "Clean" is PELLUCID_VERDICT_CLEAN (or TRUSTED) together with PELLUCID_COMPLETE, never alone. Any
 * thread; never fails.
 */
uint32_t pellucid_result_verdict(const struct pellucid_result *result);

/**
 * How much of the file and of everything in it was looked at: PELLUCID_COMPLETE, PELLUCID_PARTIAL or
 * PELLUCID_NOT_SCANNED; 0 for NULL. Any thread; never fails.
 */
uint32_t pellucid_result_completeness(const struct pellucid_result *result);

/**
 * Bytes looked at: the file and all unpacked objects; 0 for NULL. Any thread; never fails.
 */
uint64_t pellucid_result_bytes(const struct pellucid_result *result);

/**
 * Microseconds of wall-clock time that the scan took; 0 for NULL. Any thread; never fails.
 */
uint64_t pellucid_result_elapsed_us(const struct pellucid_result *result);

/**
 * How many signatures hit; 0 for NULL. Any thread; never fails.
 */
size_t pellucid_result_finding_count(const struct pellucid_result *result);

/**
 * Fills `finding` with the one at `index`; `finding->struct_size` must be set. They are in the order
 * of their objects. Fails with PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_finding(const struct pellucid_result *result,
                                size_t index,
                                struct pellucid_finding *finding);

/**
 * How many reasons there are why not everything was looked at; 0 for NULL. Any thread; never fails.
 */
size_t pellucid_result_reason_count(const struct pellucid_result *result);

/**
 * Fills `reason` with the one at `index`; `reason->struct_size` must be set. They are in the order of
 * their objects. Fails with PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_reason(const struct pellucid_result *result,
                               size_t index,
                               struct pellucid_reason *reason);

/**
 * How many objects there are, the file itself included; 0 for NULL. Any thread; never fails.
 */
size_t pellucid_result_object_count(const struct pellucid_result *result);

/**
 * Fills `object` with the one at `index`; `object->struct_size` must be set. Fails with
 * PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_object(const struct pellucid_result *result,
                               size_t index,
                               struct pellucid_object *object);

/**
 * Sets `*name` to the name of one of an object's types, such as "zip": lower case, stable, static.
 * Fails with PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_object_type(const struct pellucid_result *result,
                                    size_t object,
                                    size_t index,
                                    struct pellucid_string *name);

/**
 * Sets `*anomaly` to one of an object's oddities, in words for people: things that did not keep
 * anything from being looked at, such as a malformed header. Fails with PELLUCID_OUT_OF_RANGE. Any
 * thread.
 */
int32_t pellucid_result_object_anomaly(const struct pellucid_result *result,
                                       size_t object,
                                       size_t index,
                                       struct pellucid_string *anomaly);

/**
 * Sets `*json` to the whole result as one JSON object, in the form of `pellucid scan --format ndjson`,
 * with the metadata of the options under "metadata". It is made at the first call and lives as long as
 * the result. Any thread.
 */
int32_t pellucid_result_json(const struct pellucid_result *result,
                             struct pellucid_string *json);

/**
 * How many sets the scan used; 0 for NULL. Any thread; never fails.
 */
size_t pellucid_result_set_count(const struct pellucid_result *result);

/**
 * Fills `set` with the one at `index`, the bottom of the stack first; `set->struct_size` must be set.
 * Fails with PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_set(const struct pellucid_result *result,
                            size_t index,
                            struct pellucid_used_set *set);

/**
 * Frees a result and every text that was asked from it; NULL is nothing.
 */
void pellucid_result_free(struct pellucid_result *result);

/**
 * Fills `program` with what the headers of an object say; `program->struct_size` must be set. Fails
 * with PELLUCID_ABSENT when the object is no program, or when facts were not kept. Any thread.
 */
int32_t pellucid_result_program(const struct pellucid_result *result,
                                size_t object,
                                struct pellucid_program *program);

/**
 * Fills `section` with the one at `index` of an object's program, in the order of the section table;
 * `section->struct_size` must be set. Fails with PELLUCID_ABSENT or PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_section(const struct pellucid_result *result,
                                size_t object,
                                size_t index,
                                struct pellucid_section *section);

/**
 * Fills `import` with the one at `index` of an object's program; `import->struct_size` must be set.
 * Fails with PELLUCID_ABSENT or PELLUCID_OUT_OF_RANGE. Any thread.
 */
int32_t pellucid_result_import(const struct pellucid_result *result,
                               size_t object,
                               size_t index,
                               struct pellucid_import *import);

/**
 * Sets `*json` to all that is known about an object's program as one JSON object, in the form of
 * `pellucid inspect --format json`. On success it is the caller's, to be freed with
 * pellucid_text_free. Fails with PELLUCID_ABSENT. Any thread.
 */
int32_t pellucid_result_facts_json(const struct pellucid_result *result,
                                   size_t object,
                                   struct pellucid_string *json);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PELLUCID_H */

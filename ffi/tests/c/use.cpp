// use SET MARKED: the C++ header, as a host uses it.

#include <pellucid.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);             \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

int main(int argc, char **argv) {
    CHECK(argc == 3);
    pellucid::Set set = pellucid::Set::open(argv[1]);
    CHECK(set.name() == "ffi-tests/marks@7");
    pellucid::Engine engine({set});
    pellucid::Result result = engine.scan_path(argv[2]);
    CHECK(!result.is_clean() && result.verdict() == PELLUCID_VERDICT_MALICIOUS);
    CHECK(result.findings().size() == 1 && result.findings()[0].name == "Test.Mark");
    CHECK(result.objects().size() == 1 && result.reasons().empty());
    CHECK(result.json().find("Test.Mark") != std::string::npos);

    pellucid::Result moved = std::move(result);
    CHECK(moved.findings()[0].offset == 7);
    CHECK(engine.scan_memory("x", 1).is_clean());
    CHECK(!result.is_clean()); // what was moved away is neither clean nor complete

    pellucid::Cancel cancel;
    cancel.request();
    pellucid::Options options;
    options.cancel = cancel.get();
    CHECK(engine.scan_memory("x", 1, &options).reasons()[0].code == PELLUCID_REASON_CANCELLED);

    pellucid::Stream stream = engine.stream();
    stream.write("pellucid-ffi test ", 18);
    engine.swap_sets({set, set});
    stream.write("mark", 4);
    CHECK(stream.finish().findings().size() == 1);
    pellucid::Engine copy = engine;
    std::thread other([&copy, argv] { CHECK(copy.scan_path(argv[2]).findings().size() == 2); });
    other.join();

    try {
        pellucid::Set::open("/nonexistent");
        CHECK(false);
    } catch (const pellucid::Error &error) {
        CHECK(error.code() == PELLUCID_SET_UNREADABLE);
        CHECK(std::string(error.what()).find("/nonexistent") != std::string::npos);
    }
    std::puts("passed");
}

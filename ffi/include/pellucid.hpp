// pellucid.hpp: the C interface for C++11 and later, header only: each handle an object that frees
// itself, each failed call an exception. Everything else is as pellucid.h says.
//
//     pellucid::Engine engine({pellucid::Set::builtin()});
//     pellucid::Result result = engine.scan_path("mail.eml");
//     if (!result.is_clean()) for (const auto &finding : result.findings()) std::cout << finding.name;

#ifndef PELLUCID_HPP
#define PELLUCID_HPP

#include <pellucid.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pellucid {

// A call that failed: its code and words.
class Error : public std::runtime_error {
public:
    Error(std::int32_t code, const std::string &message) : std::runtime_error(message), code_(code) {}
    std::int32_t code() const noexcept { return code_; }

private:
    std::int32_t code_;
};

namespace detail {

inline std::string text(const pellucid_string &text) { return std::string(text.data, text.length); }

inline void check(std::int32_t status) {
    if (status != PELLUCID_OK) throw Error(status, pellucid_status_name(status));
}

// Makes a call that says in words why it failed.
template <typename Call>
void call(Call body) {
    pellucid_error *error = nullptr;
    const std::int32_t status = body(&error);
    if (status == PELLUCID_OK) return;
    const std::string words = error ? text(pellucid_error_message(error)) : pellucid_status_name(status);
    pellucid_error_free(error);
    throw Error(status, words);
}

template <typename Handle, void (*Free)(Handle *)>
struct Freeing {
    void operator()(Handle *handle) const noexcept { Free(handle); }
};

template <typename Handle, void (*Free)(Handle *)>
using Owned = std::unique_ptr<Handle, Freeing<Handle, Free>>;

}  // namespace detail

// A signature set. Copies share it.
class Set {
public:
    static Set builtin() {
        pellucid_set *set = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_set_open_builtin(&set, error);
        });
        return Set(set);
    }
    static Set open(const std::string &path) {
        pellucid_set *set = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_set_open_path(path.data(), path.size(), nullptr, &set, error);
        });
        return Set(set);
    }
    static Set from_memory(const void *data, std::size_t length) {
        pellucid_set *set = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_set_open_memory(data, length, nullptr, &set, error);
        });
        return Set(set);
    }
    std::string name() const {
        pellucid_set_info info = {};
        info.struct_size = sizeof info;
        detail::check(pellucid_set_about(set_.get(), &info));
        return detail::text(info.name);
    }
    pellucid_set *get() const noexcept { return set_.get(); }

private:
    explicit Set(pellucid_set *set) : set_(set, pellucid_set_free) {}
    std::shared_ptr<pellucid_set> set_;
};

// Ends the scans whose options name it, from any thread.
class Cancel {
public:
    Cancel() {
        pellucid_cancel *cancel = nullptr;
        detail::check(pellucid_cancel_new(&cancel));
        cancel_.reset(cancel);
    }
    void request() const noexcept { pellucid_cancel_request(cancel_.get()); }
    const pellucid_cancel *get() const noexcept { return cancel_.get(); }

private:
    detail::Owned<pellucid_cancel, pellucid_cancel_free> cancel_;
};

// What a scan may cost. The pointers in it are the caller's to keep alive while it scans.
struct Options : pellucid_scan_options {
    Options() : pellucid_scan_options() {
        detail::check(pellucid_scan_options_init(this, sizeof(pellucid_scan_options)));
    }
};

struct Finding {
    std::string name, set, source;
    std::size_t object;
    std::uint64_t offset;
    std::uint32_t verdict, method, severity;
};

struct Reason {
    std::string name, detail;
    std::size_t object;
    std::uint32_t code;
};

struct Object {
    std::string name;
    std::size_t parent;
    std::uint64_t bytes;
    std::uint32_t completeness;
};

// What a scan says.
class Result {
public:
    explicit Result(pellucid_result *result) : result_(result) {}

    std::uint32_t verdict() const noexcept { return pellucid_result_verdict(get()); }
    std::uint32_t completeness() const noexcept { return pellucid_result_completeness(get()); }
    // Nothing harmful was found, and all of it was looked at.
    bool is_clean() const noexcept {
        return verdict() <= PELLUCID_VERDICT_TRUSTED && completeness() == PELLUCID_COMPLETE;
    }
    std::vector<Finding> findings() const {
        std::vector<Finding> all;
        for (std::size_t i = 0; i < pellucid_result_finding_count(get()); i++) {
            pellucid_finding one = {};
            one.struct_size = sizeof one;
            detail::check(pellucid_result_finding(get(), i, &one));
            all.push_back({detail::text(one.name), detail::text(one.set), detail::text(one.source),
                           one.object, one.offset, one.verdict, one.method, one.severity});
        }
        return all;
    }
    std::vector<Reason> reasons() const {
        std::vector<Reason> all;
        for (std::size_t i = 0; i < pellucid_result_reason_count(get()); i++) {
            pellucid_reason one = {};
            one.struct_size = sizeof one;
            detail::check(pellucid_result_reason(get(), i, &one));
            all.push_back({detail::text(one.name), detail::text(one.detail), one.object, one.code});
        }
        return all;
    }
    std::vector<Object> objects() const {
        std::vector<Object> all;
        for (std::size_t i = 0; i < pellucid_result_object_count(get()); i++) {
            pellucid_object one = {};
            one.struct_size = sizeof one;
            detail::check(pellucid_result_object(get(), i, &one));
            all.push_back({detail::text(one.name), one.parent, one.bytes, one.completeness});
        }
        return all;
    }
    std::string json() const {
        pellucid_string json = {};
        detail::check(pellucid_result_json(get(), &json));
        return detail::text(json);
    }
    const pellucid_result *get() const noexcept { return result_.get(); }

private:
    detail::Owned<pellucid_result, pellucid_result_free> result_;
};

// A scan whose content comes in pieces.
class Stream {
public:
    explicit Stream(pellucid_stream *stream) : stream_(stream) {}
    void write(const void *data, std::size_t length) {
        detail::call([&](pellucid_error **error) {
            return pellucid_stream_write(stream_.get(), data, length, error);
        });
    }
    Result finish() {
        pellucid_result *result = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_stream_finish(stream_.get(), &result, error);
        });
        return Result(result);
    }

private:
    detail::Owned<pellucid_stream, pellucid_stream_free> stream_;
};

// A stack of sets, ready to scan, for any number of threads. Copies share it.
class Engine {
public:
    explicit Engine(const std::vector<Set> &sets) {
        std::vector<pellucid_set *> handles = handles_of(sets);
        pellucid_engine *engine = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_engine_new(handles.data(), handles.size(), nullptr, &engine, error);
        });
        engine_.reset(engine, pellucid_engine_free);
    }
    Engine(std::initializer_list<Set> sets) : Engine(std::vector<Set>(sets)) {}

    // Gives it other sets; scans that are running end with those they began with.
    void swap_sets(const std::vector<Set> &sets) {
        std::vector<pellucid_set *> handles = handles_of(sets);
        detail::call([&](pellucid_error **error) {
            return pellucid_engine_swap(engine_.get(), handles.data(), handles.size(), error);
        });
    }
    Result scan_path(const std::string &path, const pellucid_scan_options *options = nullptr) const {
        pellucid_result *result = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_scan_path(engine_.get(), path.data(), path.size(), options, &result, error);
        });
        return Result(result);
    }
    Result scan_memory(const void *data, std::size_t length,
                       const pellucid_scan_options *options = nullptr) const {
        pellucid_result *result = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_scan_memory(engine_.get(), data, length, options, &result, error);
        });
        return Result(result);
    }
    Stream stream(const pellucid_scan_options *options = nullptr) const {
        pellucid_stream *stream = nullptr;
        detail::call([&](pellucid_error **error) {
            return pellucid_stream_new(engine_.get(), options, &stream, error);
        });
        return Stream(stream);
    }
    pellucid_engine *get() const noexcept { return engine_.get(); }

private:
    static std::vector<pellucid_set *> handles_of(const std::vector<Set> &sets) {
        std::vector<pellucid_set *> handles;
        for (const Set &set : sets) handles.push_back(set.get());
        return handles;
    }
    std::shared_ptr<pellucid_engine> engine_;
};

}  // namespace pellucid

#endif  // PELLUCID_HPP

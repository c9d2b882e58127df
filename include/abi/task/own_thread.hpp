#pragma once
/// How this library starts threads of its own: the one place that knows what they owe to the process. Not for users.
///
///     if (const std::error_code refused = start_own_thread(thread_, "abi/io", [this] { work(); }))
///       return error(ErrorCode::exhausted, "the system gives no thread for files: {}", refused.message());
///
/// Signals meant for the process interrupt the host's threads, not ours; those that a thread raises by its own fault stay, and
/// so does the profiler's. What the system refuses, memory included, is an error code.

#include <abi/base/api.hpp>

#include <functional>
#include <string>
#include <system_error>
#include <thread>

namespace libabi::task::detail {

/// `body` runs on a new thread, which becomes `thread` and must be joined or detached. The system keeps 15 characters of its
/// name.
[[nodiscard]] ABI_API std::error_code start_own_thread(std::thread& thread, std::string name, std::function<void()> body);

}  // namespace libabi::task::detail

#pragma once
/// Cancellation. The one token of the library is the standard's: a long operation looks at it between steps and returns
/// `cancelled`. What a coroutine does with it, and how it gets it, is in context.hpp.

#include <abi/base/boundary.hpp>

#include <atomic>
#include <optional>
#include <stop_token>

namespace libabi::task {

using StopToken = std::stop_token;
using StopSource = std::stop_source;

/// A stop source that knows why it was stopped: by its owner, because time ran out, or because the one above was.
///
///     Cancellation below;
///     ABI_TRY(below.open(above.stop, above.cancellation));   // from here on stopped when `above` is
///     below.request(ErrorCode::deadline_exceeded);
///
/// request() and reason() are thread-safe; open() comes first. Not destroyed while a request() runs in another thread (within
/// one in the same thread it may be); what still holds the token may outlive it. Costs one allocation, in open().
class Cancellation {
 public:
  Cancellation() noexcept : source_(std::nostopstate) {}
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  /// Errors: exhausted. `above` may be a token that can never be stopped; `why` may be null.
  Result<void> open(const StopToken& above = {}, const Cancellation* why = nullptr) noexcept {
    return boundary([&]() -> Result<void> {
      source_ = StopSource();
      if (above.stop_possible()) link_.emplace(above, Forward{this, why});
      return {};
    });
  }

  /// Stops what runs below, once; false where that was done before. `reason` is the code of the errors that its awaits return.
  bool request(ErrorCode reason = ErrorCode::cancelled) noexcept {
    ErrorCode none = ErrorCode::ok;
    reason_.compare_exchange_strong(none, reason, std::memory_order_release, std::memory_order_relaxed);
    StopSource source = source_;  // what the stop ends may end this object too, here and now
    return source.request_stop();
  }

  StopToken token() const noexcept { return source_.get_token(); }
  bool requested() const noexcept { return source_.stop_requested(); }
  /// `cancelled` until something else is known.
  ErrorCode reason() const noexcept {
    const ErrorCode reason = reason_.load(std::memory_order_acquire);
    return reason == ErrorCode::ok ? ErrorCode::cancelled : reason;
  }

 private:
  struct Forward {
    Cancellation* below;
    const Cancellation* above;
    void operator()() const noexcept { below->request(above ? above->reason() : ErrorCode::cancelled); }
  };

  StopSource source_;
  std::atomic<ErrorCode> reason_{ErrorCode::ok};
  std::optional<std::stop_callback<Forward>> link_;  // last: gone before what it refers to
};

}  // namespace libabi::task

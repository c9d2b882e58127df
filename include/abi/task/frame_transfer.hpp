#pragma once
/// How one coroutine goes on with another in constant stack, in every build. Not for users.
///
/// Where the compiler turns the resumption that await_suspend returns into a jump (clang always; g++ when it optimises and no
/// sanitizer is on), that is all. Elsewhere a chain of ten million awaits would be as many nested calls: there await_suspend
/// leaves the next coroutine with the driver of its thread, returns, and the driver goes on with it: a trampoline. Both kinds of
/// code work together in one program; the kind is part of the awaiters' types, so that the linker never takes one for the other.
/// g++ -O1 makes no jumps and cannot be told from -O2: an optimised build without NDEBUG is taken for one of those, and
/// ABI_TASK_TRAMPOLINE=1 or 0 decides by hand.

#include <abi/base/api.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

#if !defined(ABI_TASK_TRAMPOLINE)
#if defined(__clang__)
#define ABI_TASK_TRAMPOLINE 0
#elif defined(__OPTIMIZE__) && defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ABI_TASK_TRAMPOLINE 0
#else
#define ABI_TASK_TRAMPOLINE 1
#endif
#endif

namespace libabi::task::detail {

/// Tags the awaiters of one kind of code.
struct Jump {
  using Next = std::coroutine_handle<>;
};
struct Bounce {
  using Next = void;
};
#if ABI_TASK_TRAMPOLINE
using Transfer = Bounce;
#else
using Transfer = Jump;
#endif

/// Leaves the coroutine with the thread's driver; drives it itself where there is none.
ABI_API void bounce(std::coroutine_handle<> next) noexcept;
/// Resumes the coroutine, and whatever it bounces to, until nothing is left.
ABI_API void drive_bouncing(std::coroutine_handle<> first) noexcept;

/// A thread that is about to wait inside a coroutine: nothing is left with a driver that it would keep waiting too.
class ABI_API NoDriver {
 public:
  NoDriver() noexcept;
  ~NoDriver();
  NoDriver(const NoDriver&) = delete;
  NoDriver& operator=(const NoDriver&) = delete;

 private:
  void* before_;
};

/// What await_suspend returns: `return go_on<Kind>(next);`
template <class Kind>
[[gnu::always_inline]] inline typename Kind::Next go_on(std::coroutine_handle<> next) noexcept {
  if constexpr (std::is_same_v<Kind, Jump>)
    return next;
  else
    bounce(next);
}

/// What await_suspend returns where nothing goes on here.
template <class Kind>
[[gnu::always_inline]] inline typename Kind::Next stay() noexcept {
  if constexpr (std::is_same_v<Kind, Jump>) return std::noop_coroutine();
}

/// The only way in which code that is not a coroutine resumes one.
template <class Kind = Transfer>
inline void drive(std::coroutine_handle<> coroutine) noexcept {
  if constexpr (std::is_same_v<Kind, Jump>)
    coroutine.resume();
  else
    drive_bouncing(coroutine);
}

}  // namespace libabi::task::detail

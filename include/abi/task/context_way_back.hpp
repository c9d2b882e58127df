#pragma once
/// How a coroutine that ends (or hands over an item) on another executor than the one its awaiter belongs to gets the awaiter
/// back to its Place. Not for users.

#include <abi/task/context.hpp>

#include <coroutine>

namespace libabi::task::detail {

/// The base of promises whose coroutines are awaited.
class AwaitedPromise : public ContextPromise {
 public:
  AwaitedPromise() noexcept {}
  ~AwaitedPromise() {}

  void set_waiting(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }

  /// For an awaiter of the suspended coroutine: what it waits for is there. Nothing of this promise is touched by then, since
  /// whoever waited may destroy it at once, in another thread too.
  template <class Kind>
  typename Kind::Next go_back() noexcept {
    const std::coroutine_handle<> waiting = waiting_;
    if (const Place* const place = place_above()) [[unlikely]] {
      ride_.waiting = waiting;
      ride_.priority = place->priority;
      ride_.run = [](Job& self) noexcept { drive(static_cast<Ride&>(self).waiting); };
      place->executor->submit(ride_);
      return stay<Kind>();
    }
    return go_on<Kind>(waiting);
  }

 private:
  struct Ride : Job {
    std::coroutine_handle<> waiting;
  };
  std::coroutine_handle<> waiting_;
  union {
    Ride ride_;  // while the one that waits is on its way back
  };
};

}  // namespace libabi::task::detail

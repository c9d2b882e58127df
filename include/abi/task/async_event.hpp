#pragma once
/// Something that is so or not, and may be waited for.
///
///     AsyncEvent ready;                               // manual: stays set until reset(); all go on
///     AsyncEvent work(AsyncEvent::Reset::automatic);  // each set() lets one go on
///     ABI_CO_TRY(co_await ready.wait());
///
/// Guarantees. What was done before set() is seen after the wait that it ended. An automatic event holds at most one set(): a
/// second one before anybody waits changes nothing; where several wait, the first goes on, and the event is not set afterwards.
/// A waiter that set() let go on does so though reset() follows at once. wait() ends with an error where the awaiting coroutine
/// is stopped; it has not used up a set() then. Those who go on do as context.hpp says. Destroyed when nobody waits; the one
/// whom a set() let go on may do it.
/// Cost. About 7 ns each without waiting; nothing allocates.

#include <abi/task/waiters.hpp>

namespace libabi::task {

class ABI_API AsyncEvent {
 public:
  enum class Reset : bool { manual, automatic };
  class Wait;

  explicit AsyncEvent(Reset reset = Reset::manual, bool set = false) noexcept : reset_(reset), set_(set) {}

  void set() noexcept;
  void reset() noexcept;
  bool is_set() const noexcept;
  /// `co_await event.wait()` is a Result<void>.
  [[nodiscard]] Wait wait() noexcept;

 private:
  friend class detail::Await<AsyncEvent, Wait>;
  bool admit(Wait& wait, bool may_wait) noexcept;
  void abandon(Wait& wait) noexcept;

  mutable std::mutex mutex_;
  const Reset reset_;
  bool set_;
  detail::WaitList waiting_;  // empty where it is set
};

class [[nodiscard]] AsyncEvent::Wait : public detail::Await<AsyncEvent, Wait> {
 public:
  Result<void> await_resume() noexcept {
    if (!finish()) return waiter.context().stop_error();
    return {};
  }

 private:
  friend class AsyncEvent;
  explicit Wait(AsyncEvent& event) noexcept : Await(event) {}
};

inline AsyncEvent::Wait AsyncEvent::wait() noexcept { return Wait(*this); }

}  // namespace libabi::task

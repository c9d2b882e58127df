#pragma once
/// What flows down from an awaiting coroutine to what it awaits, without arguments: the stop token, the deadline, and where to
/// go on (executor and priority). And the protocol by which an awaitable takes part in it.
///
///     Task<int> answer() {
///       const StopToken stop = co_await current_stop_token();
///       while (!stop.stop_requested()) ...
///     }
///
/// ## What is promised
/// - A coroutine of this library (Task, AsyncGenerator) has a Place: the executor and priority it was started with, those of
///   whoever awaits it, or those of the last `co_await schedule_on(...)` in its own body. After every await of something of this
///   library it runs on its Place, whoever completed what it awaited: where that happened elsewhere, it comes back as a job of
///   its executor. A switch inside an awaited task ends with that task. A Place without executor means "wherever it was
///   completed". Awaiting something of another library keeps the promise too, for a frame and a hop (context_await.hpp).
/// - Cancellation reaches every await. Where the token is stopped, an await returns an error without waiting any longer: its code
///   is `cancelled`, or `deadline_exceeded` where that was the reason. A task that has not begun by then does not begin.
///   Nothing is destroyed by cancellation: what has begun runs to its end, and its awaits return errors meanwhile. Cleaning up
///   that must wait for something does so under shielded() (task.hpp).
/// - The context is handed on by pointer and costs nothing to hand on. It outlives all that runs below it, since whatever
///   makes a new one (sync_wait, TaskScope, when_all, when_any, with_deadline) waits for everything it started.
///
/// ## How an awaitable takes part
/// Its `await_suspend` is a template over the promise, and binds a Waiter:
///
///     using FollowsContext = void;                              // says that it does what follows
///     template <class Promise>
///     bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
///       waiter_.bind(waiting);
///       if (waiter_.context().stopped()) return false;          // await_resume returns waiter_.context().stop_error()
///       if (waiter_.context().stop.stop_possible())             // first the callback, then the queue
///         on_stop_.emplace(waiter_.context().stop, OnStop{this});  // a std::stop_callback; it may run at once, in here
///       return owner_.enqueue(*this);                           // false: not queued, since it is there or was stopped
///     }
///
/// 1. The stop callback is registered before the awaiter can be found by anyone else: from the moment it is queued, another
///    thread may complete it, and the coroutine may go on and be gone, with the awaiter, before await_suspend returns.
/// 2. Exactly one of {completion, stop callback} claims the waiter, under the owner's lock or by one exchange. Whoever claimed it
///    calls `waiter_.release()` once, last, with no lock held, and touches nothing of the awaiter afterwards. A stop callback
///    that finds the awaiter not queued yet marks it, and enqueue returns false.
/// 3. release() hands the coroutine to its executor's submit(), or resumes it inline where it has none: what is released may run
///    inside release().
/// 4. await_resume first resets the stop callback (which waits for one that runs in another thread right now), and then returns
///    the value or `context().stop_error()`.
/// 5. A coroutine that waits is not destroyed; it is cancelled and awaited. Awaiters need not unlink themselves.
///
/// In a coroutine of another library (no `promise.context()`) the context is empty, and the Place is the executor whose job ran
/// on the thread when it began to wait, if any.

#include <abi/base/error.hpp>
#include <abi/task/executor.hpp>
#include <abi/task/frame_transfer.hpp>
#include <abi/task/stop.hpp>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace libabi::task {

/// Where a coroutine goes on; without executor, on the thread that completes what it awaits.
struct Place {
  Executor* executor = nullptr;
  Priority priority = Priority::normal;
  friend bool operator==(const Place&, const Place&) = default;
};

/// Points of time are those of the steady clock, or of the clock that a simulator puts in its place (clock.hpp).
using TimePoint = std::chrono::steady_clock::time_point;

/// What everything below a point of the tree of tasks has in common. Immutable while anything runs below it.
struct Context {
  StopToken stop;
  const Cancellation* cancellation = nullptr;  ///< knows the reason of the stop; null: cancelled
  TimePoint deadline = TimePoint::max();       ///< when the stop will be requested; max: never. For information: whoever set it
                                               ///< (with_deadline) also requests the stop then

  bool stopped() const noexcept { return stop.stop_requested(); }
  /// What an await returns once stopped().
  std::unexpected<Error> stop_error() const noexcept { return stop_error_of(cancellation); }
  Result<void> check() const noexcept {
    if (stopped()) return stop_error();
    return {};
  }

  /// The context of what runs below nothing.
  ABI_API static const Context& none() noexcept;

 private:
  ABI_API static std::unexpected<Error> stop_error_of(const Cancellation* cancellation) noexcept;
};

namespace detail {
/// What a coroutine hands on, as one pointer.
struct Surroundings {
  const Context* context = nullptr;
  Place place;
};
inline constexpr Surroundings no_surroundings{};
}  // namespace detail

/// The base of promises whose coroutines have a context.
class ContextPromise {
 public:
  ContextPromise() noexcept {}
  ContextPromise(const ContextPromise&) = delete;
  ContextPromise& operator=(const ContextPromise&) = delete;

  const Context& context() const noexcept { return here_->context ? *here_->context : Context::none(); }
  const Context* context_pointer() const noexcept { return here_->context; }  ///< null where there is none
  const Place& place() const noexcept { return here_->place; }
  bool stopped() const noexcept { return here_->context && here_->context->stopped(); }

  /// From now on the coroutine has this context and belongs there. For whoever starts it, and for what it awaits itself. The
  /// context outlives the coroutine, or the next call.
  void inherit(const Context* context, const Place& place) noexcept {
    if (here_ != &own_) above_ = here_;
    std::construct_at(&own_, context, place);
    here_ = &own_;
  }
  /// The same for one that nobody of this library waits for.
  void begin_with(const Context* context, const Place& place) noexcept {
    std::construct_at(&own_, context, place);
    above_ = &detail::no_surroundings;
    here_ = &own_;
  }
  /// For schedule_on.
  void move_to(const Place& place) noexcept { inherit(here_->context, place); }

  /// For an awaitable that starts the coroutine, each time it does: it has what `waiting` has.
  template <class Promise>
  void begin_below(std::coroutine_handle<Promise> waiting) noexcept {
    if constexpr (std::derived_from<Promise, ContextPromise>)
      here_ = static_cast<const ContextPromise&>(waiting.promise()).here_;
    else
      begin_with(nullptr, Place{Executor::current(), Priority::normal});
  }
  /// The same, but in another context.
  template <class Promise>
  void begin_below(std::coroutine_handle<Promise> waiting, const Context& context) noexcept {
    begin_below(waiting);
    inherit(&context, here_->place);
  }

  /// Whether it has something else than the coroutine that waits for it, or nobody to share it with.
  bool has_own_surroundings() const noexcept { return here_ == &own_; }

 protected:
  /// Where the coroutine that waits for this one belongs, where it has an executor and that is not where this one is now.
  const Place* place_above() const noexcept {
    if (here_ != &own_) [[likely]]
      return nullptr;
    if (!above_->place.executor || above_->place == own_.place) return nullptr;
    return &above_->place;
  }

 private:
  // Most coroutines share what they were given and set none of their own.
  const detail::Surroundings* here_ = &detail::no_surroundings;
  const detail::Surroundings* above_;  // what it was given before; this and the next are set where here_ refers to own_
  union {
    detail::Surroundings own_;
  };
};

namespace detail {

template <class Promise>
concept HasContext = std::derived_from<Promise, ContextPromise>;

template <class Promise>
const Context* context_of(std::coroutine_handle<Promise> coroutine) noexcept {
  if constexpr (HasContext<Promise>)
    return coroutine.promise().context_pointer();
  else
    return nullptr;
}

template <class Promise>
Place place_of(std::coroutine_handle<Promise> coroutine) noexcept {
  if constexpr (HasContext<Promise>)
    return coroutine.promise().place();
  else
    return Place{Executor::current(), Priority::normal};
}

}  // namespace detail

/// A coroutine that waits: who it is, and how it goes on. Part of an awaiter; a Job, so that releasing it allocates nothing.
class Waiter : private Job {
 public:
  template <class Promise>
  void bind(std::coroutine_handle<Promise> waiting) noexcept {
    waiting_ = waiting;
    context_ = detail::context_of(waiting);
    const Place place = detail::place_of(waiting);
    executor_ = place.executor;
    priority = place.priority;
  }

  const Context& context() const noexcept { return context_ ? *context_ : Context::none(); }
  Executor* executor() const noexcept { return executor_; }
  std::coroutine_handle<> coroutine() const noexcept { return waiting_; }

  /// The coroutine goes on: as a job of its executor, or inline where it has none. Once; `this` may be gone on return.
  void release() noexcept {
    if (!executor_) return detail::drive(waiting_);
    run = [](Job& self) noexcept { detail::drive(static_cast<Waiter&>(self).waiting_); };
    executor_->submit(*this);
  }

 private:
  std::coroutine_handle<> waiting_;
  const Context* context_ = nullptr;
  Executor* executor_ = nullptr;
};

namespace detail {

// An await that only looks at the awaiting coroutine.
template <class Look>
class Ask {
 public:
  using FollowsContext = void;
  using Answer = decltype(Look::at(std::declval<const Context&>(), std::declval<const Place&>()));
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> asking) noexcept {
    const Context* const context = context_of(asking);
    answer_.emplace(Look::at(context ? *context : Context::none(), place_of(asking)));
    return false;
  }
  Answer await_resume() noexcept { return std::move(*answer_); }

 private:
  std::optional<Answer> answer_;
};

struct AskStop {
  static StopToken at(const Context& context, const Place&) noexcept { return context.stop; }
};
struct AskDeadline {
  static TimePoint at(const Context& context, const Place&) noexcept { return context.deadline; }
};
struct AskPlace {
  static Place at(const Context&, const Place& place) noexcept { return place; }
};
struct AskContext {
  static const Context* at(const Context& context, const Place&) noexcept { return &context; }
};

}  // namespace detail

/// `co_await current_stop_token()` and the like: what the awaiting coroutine was given. None of them suspends or fails.
[[nodiscard]] inline detail::Ask<detail::AskStop> current_stop_token() noexcept { return {}; }
/// TimePoint::max() where there is none.
[[nodiscard]] inline detail::Ask<detail::AskDeadline> current_deadline() noexcept { return {}; }
/// The executor (null: none) and the priority.
[[nodiscard]] inline detail::Ask<detail::AskPlace> current_place() noexcept { return {}; }
/// A pointer to the context, valid while the coroutine runs or waits.
[[nodiscard]] inline detail::Ask<detail::AskContext> current_context() noexcept { return {}; }

}  // namespace libabi::task

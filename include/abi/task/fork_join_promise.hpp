#pragma once
/// The coroutines of fork_join.hpp and what they may await. Not for users.

#include <abi/base/boundary.hpp>
#include <abi/task/fork_join_frame.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace libabi::task {

template <class T>
class Fork;

namespace detail {

template <class T>
struct ForkValue {
  using Type = T;
};
template <class U>
struct ForkValue<Result<U>> {
  using Type = U;
};

/// What stands for a result in memory: nothing for void, a pointer for a reference.
struct Nothing {};
template <class V>
using Stored = std::conditional_t<std::is_void_v<V>, Nothing,
                                  std::conditional_t<std::is_reference_v<V>, std::remove_reference_t<V>*, std::remove_cv_t<V>>>;

/// A result that is written over whatever bytes there are, in one store. Others are put into an optional, or assigned.
template <class S>
inline constexpr bool is_plain = std::is_trivially_copyable_v<S> && std::is_default_constructible_v<S>;

/// Where a caller keeps the result of a task that it called.
template <class S>
using ResultSlot = std::conditional_t<is_plain<S>, S, std::optional<S>>;

template <class S>
struct HowStored {};
template <class S>
  requires(!is_plain<S>)
struct HowStored<S> {
  void (*store)(void* out, S&& value);
};

template <class S>
void store_in_optional(void* out, S&& value) {
  static_cast<std::optional<S>*>(out)->emplace(std::move(value));
}
template <class S>
void store_by_assignment(void* out, S&& value) {
  *static_cast<S*>(out) = std::move(value);
}

/// Whether `co_return value` may be in a task of V.
template <class V, class U>
constexpr bool gives() noexcept {
  if constexpr (std::is_same_v<std::remove_cvref_t<U>, std::unexpected<Error>>)
    return true;
  else if constexpr (std::is_reference_v<V>)
    return std::is_convertible_v<U, V>;
  else
    return std::is_constructible_v<Result<V>, U>;
}

/// The part of a promise that depends on the type of the result alone.
template <class V>
struct ForkResult : ForkFrame, HowStored<Stored<V>> {
  using S = Stored<V>;

  /// The result goes into a slot; into an object that is there.
  void give_to(ResultSlot<S>& slot) noexcept {
    out = &slot;
    if constexpr (!is_plain<S>) this->store = store_in_optional<S>;
  }
  void assign_to(S& object) noexcept {
    out = &object;
    if constexpr (!is_plain<S>) this->store = store_by_assignment<S>;
  }

  template <class U = std::conditional_t<std::is_void_v<V>, Result<void>, V>>
    requires(gives<V, U>())
  void return_value(U&& value) {
    using Given = std::remove_cvref_t<U>;
    if constexpr (std::is_same_v<Given, std::unexpected<Error>>) {
      fail_with(*this, Error(std::forward<U>(value).error()));
    } else if constexpr (std::is_reference_v<V>) {
      V reference = std::forward<U>(value);
      put(std::addressof(reference));
    } else if constexpr (std::is_same_v<Given, Result<V>>) {
      if (!value) return fail_with(*this, Error(std::forward<U>(value).error()));
      if constexpr (!std::is_void_v<V>) put(*std::forward<U>(value));
    } else {
      put(std::forward<U>(value));
    }
  }
  void unhandled_exception() noexcept { fail_with_exception(*this); }

 private:
  template <class U>
  void put(U&& value) {
    if constexpr (is_plain<S>)
      std::construct_at(static_cast<S*>(out), std::forward<U>(value));
    else
      this->store(out, S(std::forward<U>(value)));
  }
};

template <class Kind>
struct ForkAwait {
  ForkFrame* child;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] typename Kind::Next await_suspend(std::coroutine_handle<Promise> body) const noexcept {
    ForkFrame& task = body.promise();
    // Once the task is pushed it may be stolen and go on, and this awaiter is gone.
    ForkFrame* const next = child;
    if (!next || stop_seen()) [[unlikely]]
      return go_on<Kind>(refuse(task, next));
    next->up = task.as(forked);
    task.make_stealable();
    if (!fork_thread.worker->push(task.job())) [[unlikely]]
      next->up = task.as(called);
    return go_on<Kind>(next->handle());
  }
  void await_resume() const noexcept {}
};

/// The value comes back as it is, or as a Result where the task asks.
template <class V, bool kAsks, class Kind>
class CallAwait {
 public:
  explicit CallAwait(ForkFrame* child) noexcept : child_(static_cast<ForkResult<V>*>(child)) {}
  CallAwait(const CallAwait&) = delete;
  CallAwait& operator=(const CallAwait&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] typename Kind::Next await_suspend(std::coroutine_handle<Promise> body) noexcept {
    ForkFrame& task = body.promise();
    if constexpr (kAsks) {
      asking_ = &task;
      task.steals |= asks;
    }
    if (!child_) [[unlikely]]
      return go_on<Kind>(refuse(task, child_));
    child_->give_to(slot_);
    child_->up = task.as(called);
    return go_on<Kind>(child_->handle());
  }
  V await_resume() noexcept
    requires(!kAsks)
  {
    return value();
  }
  auto await_resume() noexcept -> Result<V>
    requires(kAsks)
  {
    asking_->steals &= ~asks;
    if (fork_thread.handing) return std::unexpected(take_handed());
    if constexpr (std::is_void_v<V>)
      return {};
    else
      return value();
  }

 private:
  V value() noexcept {
    if constexpr (std::is_reference_v<V>)
      return static_cast<V>(*slot_);
    else if constexpr (std::is_void_v<V>)
      return;
    else if constexpr (is_plain<Stored<V>>)
      return slot_;
    else
      return std::move(*slot_);
  }

  struct None {};
  ForkResult<V>* child_;
  ResultSlot<Stored<V>> slot_;
  [[no_unique_address]] std::conditional_t<kAsks, ForkFrame*, None> asking_{};
};

template <bool kAsks, class Kind>
struct JoinAwait {
  ForkFrame* task;
  bool await_ready() const noexcept { return task->steals == 0; }
  typename Kind::Next await_suspend(std::coroutine_handle<>) const noexcept {
    if constexpr (kAsks) task->steals |= asks;
    return go_on<Kind>(join_slowly(*task));
  }
  void await_resume() const noexcept
    requires(!kAsks)
  {}
  Result<void> await_resume() const noexcept
    requires(kAsks)
  {
    task->steals &= ~asks;
    if (task->joins.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return std::unexpected(take_failure(*task));
    return {};
  }
};

template <class Kind>
struct ForkEnd {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::always_inline]] typename Kind::Next await_suspend(std::coroutine_handle<Promise> body) const noexcept {
    ForkFrame& task = body.promise();
    const std::uintptr_t up = task.up;
    if (((up & root) | task.steals) != 0) [[unlikely]]
      return go_on<Kind>(join_slowly(task));
    if constexpr (!Promise::kNothingToDestroy) body.destroy();
    pop_frame(body.address());
    if ((up & called) != 0) return go_on<Kind>(reinterpret_cast<ForkFrame*>(up - called)->handle());
    ForkFrame& parent = *reinterpret_cast<ForkFrame*>(up);
    Job* const popped = fork_thread.worker->pop();
    if (popped == &parent.job()) [[likely]]
      return go_on<Kind>(parent.handle());
    return go_on<Kind>(arrive(parent, popped));
  }
  void await_resume() const noexcept {}
};

/// What the functions of fork_join.hpp make of their arguments, to be awaited.
struct Forked {
  ForkFrame* child;
};
template <class V>
struct Tried {
  ForkFrame* child;
};
struct Join {};
struct TryJoin {};

/// kDestroysNothing: the parameters of the coroutine are trivial, so that its frame is given up and not destroyed at its end.
template <class T, bool kDestroysNothing>
class ForkPromise final : public ForkResult<typename ForkValue<T>::Type> {
 public:
  static constexpr bool kNothingToDestroy = kDestroysNothing;

  // The type itself: g++ 12 fails where it has to convert to what cannot be moved.
  Fork<T> get_return_object() noexcept;
  static Fork<T> get_return_object_on_allocation_failure() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  ForkEnd<Transfer> final_suspend() const noexcept { return {}; }

  ForkAwait<Transfer> await_transform(Forked awaited) noexcept { return {awaited.child}; }
  template <class U>
  auto await_transform(Fork<U>&& task) noexcept;
  template <class U>
  CallAwait<U, true, Transfer> await_transform(Tried<U> awaited) noexcept {
    return CallAwait<U, true, Transfer>(awaited.child);
  }
  JoinAwait<false, Transfer> await_transform(Join) noexcept { return {this}; }
  JoinAwait<true, Transfer> await_transform(TryJoin) noexcept { return {this}; }
};

}  // namespace detail
}  // namespace libabi::task

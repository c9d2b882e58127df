#pragma once
/// A piece of work that waits without holding a thread: a coroutine that begins when it is awaited, and gives a Result.
///
///     Task<int> parse(std::string text) {
///       if (text.empty()) co_return error(ErrorCode::invalid_argument, "there is nothing to parse");
///       co_return to_number(text);
///     }
///     Task<void> serve(Channel<std::string>& lines) {
///       for (;;) {
///         ABI_CO_TRY(const std::string line, co_await lines.receive());
///         ABI_CO_TRY(const int number, co_await parse(line));
///         ...
///       }
///       co_return {};
///     }
///
/// ## What it is
/// `co_await task` is a Result<T>: what the body returned (`co_return` of a T, a Result<T>, or an error), or the Error that
/// stands for an exception which left it. Task<Result<U>> is the same as Task<U>. The body of a Task<void> ends with
/// `co_return {}` (it may not run off its end: one coroutine cannot have both that and `co_return error(...)`).
///
/// Nothing runs before it is awaited. Then the body runs on the thread of whoever awaits it, at once, until it waits for
/// something; its context (stop token, deadline, executor, priority) is that of whoever awaits it: see context.hpp for what is
/// promised. Ordinary code begins with sync_wait() or start() (sync_wait.hpp), or a TaskScope.
///
/// ## Ownership
/// A Task owns its coroutine: parameters and locals live until the result has been taken, which destroys them before the await
/// is over. Awaiting takes the coroutine out of the task. A task that was never awaited is destroyed with its parameters, its
/// body not begun. A task that has begun is not destroyed before its end (the awaiting coroutine holds it and waits); one that
/// is to end early is cancelled. Remember that a lambda's captures belong to the lambda: they must outlive the task, its
/// parameters need not.
///
/// ## Errors
/// Besides those of the body: `exhausted` where there was no memory for the frame; `cancelled` or `deadline_exceeded` where the
/// awaiting coroutine's token was stopped before the body began; `failed_precondition` where the task is empty.
///
/// ## Cost
/// To create, await and destroy one: about 6 ns. Awaiting is a jump, in constant stack however long or deep the chain
/// (frame_transfer.hpp); frames come from the thread's free lists (frame.hpp), so that a steady state allocates nothing.

#include <abi/base/boundary.hpp>
#include <abi/task/context_await.hpp>
#include <abi/task/context_way_back.hpp>
#include <abi/task/frame.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace libabi::task {

template <class T = void>
class Task;

namespace detail {

template <class T>
struct ValueOf {
  using Type = T;
};
template <class U>
struct ValueOf<Result<U>> {
  using Type = U;
};

template <class V>
class TaskPromise final : public FrameMemory, public AwaitedPromise {
 public:
  using Body = std::coroutine_handle<TaskPromise>;

  TaskPromise() noexcept {}
  ~TaskPromise() {
    if (ended_) std::destroy_at(&result_);
  }
  Body get_return_object() noexcept { return Body::from_promise(*this); }
  static Body get_return_object_on_allocation_failure() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return End<Transfer>(); }

  template <class U = std::conditional_t<std::is_void_v<V>, Result<void>, V>>
    requires std::is_constructible_v<Result<V>, U>
  void return_value(U&& value) noexcept(std::is_nothrow_constructible_v<Result<V>, U>) {
    std::construct_at(&result_, std::forward<U>(value));
    ended_ = true;
  }
  void unhandled_exception() noexcept {
    std::construct_at(&result_, std::unexpected(libabi::detail::current_exception_error()));
    ended_ = true;
  }

  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& awaitable) noexcept(FollowsContext<Awaitable>) {
    return follow(std::forward<Awaitable>(awaitable));
  }

  Result<V> result() noexcept {
    if (ended_) [[likely]]
      return std::move(result_);
    return context().stop_error();
  }

 private:
  template <class Kind>
  struct End {
    bool await_ready() const noexcept { return false; }
    typename Kind::Next await_suspend(Body body) const noexcept { return body.promise().template go_back<Kind>(); }
    void await_resume() const noexcept {}
  };

  union {
    Result<V> result_;  // once ended_
  };
  bool ended_ = false;
};

// Handles that are no coroutine: why there is none.
inline constexpr std::uintptr_t no_frame = 0;
inline constexpr std::uintptr_t no_memory = 1;

template <class V>
TaskPromise<V>::Body TaskPromise<V>::get_return_object_on_allocation_failure() noexcept {
  return Body::from_address(reinterpret_cast<void*>(no_memory));
}

ABI_API std::unexpected<Error> task_is_not_there(bool for_want_of_memory) noexcept;

/// `co_await task`: holds the coroutine until its result is taken.
template <class V, class Kind = Transfer>
class [[nodiscard]] TaskAwait {
 public:
  using FollowsContext = void;
  using Body = TaskPromise<V>::Body;

  explicit TaskAwait(Body body) noexcept : body_(body) {}
  TaskAwait(const TaskAwait&) = delete;
  TaskAwait& operator=(const TaskAwait&) = delete;
  ~TaskAwait() {
    if (there()) [[unlikely]]
      body_.destroy();
  }

  bool await_ready() const noexcept { return !there(); }
  template <class Promise>
  typename Kind::Next await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    body_.promise().begin_below(waiting);
    return begin(waiting);
  }
  Result<V> await_resume() noexcept {
    if (!there()) [[unlikely]]
      return no_body();
    const Destroyed body{std::exchange(body_, nullptr)};
    return body.handle.promise().result();
  }

 protected:
  typename Kind::Next begin(std::coroutine_handle<> waiting) noexcept {
    TaskPromise<V>& promise = body_.promise();
    promise.set_waiting(waiting);
    if (promise.stopped()) [[unlikely]]
      return go_on<Kind>(waiting);
    return go_on<Kind>(body_);
  }
  Body body_;

 private:
  struct Destroyed {
    Body handle;
    ~Destroyed() { handle.destroy(); }
  };
  bool there() const noexcept { return reinterpret_cast<std::uintptr_t>(body_.address()) > no_memory; }
  std::unexpected<Error> no_body() const noexcept { return task_is_not_there(body_.address() != nullptr); }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  /// What an await gives is Result<Value>.
  using Value = detail::ValueOf<T>::Type;
  using promise_type = detail::TaskPromise<Value>;
  using FollowsContext = void;
  static_assert(std::is_void_v<Value> || (std::is_object_v<Value> && std::is_nothrow_move_constructible_v<Value>));

  /// Empty: awaiting it is `failed_precondition`.
  Task() = default;
  /// A task that gives this error: for functions that fail before they can be a coroutine.
  Task(std::unexpected<Error> failure) noexcept : Task(fail(std::move(failure))) {}
  Task(std::coroutine_handle<promise_type> body) noexcept : body_(body) {}
  Task(Task&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    const Task old(std::exchange(body_, std::exchange(other.body_, nullptr)));
    return *this;
  }
  ~Task() {
    if (reinterpret_cast<std::uintptr_t>(body_.address()) > detail::no_memory) [[unlikely]]
      body_.destroy();
  }

  /// Takes the coroutine out of the task, which is empty afterwards.
  detail::TaskAwait<Value> operator co_await() noexcept { return detail::TaskAwait<Value>(release()); }
  /// The same by hand; what is returned must be destroyed.
  std::coroutine_handle<promise_type> release() noexcept { return std::exchange(body_, nullptr); }

  /// False where an await would give an error at once: it is empty, or there was no memory for it.
  explicit operator bool() const noexcept { return reinterpret_cast<std::uintptr_t>(body_.address()) > detail::no_memory; }

 private:
  static Task fail(std::unexpected<Error> failure) { co_return std::move(failure); }

  std::coroutine_handle<promise_type> body_;
};

namespace detail {

template <class V>
class UnderAwait : public TaskAwait<V> {
 public:
  UnderAwait(const Context& context, TaskAwait<V>::Body body) noexcept : TaskAwait<V>(body), context_(&context) {}
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    this->body_.promise().begin_below(waiting, *context_);
    return this->begin(waiting);
  }

 private:
  const Context* context_;
};

}  // namespace detail

/// `co_await under(context, task())`: the task runs in that context instead of the awaiting coroutine's, and on its Place. The
/// context lives until the await is over; one that is to keep what is above it links a Cancellation (stop.hpp) to it.
template <class T>
[[nodiscard]] auto under(const Context& context, Task<T> task) noexcept {
  return detail::UnderAwait<typename Task<T>::Value>(context, task.release());
}

/// `co_await shielded(task())`: under no stop token and no deadline, for cleaning up after a cancellation.
template <class T>
[[nodiscard]] auto shielded(Task<T> task) noexcept {
  return under(Context::none(), std::move(task));
}

}  // namespace libabi::task

#pragma once
/// Structured concurrency: tasks that run side by side, however many, and all of which have ended when the scope does.
///
///     Result<void> done = co_await with_scope([&](TaskScope& scope) -> Task<void> {
///       for (;;) {
///         ABI_CO_TRY(Connection connection, co_await listener.accept());
///         ABI_CO_TRY(scope.spawn(serve(std::move(connection))));
///       }
///     });
///
/// ## Guarantees
/// - No task outlives its scope: with_scope() is over when its body and every task of the scope are, however the body ended.
/// - The first error, in time, of a task (or of the body) is what with_scope() or join() gives. It stops the rest: their awaits
///   return `cancelled`, and tasks that have not begun do not begin. With OnError::go_on the rest run to their ends.
/// - The stop token above the scope (of the coroutine that awaits with_scope, or of the Context the scope was made with) reaches
///   every task, and so does request_stop(). A scope that was stopped gives the `cancelled` of its tasks; one whose tasks all
///   ended well all the same gives success.
/// - What a task returns besides its error is dropped. An exception in a task is its error.
///
/// A TaskScope by itself is for ordinary code and for members: whoever has it calls `co_await scope.join()` or
/// `scope.wait()`. Its destructor stops what runs still and waits for it, asleep: not on a thread which the tasks need in order
/// to end, such as the only worker of their executor.
///
/// spawn() is thread-safe, and may be called by tasks of the scope while it is joined; by others not after join() has begun.
/// join() and wait() by one at a time. A scope that was joined can be used again, unless it was stopped.
///
/// Cost: one allocation for the scope (its stop state), one frame for each task besides the task's own.

#include <abi/task/group.hpp>

#include <atomic>
#include <optional>
#include <utility>

namespace libabi::task {

enum class OnError : bool { stop_the_rest, go_on };

struct ScopeOptions {
  OnError on_error = OnError::stop_the_rest;
};

class ABI_API TaskScope {
 public:
  class JoinAwait;

  /// Tasks are jobs of `place`, at its priority; without executor they begin inside spawn(). They run below `above`, which
  /// outlives the scope.
  explicit TaskScope(const Place& place = {}, const Context& above = Context::none(), const ScopeOptions& options = {}) noexcept
      : place_(place), options_(options), opened_(cancellation_.open(above.stop, above.cancellation)) {
    context_ = {.stop = cancellation_.token(), .cancellation = &cancellation_, .deadline = above.deadline};
  }
  explicit TaskScope(Executor& executor, const ScopeOptions& options = {}) noexcept
      : TaskScope(Place{&executor, Priority::normal}, Context::none(), options) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() {
    if (join_.idle()) return;
    request_stop();
    join_.block();
  }

  /// Errors: exhausted, failed_precondition (an empty task). The task is destroyed then, not begun, and the others go on.
  template <class T>
  Result<void> spawn(Task<T> task) noexcept {
    return spawn(place_, std::move(task));
  }
  template <class T>
  Result<void> spawn(Executor& executor, Task<T> task, Priority priority = Priority::normal) noexcept {
    return spawn(Place{&executor, priority}, std::move(task));
  }
  template <class T>
  Result<void> spawn(const Place& place, Task<T> task) noexcept;

  /// `co_await scope.join()`: when all tasks have ended, the first error.
  [[nodiscard]] JoinAwait join() noexcept;
  /// The same for ordinary code: the thread sleeps.
  Result<void> wait() noexcept {
    join_.block();
    return outcome();
  }

  /// Stops every task, those spawned later too.
  void request_stop(ErrorCode reason = ErrorCode::cancelled) noexcept { cancellation_.request(reason); }
  /// What the tasks run below.
  const Context& context() const noexcept { return context_; }
  /// For a part of the scope's work that is not a task of it: its error is an error of the scope.
  void fail(Error failure) noexcept;

 private:
  template <class T>
  static detail::Branch branch(TaskScope& scope, Task<T> task) {
    auto result = co_await task;
    if (!result) scope.fail(std::move(result).error());
  }
  Result<void> outcome() noexcept;

  const Place place_;
  const ScopeOptions options_;
  Cancellation cancellation_;
  const Result<void> opened_;
  Context context_;
  std::atomic<bool> failed_{false};
  std::optional<Error> failure_;  // of who set failed_; read when all have ended
  detail::BranchJoin join_;
};

class TaskScope::JoinAwait {
 public:
  using FollowsContext = void;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return scope_.join_.wait().await_suspend(waiting);
  }
  Result<void> await_resume() noexcept {
    scope_.join_.wait().await_resume();
    return scope_.outcome();
  }

 private:
  friend class TaskScope;
  explicit JoinAwait(TaskScope& scope) noexcept : scope_(scope) {}
  TaskScope& scope_;
};

inline TaskScope::JoinAwait TaskScope::join() noexcept { return JoinAwait(*this); }

template <class T>
Result<void> TaskScope::spawn(const Place& place, Task<T> task) noexcept {
  if (!opened_) return opened_;
  if (!task) return std::unexpected(std::move(task.operator co_await().await_resume()).error());
  const detail::Branch started = branch(*this, std::move(task));
  if (!started) return detail::no_memory_for_a_frame();
  if (place.executor)
    started.submit(join_, context_, place);
  else
    started.start(join_, context_, place);
  return {};
}

/// `co_await with_scope(body)`: calls `body(TaskScope&)`, which returns a Task<void>, runs it in the scope's context, and waits
/// for all tasks. They have the Place of the awaiting coroutine. Errors: the first, in time, of the body and the tasks.
template <class Body>
Task<void> with_scope(Body body, ScopeOptions options = {}) {
  TaskScope scope(co_await current_place(), *co_await current_context(), options);
  Result<void> own;
  try {
    own = co_await under(scope.context(), body(scope));
  } catch (...) {
    own = std::unexpected(libabi::detail::current_exception_error());
  }
  if (!own) scope.fail(std::move(own).error());
  co_return co_await scope.join();
}

}  // namespace libabi::task

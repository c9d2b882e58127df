#pragma once
/// From ordinary code into tasks: wait for one, or start one and be called when it is done.
///
///     Result<int> answer = sync_wait(ask("how much"));                 // runs on this thread
///     Result<int> answer = sync_wait(scheduler, ask("how much"));      // runs on the scheduler
///     ABI_TRY(start(scheduler, ask("how much"), [](Result<int> answer) { ... }));
///
/// sync_wait(task) makes the calling thread the executor of the task: the task and everything it awaits go on there, whoever
/// completes what they wait for; in between the thread sleeps. sync_wait(executor, task) starts the task as a job of the
/// executor, and the thread sleeps until it is over. A worker of a Scheduler that sleeps here is replaced by a spare thread
/// meanwhile (BlockingScope); on a thread of another executor which the task needs in order to go on, this never returns.
///
/// Errors: what the task gives, and `exhausted`. Costs a frame; a call that need not sleep takes about 50 ns.

#include <abi/task/schedule_on.hpp>
#include <abi/task/task.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace libabi::task {

struct StartOptions {
  StopToken stop;                         ///< stops the task
  TimePoint deadline = TimePoint::max();  ///< what the task is told; with_deadline() also keeps it
  Priority priority = Priority::normal;
};

/// The task as a job of the executor, which hands the awaiting coroutine back to its own place afterwards.
template <class T>
Task<T> on(Executor& executor, Task<T> task, Priority priority = Priority::normal) {
  ABI_CO_TRY(co_await schedule_on(executor, priority));
  co_return co_await task;
}

namespace detail {

/// Jobs that are run by a thread that waits for something.
class ABI_API CallerLoop final : public Executor {
 public:
  void submit(Job& job) noexcept override;
  /// Runs jobs until one of them calls finish().
  void run() noexcept;
  void finish() noexcept { finished_ = true; }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  bool finished_ = false;  // the running thread's
};

/// A coroutine that nobody awaits: it is made, started once, and gone when it ends.
class Root {
 public:
  struct promise_type : FrameMemory, ContextPromise {
    Root get_return_object() noexcept { return Root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    static Root get_return_object_on_allocation_failure() noexcept { return Root{nullptr}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    ABI_API void unhandled_exception() const noexcept;
    template <class Awaitable>
    decltype(auto) await_transform(Awaitable&& awaitable) {
      return follow(std::forward<Awaitable>(awaitable));
    }
  };

  /// False: no memory.
  explicit operator bool() const noexcept { return handle != nullptr; }
  /// Runs it up to where it waits first.
  void start(const Context* context, const Place& place) const noexcept {
    handle.promise().inherit(context, place);
    drive(handle);
  }

  std::coroutine_handle<promise_type> handle;
};

template <class T, class V = typename Task<T>::Value>
Root wait_in(CallerLoop& loop, Task<T> task, std::optional<Result<V>>& result) {
  result.emplace(co_await task);
  loop.finish();
}

template <class T, class Callback>
Root call_after(Executor& executor, Priority priority, Task<T> task, Callback callback, Context context) {
  (void)co_await schedule_on(executor, priority);
  callback(co_await under(context, std::move(task)));
}

inline std::unexpected<Error> no_memory_for_a_frame() noexcept { return task_is_not_there(true); }

}  // namespace detail

/// Runs the task to its end; its jobs run on this thread meanwhile. Thread-safe, and may be nested.
template <class T>
Result<typename Task<T>::Value> sync_wait(Task<T> task, const StartOptions& options = {}) noexcept {
  detail::CallerLoop loop;
  std::optional<Result<typename Task<T>::Value>> result;
  const detail::Root root = detail::wait_in(loop, std::move(task), result);
  if (!root) return detail::no_memory_for_a_frame();
  const Context context{.stop = options.stop, .deadline = options.deadline};
  const bool bare = !options.stop.stop_possible() && options.deadline == TimePoint::max();
  root.start(bare ? nullptr : &context, Place{&loop, options.priority});
  loop.run();
  return std::move(*result);
}

/// The same, with the task on an executor.
template <class T>
Result<typename Task<T>::Value> sync_wait(Executor& executor, Task<T> task, const StartOptions& options = {}) noexcept {
  return sync_wait(on(executor, std::move(task), options.priority), options);
}

/// Starts the task as a job of the executor and returns; `callback(Result<Value>)` is called there when it is over, once. The
/// executor outlives both. What the callback throws is logged. Errors: exhausted, and the callback is not called then.
template <class T, class Callback>
Result<void> start(Executor& executor, Task<T> task, Callback callback, const StartOptions& options = {}) noexcept {
  return boundary([&]() -> Result<void> {
    const Context context{.stop = options.stop, .deadline = options.deadline};
    const detail::Root root = detail::call_after(executor, options.priority, std::move(task), std::move(callback), context);
    if (!root) return detail::no_memory_for_a_frame();
    root.start(nullptr, Place{});
    return {};
  });
}

}  // namespace libabi::task

#pragma once
/// Fork-join: functions that call each other as usual, except that some calls may go on side by side with their caller.
///
///     Fork<long> fib(long n) {
///       if (n < 2) co_return n;
///       long a;
///       co_await fork(a, fib(n - 1));           // may run beside what follows; the result goes into a
///       const long b = co_await fib(n - 2);     // a call: what follows waits for it
///       co_await join();                        // waits for all that was forked: from here on a is there
///       co_return a + b;
///     }
///     Result<long> answer = fork_join(scheduler, fib, 30);                  // from ordinary code, which waits
///     Result<long> answer = co_await async_fork_join(scheduler, fib, 30);   // from a Task, which waits without its thread
///
/// ## What it is
/// A Fork<T> is a function of that kind: a coroutine that begins when fork() or a call takes it. It is taken where it is made:
/// as an argument of fork() or an operand of co_await, within another such function or as the function of fork_join(). It awaits
/// nothing but fork(), calls, join(), try_join() and try_call(): to wait for anything else, a Task starts it and not the other
/// way round. Blocking is allowed where a scheduler's BlockingScope says so.
///
/// fork() runs the child at once, on this thread, and leaves the rest of the caller to be stolen by an idle worker ("work first":
/// Frigo, Leiserson and Randall, PLDI 1998; as coroutines: Williams and Elliott, libfork, 2024; the join as in Schmaus et al.,
/// Nowa, 2021). So with one worker everything runs in the order of an ordinary program, and a fork that nobody steals is little
/// more than a call. After a fork() the caller may be on another thread: it holds no lock and no pointer to a thread's own data
/// across one.
///
/// ## Results
/// T is void (the body ends with `co_return {}`), a reference, or a value that moves without throwing. fork() assigns the result
/// to its first argument, which outlives the join and is not touched before it. Fork<Result<U>> is the same as Fork<U>.
///
/// ## Errors
/// A task fails by `co_return error(...)` (so ABI_CO_TRY may be used in it), by an exception that leaves its body, where there is
/// no memory for the frame of a child or a stack (`exhausted`), or because it was stopped (`cancelled`, or the reason). A failure
/// ends the task that called it, at once, and the task that forked it, at its join; in both cases after all that this one forked
/// is through, without its body going on: its variables are destroyed as if by `co_return error(...)`. Of several failures the
/// first counts. So errors come up by themselves, unless a task asks:
///
///     Result<long> b = co_await try_call(fib(n - 2));
///     Result<void> children = co_await try_join();
///
/// A body that ends with children still running waits for them first, and fails if one of them does. An exception must not leave
/// a body, though, between a fork() and the join where the result goes into one of its variables that is not trivially copyable.
///
/// ## Stopping
/// Where a stop is requested (ForkOptions, or the token of the awaiting Task), a task that forks ends instead, as `cancelled`,
/// after its children. A long body without forks looks at fork_stopped().
///
/// ## Memory
/// The frames stand in stacks of 64 KiB segments that belong to the workers and move with what is stolen, so that depth is
/// limited by memory alone: ten million nested forks use no more of the thread's own stack than one. With P workers and S bytes
/// of frames in a run without theft, O(P * S) are in use at most. In a steady state nothing is allocated: an empty stack keeps 1
/// MiB, and up to 64 unused ones are kept for the process; release_fork_stacks() gives them back. A segment is an allocation
/// point (memory/fault.hpp).
///
/// ## Cost
/// About 5 ns a task, forked or called, while nobody steals; no atomic read-modify-write is on that path. A theft costs
/// about a microsecond, and there are few of them: O(P * depth). Rows runtime.fork_join.* of `./dev bench`.

#include <abi/base/error.hpp>
#include <abi/task/executor.hpp>
#include <abi/task/fork_join_promise.hpp>
#include <abi/task/fork_join_root.hpp>
#include <abi/task/stop.hpp>

#include <coroutine>
#include <functional>
#include <type_traits>
#include <utility>

namespace libabi::task {

template <class T = void>
class [[nodiscard]] Fork {
 public:
  using Value = detail::ForkValue<T>::Type;
  static_assert(std::is_void_v<Value> || std::is_reference_v<Value> ||
                (std::is_object_v<Value> && std::is_nothrow_move_constructible_v<Value>));

  /// Made by the coroutine. Null: no memory.
  explicit Fork(detail::ForkFrame* task) noexcept : task_(task) {}
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;
  ~Fork() {
    if (task_) [[unlikely]]
      detail::discard(*task_);
  }

  /// For those that run it.
  detail::ForkFrame* release() noexcept { return std::exchange(task_, nullptr); }

 private:
  detail::ForkFrame* task_;
};

/// `co_await fork(result, child(...))`: see above.
template <class T>
  requires(!std::is_reference_v<T>)
[[nodiscard]] [[gnu::always_inline]] inline detail::Forked fork(std::type_identity_t<T>& result, Fork<T> child) noexcept {
  detail::ForkFrame* const task = child.release();
  if (task) [[likely]]
    static_cast<detail::ForkResult<T>*>(task)->assign_to(result);
  return {task};
}
/// The same with a place for a value that cannot be there before.
template <class T>
  requires(!std::is_reference_v<T>)
[[nodiscard]] inline detail::Forked fork(std::optional<std::type_identity_t<T>>& result, Fork<T> child) noexcept {
  detail::ForkFrame* const task = child.release();
  if (!task) return {nullptr};
  if constexpr (detail::is_plain<T>)
    static_cast<detail::ForkResult<T>*>(task)->assign_to(result.emplace());
  else
    static_cast<detail::ForkResult<T>*>(task)->give_to(result);
  return {task};
}
/// A reference comes back as a pointer.
template <class T>
[[nodiscard]] inline detail::Forked fork(T*& result, Fork<T&> child) noexcept {
  detail::ForkFrame* const task = child.release();
  if (task) static_cast<detail::ForkResult<T&>*>(task)->assign_to(result);
  return {task};
}
/// A task without result, or whose result does not matter.
[[nodiscard]] [[gnu::always_inline]] inline detail::Forked fork(Fork<void> child) noexcept { return {child.release()}; }

/// `co_await join()`: all that was forked is through, and has succeeded.
[[nodiscard]] inline detail::Join join() noexcept { return {}; }
/// `co_await try_join()`: a Result<void>; the first error of what was forked.
[[nodiscard]] inline detail::TryJoin try_join() noexcept { return {}; }
/// `co_await try_call(child(...))`: a call whose error is a Result.
template <class T>
[[nodiscard]] detail::Tried<typename Fork<T>::Value> try_call(Fork<T> child) noexcept {
  return {child.release()};
}

/// In a task: whether a stop was requested.
inline bool fork_stopped() noexcept { return detail::stop_seen(); }

/// Gives the stacks that no thread uses back to the system. Thread-safe.
ABI_API void release_fork_stacks() noexcept;

struct ForkOptions {
  StopToken stop;
  Priority priority = Priority::normal;
};

template <class Function, class... Arguments>
using ForkedValue = std::invoke_result_t<Function, Arguments...>::Value;

/// Runs `function(arguments...)`, which gives a Fork, on the executor (a Scheduler, for anything to run in parallel) and waits.
/// Called by a job of that executor it begins right here; where it ends elsewhere, the thread waits in a BlockingScope. Errors:
/// see above.
template <class Function, class... Arguments>
Result<ForkedValue<Function, Arguments...>> fork_join(Executor& executor, const ForkOptions& options, Function&& function,
                                                      Arguments&&... arguments) noexcept {
  using V = ForkedValue<Function, Arguments...>;
  return boundary([&]() -> Result<V> {
    detail::RootOf<V> root;
    root.make([&] { return std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...); });
    root.priority = options.priority;
    root.stop_with(options.stop, nullptr);
    if (root.made()) root.run_on(executor);
    return root.result();
  });
}
template <class Function, class... Arguments>
  requires std::invocable<Function, Arguments...>
Result<ForkedValue<Function, Arguments...>> fork_join(Executor& executor, Function&& function,
                                                      Arguments&&... arguments) noexcept {
  return fork_join(executor, ForkOptions{}, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

/// The same, to be awaited by a Task: it hands on the Task's stop token and priority.
template <class Function, class... Arguments>
detail::AsyncForkJoin<ForkedValue<Function, Arguments...>> async_fork_join(Executor& executor, Function&& function,
                                                                           Arguments&&... arguments) {
  return detail::AsyncForkJoin<ForkedValue<Function, Arguments...>>(
      executor, [&] { return std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...); });
}

namespace detail {

template <class T, bool kDestroysNothing>
Fork<T> ForkPromise<T, kDestroysNothing>::get_return_object() noexcept {
  return Fork<T>(this);
}
template <class T, bool kDestroysNothing>
Fork<T> ForkPromise<T, kDestroysNothing>::get_return_object_on_allocation_failure() noexcept {
  return Fork<T>(nullptr);
}
template <class T, bool kDestroysNothing>
template <class U>
auto ForkPromise<T, kDestroysNothing>::await_transform(Fork<U>&& task) noexcept {
  return CallAwait<typename Fork<U>::Value, false, Transfer>(task.release());
}

}  // namespace detail
}  // namespace libabi::task

template <class T, class... Parameters>
struct std::coroutine_traits<libabi::task::Fork<T>, Parameters...> {
  using promise_type = libabi::task::detail::ForkPromise<T, (std::is_trivially_destructible_v<Parameters> && ...)>;
};

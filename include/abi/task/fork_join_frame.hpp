#pragma once
/// The frames of fork-join tasks: where they stand, how they are pushed and popped, and what joins them. Not for users: see
/// fork_join.hpp.
///
/// Frames stand in stacks made of segments of 64 KiB that are aligned to their size: the address of a frame tells its segment
/// and stack, and the top of a stack tells where its segment ends. So a frame is pushed by one addition and one comparison, and
/// popped by one store, whichever segment is left by that. Every worker has one current stack. Where the continuation of a task
/// is stolen, the stack on which the task stands stays behind with it, and the worker takes another: a cactus of stacks.
///
/// Invariants, with T for a task that was stolen from and has not joined yet:
/// 1. T stands on the current stack of at most one worker: the one that runs the child of T which was forked before the first
///    theft. When that child ends there is nothing above T; when any other child of T ends, the current stack is empty.
/// 2. A thread that runs no fork-join task has an empty current stack, or none.
/// 3. `steals` is touched by whoever may continue T, and by nobody else; children whose parent was stolen use `joins`.
/// 4. A stack holds frames of one region (all that is below one root) at a time; the root is the first of them.

#include <abi/task/context.hpp>
#include <abi/task/worker.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <new>

namespace libabi::task::detail {

/// What all tasks below one root have in common.
struct ForkRegion {
  std::atomic<bool> stopped{false};
  const Context* context = nullptr;  // knows why it was stopped; null: cancelled
};

/// What fork-join knows of this thread.
struct ForkThread {
  std::uintptr_t top;        // where the next frame goes
  Worker* worker;            // in whose deque continuations are pushed; set while a task runs here
  const ForkRegion* region;  // of the task that runs here
  Error* handed;             // on its way from a task that failed to the one that asked for its result, where
  bool handing;              // this says so
  bool running;              // a task runs here, maybe natively below what runs now
};

// initial-exec: a load and no call, from within the shared library too.
ABI_API extern constinit thread_local ForkThread fork_thread [[gnu::tls_model("initial-exec")]];

inline constexpr std::uintptr_t segment_bytes = 64 * 1024;
inline constexpr std::uintptr_t nowhere = segment_bytes - 1;  // a top without a stack: there is no room
inline constexpr std::size_t frame_alignment = 16;

constexpr std::size_t rounded_frame(std::size_t bytes) noexcept { return (bytes + frame_alignment - 1) & ~(frame_alignment - 1); }

/// Enters the next segment, on a thread without a stack the first one. Null: there is no memory.
ABI_API void* push_frame_slowly(std::size_t bytes) noexcept;

inline void* push_frame(std::size_t bytes) noexcept {
  const std::uintptr_t top = fork_thread.top;
  const std::uintptr_t end = top + rounded_frame(bytes);
  if ((top ^ end) >= segment_bytes) [[unlikely]]
    return push_frame_slowly(bytes);
  fork_thread.top = end;
  return reinterpret_cast<void*>(top);
}

inline void pop_frame(void* frame) noexcept { fork_thread.top = reinterpret_cast<std::uintptr_t>(frame); }

/// What a task is to the one that waits for it; kept in the low bits of the pointer to that.
inline constexpr std::uintptr_t forked = 0;  // its continuation is in the deque, or was stolen
inline constexpr std::uintptr_t called = 1;  // its continuation is nobody else's
inline constexpr std::uintptr_t root = 2;    // it is a ForkRoot and no task
inline constexpr std::uintptr_t how_bits = 3;

/// In `steals`, above the count: a child failed, look at joins; the task asked for a result that may be an error.
inline constexpr std::uint32_t failure_unseen = std::uint32_t{1} << 31;
inline constexpr std::uint32_t asks = std::uint32_t{1} << 30;

/// The job of a continuation.
ABI_API void resume_stolen(Job& job) noexcept;

/// The base of the promises, at their beginning.
struct ForkFrame {
  using Handle = std::coroutine_handle<ForkFrame>;

  ForkFrame() noexcept {}
  ForkFrame(const ForkFrame&) = delete;
  ForkFrame& operator=(const ForkFrame&) = delete;

  static void* operator new(std::size_t bytes) noexcept { return push_frame(bytes); }
  static void operator delete(void*, std::size_t) noexcept {}

  Handle handle() noexcept { return Handle::from_promise(*this); }
  /// What makes the continuation stealable. Only `run` is used, and set when it is pushed.
  Job& job() noexcept { return *std::launder(reinterpret_cast<Job*>(job_memory)); }
  void make_stealable() noexcept { job().run = resume_stolen; }
  static ForkFrame& of(Job& job) noexcept { return *reinterpret_cast<ForkFrame*>(&job); }
  std::uintptr_t as(std::uintptr_t how) noexcept { return reinterpret_cast<std::uintptr_t>(this) | how; }

  alignas(Job) std::byte job_memory[sizeof(Job)];  // first
  std::uintptr_t up;                               // who waits for the task, and how
  /// Twice the children that were stolen from and still run, less those that ended before the task came to its join; plus one
  /// where a child failed.
  std::atomic<std::int32_t> joins{0};
  std::uint32_t steals = 0;  // how often the continuation was stolen since the last join
  void* out;                 // where the result goes
  Error* error;              // the first failure, where joins is odd; null: there was no memory for saying more
};

/// A child of `parent` ended and found in the deque what is not `parent`: what this thread goes on with.
ABI_API std::coroutine_handle<> arrive(ForkFrame& parent, Job* popped) noexcept;
/// The task waits for its children, or for them and its end: what this thread goes on with.
ABI_API std::coroutine_handle<> join_slowly(ForkFrame& task) noexcept;
/// The task cannot have that child (null: no memory): it ends with an error once its other children have.
ABI_API std::coroutine_handle<> refuse(ForkFrame& task, ForkFrame* child) noexcept;
/// A task that never began goes.
ABI_API void discard(ForkFrame& task) noexcept;
/// The task fails at its next join or end, unless it did before. Takes the error.
ABI_API void record_failure(ForkFrame& task, Error* error) noexcept;
/// The same with the exception that is being handled, and with an error.
ABI_API void fail_with_exception(ForkFrame& task) noexcept;
ABI_API void fail_with(ForkFrame& task, Error&& error) noexcept;
/// Null is `exhausted`.
ABI_API Error error_of(Error* error) noexcept;
/// The failure that was recorded, which is forgotten then.
ABI_API Error take_failure(ForkFrame& task) noexcept;
/// What was handed to this thread.
ABI_API Error take_handed() noexcept;

/// Whether the tasks that run here are to end.
inline bool stop_seen() noexcept { return fork_thread.region->stopped.load(std::memory_order_relaxed); }

}  // namespace libabi::task::detail

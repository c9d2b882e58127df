#pragma once
/// Where fork-join begins: the first task, made by something that is no fork-join task itself. Not for users: see fork_join.hpp.

#include <abi/task/fork_join_promise.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

namespace libabi::task::detail {

/// Waits for the first task of a region. A job of the executor that the region is to run on.
class ABI_API ForkRoot : public Job {
 public:
  using Ended = void (*)(ForkRoot& self) noexcept;

  /// `ended` is called once when the first task is over, and nothing else happens to this object after that.
  explicit ForkRoot(Ended ended = nullptr) noexcept;
  ~ForkRoot();
  ForkRoot(const ForkRoot&) = delete;
  ForkRoot& operator=(const ForkRoot&) = delete;

  /// What the call makes is the first task, on a stack of its own. Once.
  template <class Call>
  void make(Call&& call) {
    const Making making(*this);
    task_ = std::forward<Call>(call)().release();
  }
  /// False: there was no memory.
  bool made() const noexcept { return task_ != nullptr; }
  ForkFrame& task() const noexcept { return *task_; }
  /// From now on the tasks end as soon as may be when a stop is requested. The context knows why.
  void stop_with(const StopToken& token, const Context* context) noexcept;
  void never_mind_stops() noexcept { on_stop_.reset(); }

  /// Submits the first task, and waits until it is over.
  void run_on(Executor& executor) noexcept;

  /// The task is over; the stack it stood on is empty. Takes the error.
  void end(bool failure, Error* error) noexcept;

 protected:
  /// Whether the task failed, which it did where there was none; then why. Once.
  bool failed() const noexcept { return failed_; }
  Error take_error() noexcept;

 private:
  class ABI_API Making {
   public:
    explicit Making(ForkRoot& of) noexcept;
    ~Making();
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

   private:
    ForkRoot& of_;
    std::uintptr_t top_before_;
  };
  struct Stop {
    ForkRegion* region;
    void operator()() const noexcept { region->stopped.store(true, std::memory_order_relaxed); }
  };

  void start() noexcept;

  Ended ended_;
  ForkFrame* task_ = nullptr;
  Error* error_ = nullptr;
  bool failed_ = true;
  void* waiting_ = nullptr;  // of run_on()
  ForkRegion region_;
  std::optional<std::stop_callback<Stop>> on_stop_;  // last: gone before what it refers to
};

/// The same, with the place for the result.
template <class V>
class RootOf : public ForkRoot {
 public:
  using ForkRoot::ForkRoot;

  template <class Call>
  void make(Call&& call) {
    ForkRoot::make(std::forward<Call>(call));
    if (made()) static_cast<ForkResult<V>&>(task()).give_to(slot_);
  }
  Result<V> result() noexcept {
    if (failed()) return std::unexpected(take_error());
    if constexpr (std::is_void_v<V>)
      return {};
    else if constexpr (is_plain<Stored<V>>)
      return slot_;
    else
      return std::move(*slot_);
  }

 private:
  ResultSlot<Stored<V>> slot_;
};

/// `co_await async_fork_join(...)` in a coroutine that is not of fork-join.
template <class V>
class [[nodiscard]] AsyncForkJoin : private RootOf<V> {
 public:
  using FollowsContext = void;

  template <class Call>
  AsyncForkJoin(Executor& executor, Call&& call)
      : RootOf<V>([](ForkRoot& self) noexcept { static_cast<AsyncForkJoin&>(self).waiter_.release(); }), executor_(&executor) {
    this->make(std::forward<Call>(call));
  }

  bool await_ready() const noexcept { return !this->made(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter_.bind(waiting);
    this->stop_with(waiter_.context().stop, &waiter_.context());
    this->priority = place_of(waiting).priority;
    executor_->submit(*this);
  }
  Result<V> await_resume() noexcept {
    this->never_mind_stops();
    return this->result();
  }

 private:
  Executor* executor_;
  Waiter waiter_;
};

}  // namespace libabi::task::detail

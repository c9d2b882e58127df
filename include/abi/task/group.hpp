#pragma once
/// What when_all, when_any and TaskScope are made of: tasks that run side by side below one coroutine, which waits for all of
/// them. Not for users.

#include <abi/task/sync_wait.hpp>
#include <abi/task/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

namespace libabi::task::detail {

/// Counts what runs; the last one to end lets the one that waits go on.
class BranchJoin {
 public:
  /// Before the count can fall to zero.
  void add() noexcept { running_.fetch_add(1, std::memory_order_relaxed); }

  /// True: the last one, and the coroutine that waits is the caller's to go on with, inline. False: leave it.
  template <class Kind>
  typename Kind::Next arrive(const Place& place) noexcept {
    if (running_.fetch_sub(1, std::memory_order_acq_rel) != 1) return stay<Kind>();
    if (thread_) {
      thread_->submit(finish_);
      return stay<Kind>();
    }
    if (!waiter_.executor() || waiter_.executor() == place.executor) return go_on<Kind>(waiter_.coroutine());
    waiter_.release();
    return stay<Kind>();
  }

  /// `co_await join.wait()`: until all have ended. No errors: cancellation makes them end, not this.
  auto wait() noexcept { return Wait{*this}; }
  /// The same for ordinary code; the thread sleeps.
  ABI_API void block() noexcept;
  bool idle() const noexcept { return running_.load(std::memory_order_acquire) <= 1; }

 private:
  struct Wait {
    using FollowsContext = void;
    BranchJoin& join;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiting) const noexcept {
      join.waiter_.bind(waiting);
      return join.running_.fetch_sub(1, std::memory_order_acq_rel) != 1;
    }
    void await_resume() const noexcept { join.running_.store(1, std::memory_order_relaxed); }
  };
  struct Finish : Job {
    CallerLoop* loop = nullptr;
  };

  std::atomic<std::size_t> running_{1};  // and one for whoever waits
  Waiter waiter_;
  CallerLoop* thread_ = nullptr;  // instead of the waiter_
  Finish finish_;
};

/// One of the tasks: a coroutine that awaits it, keeps its result, and arrives. Its frame is gone before it does.
class Branch {
 public:
  struct promise_type : FrameMemory, ContextPromise {
    Branch get_return_object() noexcept { return Branch{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    static Branch get_return_object_on_allocation_failure() noexcept { return Branch{nullptr}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    auto final_suspend() const noexcept { return Arrive<Transfer>(); }
    void return_void() const noexcept {}
    ABI_API void unhandled_exception() const noexcept;
    template <class Awaitable>
    decltype(auto) await_transform(Awaitable&& awaitable) {
      return follow(std::forward<Awaitable>(awaitable));
    }

   private:
    friend class Branch;
    template <class Kind>
    struct Arrive {
      bool await_ready() const noexcept { return false; }
      typename Kind::Next await_suspend(std::coroutine_handle<promise_type> branch) const noexcept {
        BranchJoin& join = *branch.promise().join_;
        const Place place = branch.promise().place();
        branch.destroy();
        return join.template arrive<Kind>(place);
      }
      void await_resume() const noexcept {}
    };
    struct Start : Job {
      std::coroutine_handle<promise_type> branch;
    };
    BranchJoin* join_ = nullptr;
    Start start_;
  };

  explicit operator bool() const noexcept { return handle != nullptr; }

  /// Inline, up to where it waits first.
  void start(BranchJoin& join, const Context& context, const Place& place) const noexcept {
    prepare(join, context, place);
    drive(handle);
  }
  /// As a job of the place's executor.
  void submit(BranchJoin& join, const Context& context, const Place& place) const noexcept {
    prepare(join, context, place);
    promise_type::Start& start = handle.promise().start_;
    start.branch = handle;
    start.priority = place.priority;
    start.run = [](Job& self) noexcept { drive(static_cast<promise_type::Start&>(self).branch); };
    place.executor->submit(start);
  }

  std::coroutine_handle<promise_type> handle;

 private:
  void prepare(BranchJoin& join, const Context& context, const Place& place) const noexcept {
    join.add();
    handle.promise().join_ = &join;
    handle.promise().begin_with(&context, place);
  }
};

/// The tasks of one when_all or when_any: the first to decide the outcome stops the others.
class Group {
 public:
  static constexpr std::size_t none = ~std::size_t{0};

  /// Errors: exhausted.
  Result<void> open(const Context& above, const Place& place) noexcept {
    place_ = place;
    ABI_TRY(cancellation_.open(above.stop, above.cancellation));
    context_ = {.stop = cancellation_.token(), .cancellation = &cancellation_, .deadline = above.deadline};
    return {};
  }

  /// The number of the one that decided; `none` where nobody did.
  std::size_t decided() const noexcept { return decided_.load(std::memory_order_acquire); }
  void decide(std::size_t number) noexcept {
    std::size_t expected = none;
    if (decided_.compare_exchange_strong(expected, number, std::memory_order_acq_rel)) cancellation_.request();
  }

  /// Starts branch `number`: the first inline, the others where there is an executor as its jobs, so that they run side by side.
  bool start(std::size_t number, const Branch& branch) noexcept {
    if (!branch) return false;
    if (number == 0 || !place_.executor)
      branch.start(join_, context_, place_);
    else
      branch.submit(join_, context_, place_);
    return true;
  }
  auto wait() noexcept { return join_.wait(); }

 private:
  Place place_;
  Cancellation cancellation_;
  Context context_;
  std::atomic<std::size_t> decided_{none};
  BranchJoin join_;
};

}  // namespace libabi::task::detail

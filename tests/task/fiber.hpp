#pragma once
/// The least coroutine that has a context, for tests of what can be awaited: nothing between them and the awaiter.

#include <abi/task/context.hpp>
#include <abi/task/context_await.hpp>

#include <atomic>
#include <coroutine>
#include <exception>
#include <utility>

namespace libabi::test {

/// Begins with start(); its frame is the owner's, who keeps it until it is done.
class Fiber {
 public:
  struct promise_type : task::ContextPromise {
    Fiber get_return_object() { return Fiber(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    auto final_suspend() noexcept {
      struct End {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> body) const noexcept {
          body.promise().ended.store(true, std::memory_order_release);
        }
        void await_resume() const noexcept {}
      };
      return End();
    }
    void return_void() const noexcept {}
    void unhandled_exception() const { std::terminate(); }

    std::atomic<bool> ended{false};
  };

  Fiber(Fiber&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Fiber& operator=(Fiber&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Fiber() {
    if (handle_) handle_.destroy();
  }

  /// Runs it up to where it waits first.
  Fiber& start(const task::Context* context = nullptr, task::Executor* executor = nullptr) {
    handle_.promise().inherit(context, {executor, task::Priority::normal});
    task::detail::drive(handle_);
    return *this;
  }
  /// Whether it has come to its end, on whatever thread.
  bool done() const { return handle_.promise().ended.load(std::memory_order_acquire); }

 private:
  explicit Fiber(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace libabi::test

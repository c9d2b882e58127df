#pragma once
/// A coroutine that hands out items one at a time, as they are asked for.
///
///     AsyncGenerator<Token> generate(Session& session) {
///       while (!done) {
///         ABI_CO_TRY(Token token, session.step());  // an error ends the generator
///         co_yield std::move(token);
///       }
///       co_return {};
///     }
///
///     for (Result<Token>& token : generate(session)) ...            // in ordinary code; or generator.pull()
///     Result<std::optional<Token>> token = co_await generator.next();  // in a coroutine

#include <abi/base/boundary.hpp>

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace libabi::task {

/// Items of type T, then the end or an Error. Nothing runs before the first item is asked for, and the body goes on only
/// while one is: on the thread that asks, until it awaits something else. An exception in the body becomes the Error.
///
/// The body ends with `co_return {}`, or with `co_return` of an error. What it holds is destroyed when it has ended and
/// that was taken, or with the generator, wherever the body stands then; a generator is not destroyed while an item is
/// awaited. Movable between items. Not thread-safe: one item is asked for at a time.
template <class T>
class [[nodiscard]] AsyncGenerator {
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>);

 public:
  class promise_type;
  class Next;
  class Iterator;

  /// A generator that has ended.
  AsyncGenerator() = default;
  /// A generator whose first item is this error: for functions that fail before they can generate anything.
  AsyncGenerator(std::unexpected<Error> failure) noexcept : failure_(std::move(failure).error()) {}
  AsyncGenerator(AsyncGenerator&& other) noexcept
      : body_(std::exchange(other.body_, nullptr)), failure_(std::exchange(other.failure_, std::nullopt)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this == &other) return *this;
    destroy_body();
    body_ = std::exchange(other.body_, nullptr);
    failure_ = std::exchange(other.failure_, std::nullopt);
    return *this;
  }
  ~AsyncGenerator() { destroy_body(); }

  /// `co_await generator.next()` is a Result<std::optional<T>>: an item, nothing at the end, or the error that ends it
  /// (once; nothing afterwards). The awaiting coroutine goes on where the body made the item, without growing the stack
  /// where the compiler makes tail calls.
  Next next() noexcept { return Next(*this); }

  /// The same for ordinary code: returns when the item is there.
  Result<std::optional<T>> pull() noexcept;

  /// Calls pull() until the end; an error is the last element. For `for (Result<T>& item : generator)`.
  Iterator begin() noexcept { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Body = std::coroutine_handle<promise_type>;
  class Arrival;

  explicit AsyncGenerator(Body body) noexcept : body_(body) {}
  Result<std::optional<T>> take() noexcept;
  void destroy_body() noexcept {
    if (body_) std::exchange(body_, nullptr).destroy();
  }

  Body body_;                     // null at the end
  std::optional<Error> failure_;  // what is handed out when there is no body
};

/// What a thread that is not a coroutine waits for.
template <class T>
class AsyncGenerator<T>::Arrival {
 public:
  // Notified under the lock: once it is released, the waiting thread may go and take this object with it.
  void announce() {
    const std::lock_guard lock(mutex_);
    arrived_ = true;
    condition_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return arrived_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool arrived_ = false;
};

template <class T>
class AsyncGenerator<T>::promise_type {
 public:
  AsyncGenerator get_return_object() noexcept { return AsyncGenerator(Body::from_promise(*this)); }
  static AsyncGenerator get_return_object_on_allocation_failure() noexcept {
    return AsyncGenerator(std::unexpected(Error{ErrorCode::exhausted, "out of memory", {}}));
  }
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept { return HandOver(); }
  auto yield_value(T item) noexcept {
    item_.emplace(std::move(item));
    return HandOver();
  }
  void return_value(Result<void> result) noexcept {
    if (!result) failure_ = std::move(result).error();
  }
  void unhandled_exception() noexcept { failure_ = libabi::detail::current_exception_error(); }

 private:
  friend class AsyncGenerator;
  friend class Next;

  // Suspends the body and goes on with whoever has asked for the item. Nothing of the body is touched once it is known
  // to be suspended, since the consumer may destroy it at once, in another thread too.
  struct HandOver {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Body body) const noexcept {
      promise_type& promise = body.promise();
      if (Arrival* const arrival = std::exchange(promise.arrival_, nullptr)) {
        arrival->announce();
        return std::noop_coroutine();
      }
      return std::exchange(promise.consumer_, nullptr);
    }
    void await_resume() const noexcept {}
  };

  std::optional<T> item_;
  std::optional<Error> failure_;
  std::coroutine_handle<> consumer_;  // one of the two is set while an item is awaited
  Arrival* arrival_ = nullptr;
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::Next {
 public:
  bool await_ready() const noexcept { return !generator_.body_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) const noexcept {
    generator_.body_.promise().consumer_ = consumer;
    return generator_.body_;
  }
  Result<std::optional<T>> await_resume() const noexcept { return generator_.take(); }

 private:
  friend class AsyncGenerator;
  explicit Next(AsyncGenerator& generator) noexcept : generator_(generator) {}
  AsyncGenerator& generator_;
};

template <class T>
class AsyncGenerator<T>::Iterator {
 public:
  using value_type = Result<T>;
  using difference_type = std::ptrdiff_t;

  Result<T>& operator*() const noexcept { return *item_; }
  Result<T>* operator->() const noexcept { return &*item_; }
  Iterator& operator++() noexcept {
    Result<std::optional<T>> pulled = generator_->pull();
    if (!pulled)
      item_.emplace(std::unexpected(std::move(pulled).error()));
    else if (*pulled)
      item_.emplace(std::move(**pulled));
    else
      item_.reset();
    return *this;
  }
  void operator++(int) noexcept { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return !iterator.item_; }

 private:
  friend class AsyncGenerator;
  explicit Iterator(AsyncGenerator& generator) noexcept : generator_(&generator) { ++*this; }

  AsyncGenerator* generator_;
  mutable std::optional<Result<T>> item_;  // what *iterator refers to is the consumer's to change or to move from
};

template <class T>
Result<std::optional<T>> AsyncGenerator<T>::take() noexcept {
  if (!body_) {
    if (failure_) return std::unexpected(*std::exchange(failure_, std::nullopt));
    return std::optional<T>();
  }
  promise_type& promise = body_.promise();
  if (!body_.done()) {
    Result<std::optional<T>> item(std::in_place, std::move(*promise.item_));
    promise.item_.reset();
    return item;
  }
  failure_ = std::exchange(promise.failure_, std::nullopt);
  destroy_body();
  return take();
}

template <class T>
Result<std::optional<T>> AsyncGenerator<T>::pull() noexcept {
  if (!body_) return take();
  return boundary([this]() -> Result<std::optional<T>> {
    Arrival arrival;
    body_.promise().arrival_ = &arrival;
    body_.resume();
    arrival.wait();
    return take();
  });
}

}  // namespace libabi::task

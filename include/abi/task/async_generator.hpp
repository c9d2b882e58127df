#pragma once
/// A coroutine that hands out items one at a time, as they are asked for, and may wait for something in between.
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
///
/// Each next() gives the body the context and the Place of whoever asks (context.hpp): its awaits are cancelled by that one's
/// stop token, and it may switch executors, which ends with the item. Where the token is stopped, next() is `cancelled` (or the
/// reason of the stop) at once, the body stays where it is, and another consumer may go on with it. In a Generator
/// (generator.hpp) the body cannot wait, and is a little faster. An item costs about 3 ns.

#include <abi/base/boundary.hpp>
#include <abi/task/context_await.hpp>
#include <abi/task/context_way_back.hpp>
#include <abi/task/frame.hpp>

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <iterator>
#include <memory>
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
  template <class Kind>
  class NextAwait;
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
  Result<std::optional<T>> take_end() noexcept;
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
    if (arrived_) return;
    lock.unlock();
    const detail::NoDriver alone;
    lock.lock();
    condition_.wait(lock, [this] { return arrived_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool arrived_ = false;
};

template <class T>
class AsyncGenerator<T>::promise_type : public FrameMemory, public detail::AwaitedPromise {
 public:
  promise_type() noexcept {}
  ~promise_type() { drop_item(); }
  AsyncGenerator get_return_object() noexcept { return AsyncGenerator(Body::from_promise(*this)); }
  static AsyncGenerator get_return_object_on_allocation_failure() noexcept {
    return AsyncGenerator(std::unexpected(Error{ErrorCode::exhausted, "out of memory", {}}));
  }
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept { return HandOver<detail::Transfer>(); }
  template <class U = T>
    requires std::is_constructible_v<T, U>
  auto yield_value(U&& item) noexcept(std::is_nothrow_constructible_v<T, U>) {
    std::construct_at(&item_, std::forward<U>(item));
    has_item_ = true;
    return HandOver<detail::Transfer>();
  }
  void return_value(Result<void> result) noexcept {
    if (!result) failure_ = std::move(result).error();
  }
  void unhandled_exception() noexcept { failure_ = libabi::detail::current_exception_error(); }

  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& awaitable) noexcept(detail::FollowsContext<Awaitable>) {
    return detail::follow(std::forward<Awaitable>(awaitable));
  }

 private:
  friend class AsyncGenerator;

  // Suspends the body and goes on with whoever has asked for the item. Nothing of the body is touched once it is known
  // to be suspended, since the consumer may destroy it at once, in another thread too.
  template <class Kind>
  struct HandOver {
    using FollowsContext = void;
    bool await_ready() const noexcept { return false; }
    typename Kind::Next await_suspend(Body body) const noexcept {
      promise_type& promise = body.promise();
      if (promise.has_own_surroundings()) [[unlikely]]  // as where a thread waits
        if (Arrival* const arrival = std::exchange(promise.arrival_, nullptr)) {
          arrival->announce();
          return detail::stay<Kind>();
        }
      return promise.template go_back<Kind>();
    }
    void await_resume() const noexcept {}
  };

  T take_item() noexcept {
    T item = std::move(item_);
    drop_item();
    return item;
  }
  void drop_item() noexcept {
    if (std::exchange(has_item_, false)) std::destroy_at(&item_);
  }

  Arrival* arrival_ = nullptr;  // of the thread that waits, where it is not a coroutine
  std::optional<Error> failure_;
  union {
    T item_;  // while has_item_
  };
  bool has_item_ = false;
};

template <class T>
template <class Kind>
class AsyncGenerator<T>::NextAwait {
 public:
  using FollowsContext = void;

  explicit NextAwait(AsyncGenerator& generator) noexcept : generator_(generator), body_(generator.body_) {}
  // Copied as a whole it would be loaded wider than it was stored a moment before, which costs g++ 3 ns.
  NextAwait(const NextAwait&) = delete;
  NextAwait& operator=(const NextAwait&) = delete;

  bool await_ready() const noexcept { return !body_; }
  template <class Promise>
  typename Kind::Next await_suspend(std::coroutine_handle<Promise> consumer) noexcept {
    promise_type& promise = body_.promise();
    promise.begin_below(consumer);
    promise.set_waiting(consumer);
    if (promise.stopped()) [[unlikely]]
      return detail::go_on<Kind>(consumer);
    return detail::go_on<Kind>(body_);
  }
  Result<std::optional<T>> await_resume() const noexcept {
    if (body_ && body_.promise().has_item_) [[likely]]
      return Result<std::optional<T>>(std::in_place, body_.promise().take_item());
    return generator_.take_end();
  }

 private:
  AsyncGenerator& generator_;
  const Body body_;
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::Next {
 public:
  NextAwait<detail::Transfer> operator co_await() const noexcept { return NextAwait<detail::Transfer>(generator_); }

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

// Out of line, so that the way of an item stays short.
template <class T>
[[gnu::noinline]] Result<std::optional<T>> AsyncGenerator<T>::take_end() noexcept {
  if (body_) {
    promise_type& promise = body_.promise();
    if (!body_.done()) return promise.context().stop_error();  // it was not resumed
    failure_ = std::exchange(promise.failure_, std::nullopt);
    destroy_body();
  }
  if (failure_) return std::unexpected(*std::exchange(failure_, std::nullopt));
  return std::optional<T>();
}

template <class T>
Result<std::optional<T>> AsyncGenerator<T>::pull() noexcept {
  if (!body_) return take_end();
  return boundary([this]() -> Result<std::optional<T>> {
    Arrival arrival;
    promise_type& promise = body_.promise();
    promise.begin_with(nullptr, Place{});
    promise.arrival_ = &arrival;
    detail::drive(body_);
    arrival.wait();
    return NextAwait<detail::Transfer>(*this).await_resume();
  });
}

}  // namespace libabi::task

#pragma once
/// A range whose items a coroutine makes, one at a time, as the loop asks for them.
///
///     Generator<Line> lines(File& file) {
///       while (!file.at_end()) {
///         ABI_CO_TRY(Line line, file.read_line());  // an error ends the generator
///         co_yield std::move(line);
///       }
///       co_return {};
///     }
///
///     for (Result<Line>& line : lines(file)) {
///       ABI_TRY(use(*std::move(line)));
///     }
///
/// Items are Result<T>; an error, one that the body returned or the one that stands for an exception which left it, is the last
/// of them. The body ends with `co_return {}` or with an error, runs only inside begin() and ++, on the thread of the loop, and
/// awaits nothing (for that there is AsyncGenerator). `co_yield` of a T, or of what a T is made from.
///
/// Ownership. The generator owns the coroutine; what that holds is destroyed at its end, or with the generator, wherever the
/// body stands. An item lives in the coroutine until the next one is asked for, and is the consumer's to move from. A single
/// pass: begin() goes on where an earlier loop left. Movable; not thread-safe. Without memory for the frame the one item is an
/// `exhausted` error. An item costs about 2 ns.

#include <abi/base/boundary.hpp>
#include <abi/task/frame.hpp>

#include <coroutine>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace libabi::task {

template <class T>
class [[nodiscard]] Generator : public std::ranges::view_base {
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>);

 public:
  class promise_type;
  class Iterator;

  /// One without items.
  Generator() = default;
  /// One whose only item is this error.
  Generator(std::unexpected<Error> failure) noexcept : Generator(fail(std::move(failure))) {}
  Generator(Generator&& other) noexcept
      : body_(std::exchange(other.body_, nullptr)), instead_(std::exchange(other.instead_, std::nullopt)) {}
  Generator& operator=(Generator&& other) noexcept {
    if (this == &other) return *this;
    destroy_body();
    body_ = std::exchange(other.body_, nullptr);
    instead_ = std::exchange(other.instead_, std::nullopt);
    return *this;
  }
  ~Generator() { destroy_body(); }

  /// Makes the next item.
  Iterator begin() noexcept {
    advance();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Body = std::coroutine_handle<promise_type>;

  explicit Generator(Body body) noexcept : body_(body) {}
  static Generator fail(std::unexpected<Error> failure) { co_return std::move(failure); }
  void advance() noexcept;
  bool at_end() const noexcept { return !body_ && !last_; }
  Result<T>& item() noexcept { return body_ ? *body_.promise().item_ : *last_; }
  void destroy_body() noexcept {
    if (body_) std::exchange(body_, nullptr).destroy();
  }

  Body body_;                      // null at the end
  std::optional<Error> instead_;   // what is handed out where no coroutine could be made
  std::optional<Result<T>> last_;  // that error while it is the item
};

template <class T>
class Generator<T>::promise_type : public FrameMemory {
 public:
  Generator get_return_object() noexcept { return Generator(Body::from_promise(*this)); }
  static Generator get_return_object_on_allocation_failure() noexcept {
    Generator generator;
    generator.instead_ = Error{ErrorCode::exhausted, "out of memory", {}};
    return generator;
  }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }
  template <class U = T>
    requires std::is_constructible_v<T, U>
  std::suspend_always yield_value(U&& item) noexcept(std::is_nothrow_constructible_v<T, U>) {
    item_.emplace(std::in_place, std::forward<U>(item));
    return {};
  }
  void return_value(Result<void> result) noexcept {
    if (!result) item_.emplace(std::unexpected(std::move(result).error()));
  }
  void unhandled_exception() noexcept { item_.emplace(std::unexpected(libabi::detail::current_exception_error())); }
  /// Nothing is awaited in a generator.
  template <class Awaitable>
  void await_transform(Awaitable&&) = delete;

 private:
  friend class Generator;
  std::optional<Result<T>> item_;
};

template <class T>
class Generator<T>::Iterator {
 public:
  using value_type = Result<T>;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Result<T>& operator*() const noexcept { return generator_->item(); }
  Result<T>* operator->() const noexcept { return &generator_->item(); }
  Iterator& operator++() noexcept {
    generator_->advance();
    return *this;
  }
  void operator++(int) noexcept { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return iterator.at_end(); }

 private:
  friend class Generator;
  bool at_end() const noexcept { return generator_->at_end(); }
  explicit Iterator(Generator& generator) noexcept : generator_(&generator) {}
  Generator* generator_ = nullptr;
};

template <class T>
inline void Generator<T>::advance() noexcept {
  if (!body_) [[unlikely]] {
    last_.reset();
    if (instead_) last_.emplace(std::unexpected(*std::exchange(instead_, std::nullopt)));
    return;
  }
  body_.promise().item_.reset();
  if (!body_.done()) body_.resume();
  if (!body_.promise().item_) destroy_body();
}

}  // namespace libabi::task

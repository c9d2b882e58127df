#pragma once
/// A bounded queue between coroutines, and between coroutines and threads. Senders wait while it is full, receivers while it is
/// empty: a slow consumer slows its producers.
///
///     ABI_TRY(auto channel, Channel<Page>::create(16));
///
///     Task<void> produce(Channel<Page>& out) {                 Task<void> consume(Channel<Page>& in) {
///       for (Url& url : urls)                                    for (;;) {
///         ABI_CO_TRY(co_await out.send(fetch(url)));               ABI_CO_TRY(auto page, co_await in.receive());
///       out.close();                                               if (!page) co_return {};  // closed, and all received
///       co_return {};                                              show(*page);
///     }                                                          }
///                                                              }
///
/// Guarantees.
/// - Any number of senders and receivers. Items come out in the order in which they were accepted; the items of one sender, which
///   awaits each, in the order in which they were sent. Nothing is lost or comes twice. Both sides wait in order of arrival.
/// - With capacity 0 an item is accepted when a receiver takes it (a rendezvous).
/// - close() ends it: what was accepted can still be received, then receive() gives nothing. A send that waits at that time, or
///   comes later, is the error failed_precondition "channel closed".
/// - A send or receive ends with the context's error where the awaiting coroutine is stopped. An item was accepted, or the send
///   is an error: never both. An item taken out has reached its receiver: cancellation loses none.
/// - An item that is not accepted is destroyed with the send, or stays where it is with send_from().
/// - Thread-safe. Coroutines go on as context.hpp says. Destroyed when nobody waits; items still in it are destroyed.
///
/// Cost. One lock and one or two moves, about 10 ns to send and as much to receive; each waiter that goes on costs what its
/// executor's submit() does. Memory for `capacity` items is taken by create(), and nothing else allocates: a waiter is part of
/// the coroutine that waits.

#include <abi/base/boundary.hpp>
#include <abi/task/waiters.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace libabi::task {

template <class T>
class Channel {
  static_assert(std::is_object_v<T> && std::is_nothrow_move_constructible_v<T>);

 public:
  class Send;
  class SendFrom;
  class Receive;
  class ReceiveBatch;

  /// Errors: exhausted.
  static Result<std::unique_ptr<Channel>> create(std::size_t capacity) {
    return boundary([&]() -> Result<std::unique_ptr<Channel>> {
      if (capacity > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(Slot))
        return error(ErrorCode::exhausted, "a channel of {} items of {} bytes is larger than any memory", capacity, sizeof(Slot));
      return std::unique_ptr<Channel>(new Channel(capacity));
    });
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    while (size_ != 0) take_first();
  }

  /// `co_await channel.send(item)` is a Result<void>.
  [[nodiscard]] Send send(T item) noexcept { return Send(*this, std::move(item)); }
  /// The same for an item that stays the caller's where it is not accepted. It lives as long as the await.
  [[nodiscard]] SendFrom send_from(T& item) noexcept { return SendFrom(*this, item); }
  /// `co_await channel.receive()` is a Result<std::optional<T>>: an item, or nothing at the end.
  [[nodiscard]] Receive receive() noexcept { return Receive(*this); }
  /// `co_await channel.receive_batch(into)` is a Result<std::size_t>: at least one item and at most into.size() are moved to the
  /// front of `into`, as many as there are; 0 at the end, or where `into` is empty.
  [[nodiscard]] ReceiveBatch receive_batch(std::span<T> into) noexcept { return ReceiveBatch(*this, into); }

  /// True: `item` was moved out of and accepted. False: there is no room. Errors as send().
  Result<bool> try_send(T& item) noexcept;
  Result<bool> try_send(T&& item) noexcept { return try_send(item); }
  /// An item, or nothing where there is none now. Errors: out_of_range at the end.
  Result<std::optional<T>> try_receive() noexcept;

  /// The same for a thread that is not a coroutine: it sleeps meanwhile (a worker of a Scheduler has a stand-in, as in a
  /// BlockingScope). Not on the only thread of an executor that the other side needs. `stop` ends the wait with `cancelled`.
  Result<void> send_blocking(T item, const StopToken& stop = {}) noexcept { return Send(*this, std::move(item)).run(stop); }
  Result<std::optional<T>> receive_blocking(const StopToken& stop = {}) noexcept { return Receive(*this).run(stop); }

  void close() noexcept;
  bool closed() const noexcept {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t capacity() const noexcept { return capacity_; }
  /// Items that were accepted and not received, for a look.
  std::size_t size() const noexcept {
    const std::lock_guard lock(mutex_);
    return size_;
  }

 private:
  using State = detail::WaitNode::State;
  template <class Derived>
  using Await = detail::Await<Channel, Derived>;
  class Receiver;
  friend class detail::Await<Channel, SendFrom>;
  friend class detail::Await<Channel, Receiver>;
  struct Slot {
    alignas(T) std::byte bytes[sizeof(T)];
    T& item() noexcept { return *std::launder(reinterpret_cast<T*>(bytes)); }
  };

  explicit Channel(std::size_t capacity) : slots_(new Slot[capacity]), capacity_(capacity) {}

  static std::unexpected<Error> closed_error() noexcept {  // short enough to need no memory
    return std::unexpected(Error{ErrorCode::failed_precondition, "channel closed", {}});
  }

  bool admit(SendFrom& send, bool may_wait) noexcept;
  bool admit(Receiver& receive, bool may_wait) noexcept;
  void abandon(SendFrom& send) noexcept { detail::abandon_wait(mutex_, senders_, send); }
  void abandon(Receiver& receive) noexcept { detail::abandon_wait(mutex_, receivers_, receive); }

  // Under the lock.
  bool accept(T& item, detail::Resumptions& ready) noexcept;
  bool has_item() const noexcept { return size_ != 0 || !senders_.empty(); }
  T next_item(detail::Resumptions& ready) noexcept;
  void append(T& item) noexcept;
  T take_first() noexcept;

  mutable std::mutex mutex_;
  bool closed_ = false;
  std::unique_ptr<Slot[]> slots_;
  const std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t first_ = 0;
  detail::WaitList senders_;    // empty where there is room
  detail::WaitList receivers_;  // empty where there is an item
};

}  // namespace libabi::task

#include <abi/task/channel.inc>

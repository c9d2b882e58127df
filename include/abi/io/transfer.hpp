#pragma once
/// Awaiting a file.
///
///     Task<void> copy(io::File& from, io::File& to) {
///       std::array<std::byte, 65536> piece;
///       for (std::uint64_t at = 0;;) {
///         ABI_CO_TRY(const std::size_t bytes, co_await io::async_read(from, at, piece));
///         if (bytes == 0) break;
///         ABI_CO_TRY(co_await io::async_write(to, at, std::span(piece).first(bytes)));
///         at += bytes;
///       }
///       co_return co_await io::async_sync(to);
///     }
///
/// The bytes stay where they are until the await returns. Where the stop token is stopped, the storage is asked to drop the
/// operation, and the await returns `cancelled` when it has (or the reason of the stop; or the result, which came first): the
/// bytes are no longer in use then. A write that was cancelled may have been done in part. Nothing is allocated.

#include <abi/io/file.hpp>
#include <abi/task/context.hpp>

#include <optional>
#include <stop_token>
#include <type_traits>

namespace libabi::io {

/// `co_await` gives Result<std::size_t> (read) or Result<void> (write, sync).
template <class T>
class [[nodiscard]] Transfer : private Operation {
 public:
  using FollowsContext = void;

  Transfer(File& target, Kind what, std::uint64_t at, std::span<std::byte> into, std::span<const std::byte> bytes) noexcept {
    file = &target;
    kind = what;
    offset = at;
    to = into;
    from = bytes;
    finished = [](Operation& self) noexcept { static_cast<Transfer&>(self).waiter_.release(); };
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter_.bind(waiting);
    if (waiter_.context().stopped()) {
      result = waiter_.context().stop_error();
      return false;
    }
    if (waiter_.context().stop.stop_possible()) on_stop_.emplace(waiter_.context().stop, OnStop{file, this});
    file->start(*this);  // from here on `this` may be gone
    return true;
  }

  Result<T> await_resume() noexcept {
    on_stop_.reset();
    if (!result) {
      if (result.error().code == ErrorCode::cancelled && waiter_.context().stopped()) return waiter_.context().stop_error();
      return std::unexpected(std::move(result).error());
    }
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return *result;
  }

 private:
  struct OnStop {
    File* target;  // not read from the operation, which start() may be writing to
    Transfer* self;
    void operator()() const noexcept { target->cancel(*self); }
  };

  task::Waiter waiter_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

inline Transfer<std::size_t> async_read(File& file, std::uint64_t offset, std::span<std::byte> to) noexcept {
  return {file, Operation::Kind::read, offset, to, {}};
}
inline Transfer<void> async_write(File& file, std::uint64_t offset, std::span<const std::byte> from) noexcept {
  return {file, Operation::Kind::write, offset, {}, from};
}
inline Transfer<void> async_sync(File& file) noexcept { return {file, Operation::Kind::sync, 0, {}, {}}; }

}  // namespace libabi::io

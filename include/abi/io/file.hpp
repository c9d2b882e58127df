#pragma once
/// An open file of some Storage: the disk's, or a simulated one. Positions are given with every call, so that threads may share
/// a file. Each operation has a blocking form (here) and an awaitable one (transfer.hpp).
///
///     ABI_TRY(std::shared_ptr<io::File> file, storage.open("log", {.access = io::Access::write, .create = true}));
///     ABI_TRY(file->write(0, bytes));
///     ABI_TRY(file->sync());  // from here on a power cut does not lose them

#include <abi/base/error.hpp>
#include <abi/task/executor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace libabi::io {

/// Something that a file is asked to do without waiting for it. Intrusive: it stays where it is, and so do the bytes, until
/// `finished` is called; nothing of it is touched afterwards.
struct Operation : task::Job {
  enum class Kind : std::uint8_t { read, write, sync };

  Kind kind = Kind::read;
  std::uint64_t offset = 0;
  std::span<std::byte> to;          ///< read: what is filled
  std::span<const std::byte> from;  ///< write: what is written
  /// Called once, on a thread of the storage or within start(): it hands on, and does not work or wait.
  void (*finished)(Operation& self) noexcept = nullptr;
  /// Bytes read, fewer than asked for only at the end of the file; bytes written, always all.
  Result<std::size_t> result = 0;

  // The storage's own.
  std::size_t done = 0;  ///< bytes so far
  std::atomic<bool> cancelled{false};
  class File* file = nullptr;

  void finish(Result<std::size_t> outcome) noexcept {
    result = std::move(outcome);
    finished(*this);
  }
};

/// Bytes of a file in memory, read-only, as long as this object lives.
class ABI_API Mapping {
 public:
  Mapping() = default;
  Mapping(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) noexcept
      : bytes_(bytes), owner_(std::move(owner)) {}
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// Thread-safe: operations on ranges that do not overlap do not disturb each other. Closed by its destructor, when no operation
/// is under way; what was not synced by then is in the system's hands.
///
/// Errors of all operations: not_found, permission_denied, exhausted (no room on the device, or no memory), out_of_range (past
/// what a file can hold), unavailable (the device fails), invalid_argument (what O_DIRECT does not allow), cancelled.
class ABI_API File {
 public:
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Fills `to`; the result is smaller only where the file ends.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> to) = 0;
  /// Writes all, or an error after an unknown part. Behind the end, the gap reads as zeros.
  virtual Result<void> write(std::uint64_t offset, std::span<const std::byte> from) = 0;
  /// What was written, and the length, outlast a power cut when this returns (fdatasync); the name of a new file does not
  /// (Storage::sync_folder), nor what is being written while it runs. After an error it is unknown what is durable, and a later
  /// success says nothing about it: whoever promised durability stops.
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  /// Cuts off, or adds zeros.
  virtual Result<void> resize(std::uint64_t bytes) = 0;
  /// Makes sure that the device has room for so many bytes from the beginning; the size stays. Without effect where the file
  /// system cannot.
  virtual Result<void> reserve(std::uint64_t bytes) = 0;
  /// Errors also: out_of_range (the range is not in the file). What is written later may or may not be seen.
  virtual Result<Mapping> map(std::uint64_t offset, std::size_t bytes) = 0;

  /// Starts an operation, which ends by Operation::finished. Never fails: an error is the operation's result.
  virtual void start(Operation& operation) noexcept = 0;
  /// Asks for an operation to end soon, as `cancelled`, or as it would have. At any time before it has finished, and also before
  /// start().
  virtual void cancel(Operation& operation) noexcept = 0;

 protected:
  File() = default;
};

}  // namespace libabi::io

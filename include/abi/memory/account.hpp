#pragma once
/// Memory accounts: named budgets that form a tree. Whatever libabi keeps for longer than a call is charged to one, so
/// that a host can bound it, and a charge over budget is an `exhausted` error instead of an out-of-memory kill.

#include <abi/base/error.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

namespace libabi::memory {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// A named budget. A charge counts here and in every ancestor, all or nothing. Thread-safe: charges of one tree take
/// turns (tens of nanoseconds), a release is one atomic update per level. Must outlive its charges and its children.
class ABI_API MemoryAccount {
 public:
  explicit MemoryAccount(std::string name, std::uint64_t budget_bytes = unlimited, MemoryAccount* parent = nullptr);
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  /// Errors: exhausted (names the account over budget, what it holds, its budget and what was asked).
  Result<void> charge(std::uint64_t bytes);
  /// Gives back bytes that were charged here.
  void release(std::uint64_t bytes) noexcept;

  const std::string& name() const noexcept { return name_; }
  std::uint64_t budget_bytes() const noexcept { return budget_; }
  std::uint64_t live_bytes() const noexcept { return live_.load(std::memory_order_relaxed); }
  /// The most that was live at once since construction or reset_peak(). Exact: a charge that was refused, here or in an
  /// ancestor, never shows in it.
  std::uint64_t peak_bytes() const noexcept { return peak_.load(std::memory_order_relaxed); }
  void reset_peak() noexcept;

 private:
  Result<void> refuse(std::uint64_t bytes) const;

  std::string name_;
  std::uint64_t budget_;
  MemoryAccount* parent_;
  MemoryAccount* root_;
  std::atomic<std::uint64_t> live_{0};
  std::atomic<std::uint64_t> peak_{0};
  std::mutex growth_;  // of the whole tree, in its root: held while live bytes grow
};

/// The account used where a caller names none; unlimited. Never destroyed.
ABI_API MemoryAccount& default_account();

/// Bytes charged to an account for as long as this object lives. Movable, not thread-safe.
class ABI_API Charge {
 public:
  Charge() = default;
  /// Errors: exhausted, as MemoryAccount::charge().
  static Result<Charge> take(MemoryAccount& account, std::uint64_t bytes);
  Charge(Charge&& other) noexcept : account_(std::exchange(other.account_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept;
  ~Charge() { reset(); }
  void reset() noexcept;
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  MemoryAccount* account_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace libabi::memory

#pragma once
/// Memory accounts: named budgets that form a tree. Whatever libabi keeps for longer than a call is charged to one, so
/// that a host can bound it, and a charge over budget is an `exhausted` error instead of an out-of-memory kill.
///
///     MemoryAccount host("host", 8ull << 30);
///     MemoryAccount model("model", 6ull << 30, &host);
///     MemoryAccount cache("cache", unlimited, &host);        // whatever the host's budget leaves
///     ABI_TRY(auto buffer, Buffer::allocate(bytes, model));  // exhausted where the model or the host has no room
///     std::cout << host.report().value_or("");               // what each of them holds, and the most it held

#include <abi/base/error.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace libabi::memory {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// What an account and those below it hold; one line of a report.
struct AccountFigures {
  std::string name;
  unsigned depth;  ///< 0 for the account that was asked
  std::uint64_t live_bytes;
  std::uint64_t peak_bytes;
  std::uint64_t budget_bytes;
};

/// A named budget. A charge counts here and in every ancestor, all or nothing. Thread-safe. Charges of one tree take turns: a
/// charge is a lock and two atomic updates a level, about 20 ns where nobody waits (bench row runtime.account.charge), so
/// that what is handed out in small pieces charges by the block; a release is one atomic update a level, without the lock. A
/// fork() leaves accounts usable in the child. Must outlive its charges and its children.
class ABI_API MemoryAccount {
 public:
  explicit MemoryAccount(std::string name, std::uint64_t budget_bytes = unlimited, MemoryAccount* parent = nullptr);
  ~MemoryAccount();
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

  MemoryAccount* parent() const noexcept { return parent_; }
  /// This account and all below it, parents before their children, children in the order of their making. All of one moment
  /// but for releases, which wait for nobody. Errors: exhausted.
  Result<std::vector<AccountFigures>> figures() const;
  /// The same for a person: a line for each account, indented by its depth. Errors: exhausted.
  Result<std::string> report() const;

 private:
  Result<void> refuse(std::uint64_t bytes) const;
  void append_to(std::vector<AccountFigures>& list, unsigned depth) const;

  std::string name_;
  std::uint64_t budget_;
  MemoryAccount* parent_;
  MemoryAccount* root_;  // itself where it has no parent
  std::atomic<std::uint64_t> live_{0};
  std::atomic<std::uint64_t> peak_{0};
  // The tree, under its lock.
  MemoryAccount* first_child_ = nullptr;
  MemoryAccount* last_child_ = nullptr;
  MemoryAccount* previous_ = nullptr;
  MemoryAccount* next_ = nullptr;
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
  /// The bytes stay charged, and whoever took the charge releases them from the account.
  void keep() noexcept { account_ = nullptr, bytes_ = 0; }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  MemoryAccount* account_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace libabi::memory

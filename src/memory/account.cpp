#include "fork.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/account.hpp>
#include <abi/memory/fault.hpp>

#include <array>
#include <mutex>
#include <new>

namespace libabi::memory {

namespace {

// A tree's lock is one of these. They are in one place, not each in its root, so that fork() can hold them all.
constinit std::array<std::mutex, 16> locks;

std::mutex& lock_of(const MemoryAccount* root) noexcept {
  return locks[reinterpret_cast<std::uintptr_t>(root) / alignof(std::max_align_t) % locks.size()];
}

// "3.1 GiB"; below 10 KiB every byte counts.
std::string readable(std::uint64_t bytes) {
  if (bytes == unlimited) return "unlimited";
  if (bytes < 10 * 1024) return format("{} B", bytes);
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<const char*, 6> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace

void lock_accounts() noexcept {
  for (std::mutex& each : locks) each.lock();
}

void unlock_accounts() noexcept {
  for (std::mutex& each : locks) each.unlock();
}

MemoryAccount::MemoryAccount(std::string name, std::uint64_t budget_bytes, MemoryAccount* parent)
    : name_(std::move(name)), budget_(budget_bytes), parent_(parent), root_(parent ? parent->root_ : this) {
  watch_forks();  // where there is no memory for it now, the next account or slab tries again
  if (!parent_) return;
  const std::lock_guard lock(lock_of(root_));
  previous_ = parent_->last_child_;
  (previous_ ? previous_->next_ : parent_->first_child_) = this;
  parent_->last_child_ = this;
}

MemoryAccount::~MemoryAccount() {
  if (!parent_) return;
  const std::lock_guard lock(lock_of(root_));
  (previous_ ? previous_->next_ : parent_->first_child_) = next_;
  (next_ ? next_->previous_ : parent_->last_child_) = previous_;
}

// Growth is decided under one lock a tree. Without it, a charge that an ancestor is about to refuse would for a moment
// stand in the accounts below, raise their peaks and make charges of other threads fail that fit. Releases need no lock:
// they can only make room.
Result<void> MemoryAccount::charge(std::uint64_t bytes) {
  return boundary([&]() -> Result<void> {
    if (allocation_must_fail()) return error(ErrorCode::exhausted, "a fault refuses {} bytes to account '{}'", bytes, name_);
    const std::lock_guard lock(lock_of(root_));
    for (const MemoryAccount* account = this; account; account = account->parent_)
      if (bytes > account->budget_ - account->live_bytes()) return account->refuse(bytes);
    for (MemoryAccount* account = this; account; account = account->parent_) {
      const std::uint64_t live = account->live_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
      if (live > account->peak_bytes()) account->peak_.store(live, std::memory_order_relaxed);
    }
    return {};
  });
}

void MemoryAccount::release(std::uint64_t bytes) noexcept {
  for (MemoryAccount* account = this; account; account = account->parent_)
    account->live_.fetch_sub(bytes, std::memory_order_relaxed);
}

void MemoryAccount::reset_peak() noexcept {
  const std::lock_guard lock(lock_of(root_));
  peak_.store(live_bytes(), std::memory_order_relaxed);
}

Result<void> MemoryAccount::refuse(std::uint64_t bytes) const {
  return error(ErrorCode::exhausted, "account '{}' holds {} of its {} bytes, {} more were asked for", name_, live_bytes(),
               budget_, bytes);
}

void MemoryAccount::append_to(std::vector<AccountFigures>& list, unsigned depth) const {
  list.push_back({name_, depth, live_bytes(), peak_bytes(), budget_});
  for (const MemoryAccount* child = first_child_; child; child = child->next_) child->append_to(list, depth + 1);
}

Result<std::vector<AccountFigures>> MemoryAccount::figures() const {
  return boundary([&]() -> Result<std::vector<AccountFigures>> {
    std::vector<AccountFigures> list;
    const std::lock_guard lock(lock_of(root_));
    append_to(list, 0);
    return list;
  });
}

Result<std::string> MemoryAccount::report() const {
  return boundary([&]() -> Result<std::string> {
    ABI_TRY(const auto list, figures());
    std::string text;
    for (const AccountFigures& each : list)
      text += format("{}{}: {} live, {} at most, of {}\n", std::string(2 * std::size_t{each.depth}, ' '), each.name,
                     readable(each.live_bytes), readable(each.peak_bytes), readable(each.budget_bytes));
    return text;
  });
}

MemoryAccount& default_account() {
  // It outlives every static of the host, and making it cannot fail: the name fits into the string itself.
  alignas(MemoryAccount) static std::byte storage[sizeof(MemoryAccount)];
  static MemoryAccount* const account = new (storage) MemoryAccount("default");
  return *account;
}

Result<Charge> Charge::take(MemoryAccount& account, std::uint64_t bytes) {
  ABI_TRY(account.charge(bytes));
  Charge charge;
  charge.account_ = &account;
  charge.bytes_ = bytes;
  return charge;
}

Charge& Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  reset();
  account_ = std::exchange(other.account_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void Charge::reset() noexcept {
  if (account_) account_->release(bytes_);
  account_ = nullptr;
  bytes_ = 0;
}

}  // namespace libabi::memory

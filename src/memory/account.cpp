#include <abi/base/boundary.hpp>
#include <abi/memory/account.hpp>
#include <abi/memory/fault.hpp>

#include <new>

namespace libabi::memory {

MemoryAccount::MemoryAccount(std::string name, std::uint64_t budget_bytes, MemoryAccount* parent)
    : name_(std::move(name)), budget_(budget_bytes), parent_(parent), root_(parent ? parent->root_ : this) {}

// Growth is decided under one lock a tree. Without it, a charge that an ancestor is about to refuse would for a moment
// stand in the accounts below, raise their peaks and make charges of other threads fail that fit. Releases need no lock:
// they can only make room.
Result<void> MemoryAccount::charge(std::uint64_t bytes) {
  return boundary([&]() -> Result<void> {
    if (allocation_must_fail()) return error(ErrorCode::exhausted, "a fault refuses {} bytes to account '{}'", bytes, name_);
    const std::lock_guard lock(root_->growth_);
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
  const std::lock_guard lock(root_->growth_);
  peak_.store(live_bytes(), std::memory_order_relaxed);
}

Result<void> MemoryAccount::refuse(std::uint64_t bytes) const {
  return error(ErrorCode::exhausted, "account '{}' holds {} of its {} bytes, {} more were asked for", name_, live_bytes(),
               budget_, bytes);
}

MemoryAccount& default_account() {
  // It outlives every static of the host, and making it allocates nothing: the name fits into the string itself.
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

#include "shared_file.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

namespace {
constexpr int pending_level = 3;  // SQLite has a name for it inside only
}

bool FileLock::take(const void* owner, int& held, int wanted) noexcept {
  if (held >= wanted) return true;
  const std::lock_guard lock(mutex_);
  if (wanted == SQLITE_LOCK_SHARED) {
    if (pending_) return false;
    ++shared_;
    held = SQLITE_LOCK_SHARED;
    return true;
  }
  if (writer_ && writer_ != owner) return false;
  writer_ = owner;
  if (wanted == SQLITE_LOCK_EXCLUSIVE) {
    pending_ = true;
    held = pending_level;
    if (shared_ > 1) return false;
  }
  held = wanted;
  return true;
}

void FileLock::give(const void* owner, int& held, int wanted) noexcept {
  if (held <= wanted) return;
  const std::lock_guard lock(mutex_);
  if (writer_ == owner) {
    writer_ = nullptr;
    pending_ = false;
  }
  if (wanted == SQLITE_LOCK_NONE) --shared_;
  held = wanted;
}

bool FileLock::reserved() const noexcept {
  const std::lock_guard lock(mutex_);
  return writer_ != nullptr;
}

void WalIndex::enter() noexcept {
  const std::lock_guard lock(mutex_);
  ++users_;
}

void WalIndex::leave() noexcept {
  const std::lock_guard lock(mutex_);
  if (--users_ == 0) regions_.clear();
}

Result<void*> WalIndex::region(std::size_t number, std::size_t bytes, bool make) noexcept {
  return boundary([&]() -> Result<void*> {
    const std::lock_guard lock(mutex_);
    if (number >= regions_.size() && !make) return nullptr;
    regions_.reserve(number + 1);
    while (regions_.size() <= number) regions_.push_back(std::make_unique<std::byte[]>(bytes));
    return regions_[number].get();
  });
}

bool WalIndex::share(int first, int count) noexcept {
  const std::lock_guard lock(mutex_);
  const auto wanted = locks_.begin() + first;
  if (std::any_of(wanted, wanted + count, [](int held) { return held < 0; })) return false;
  std::for_each(wanted, wanted + count, [](int& held) { ++held; });
  return true;
}

bool WalIndex::exclude(int first, int count) noexcept {
  const std::lock_guard lock(mutex_);
  const auto wanted = locks_.begin() + first;
  if (std::any_of(wanted, wanted + count, [](int held) { return held != 0; })) return false;
  std::fill_n(wanted, count, -1);
  return true;
}

void WalIndex::unshare(int first, int count) noexcept {
  const std::lock_guard lock(mutex_);
  std::for_each(locks_.begin() + first, locks_.begin() + first + count, [](int& held) { --held; });
}

void WalIndex::unexclude(int first, int count) noexcept {
  const std::lock_guard lock(mutex_);
  std::fill_n(locks_.begin() + first, count, 0);
}

}  // namespace libabi::vdb::sqlite

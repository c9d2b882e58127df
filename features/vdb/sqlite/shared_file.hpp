#pragma once
/// What the connections of this process to one file have in common: SQLite's locks on it, the memory of its WAL index, and
/// whether a sync of it has failed. Everything is thread-safe, and nothing here leaves the process: that no other one writes is
/// what the lock file of the folder is for.

#include <abi/base/error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace libabi::vdb::sqlite {

/// SQLite's levels, by their numbers; every owner starts at 0 (none).
class FileLock {
 public:
  /// Moves `held`, which is the owner's level, up to `wanted`; false where others are in the way. A try for exclusive (4) that
  /// finds readers leaves `held` at pending (3), so that no new ones come.
  bool take(const void* owner, int& held, int wanted) noexcept;
  /// Down to shared (1) or none.
  void give(const void* owner, int& held, int wanted) noexcept;
  bool reserved() const noexcept;

 private:
  mutable std::mutex mutex_;
  const void* writer_ = nullptr;  // who is past shared
  bool pending_ = false;
  unsigned shared_ = 0;
};

/// The WAL index in ordinary memory: regions of one size, and eight locks that many share or one has.
class WalIndex {
 public:
  static constexpr int slots = 8;

  void enter() noexcept;
  /// The last one takes the regions with it.
  void leave() noexcept;
  /// Null where it is not there and not to be made. Errors: exhausted.
  Result<void*> region(std::size_t number, std::size_t bytes, bool make) noexcept;

  /// What this thread wrote before it is seen by those who come to it later.
  void barrier() noexcept { const std::lock_guard lock(mutex_); }

  bool share(int first, int count) noexcept;
  bool exclude(int first, int count) noexcept;
  void unshare(int first, int count) noexcept;
  void unexclude(int first, int count) noexcept;

 private:
  std::mutex mutex_;
  unsigned users_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> regions_;
  std::array<int, slots> locks_{};  // how many share it, or -1
};

struct SharedFile {
  FileLock lock;
  WalIndex index;
  /// Why a sync failed, or ok: what it was to save may be lost although it can be read, and a later success would not say so.
  std::atomic<ErrorCode> sync_failure{ErrorCode::ok};
  /// The name may not be durable yet.
  std::atomic<bool> name_unsynced{false};
};

}  // namespace libabi::vdb::sqlite

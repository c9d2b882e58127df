#pragma once
/// Scratches that threads borrow.

#include "graph/scratch.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace libabi::vdb {

class ScratchPool {
 public:
  class Lease {
   public:
    Lease(ScratchPool& pool, std::unique_ptr<Scratch> scratch) noexcept : pool_(pool), scratch_(std::move(scratch)) {}
    ~Lease() { pool_.give_back(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Scratch& operator*() const noexcept { return *scratch_; }
    Scratch* operator->() const noexcept { return scratch_.get(); }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Scratch> scratch_;
  };

  /// Throws bad_alloc where it has to make one, and none where `reserve` made enough.
  Lease borrow() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        auto scratch = std::move(idle_.back());
        idle_.pop_back();
        return {*this, std::move(scratch)};
      }
    }
    auto fresh = std::make_unique<Scratch>();
    const std::scoped_lock lock(mutex_);
    idle_.reserve(++made_);  // so that giving back needs no memory
    return {*this, std::move(fresh)};
  }

  /// At least `count` idle ones, each made ready by `make_ready(scratch)`. Errors: those of make_ready. Throws bad_alloc.
  template <class MakeReady>
  Result<void> reserve(std::size_t count, const MakeReady& make_ready) {
    const std::scoped_lock lock(mutex_);
    while (idle_.size() < count) {
      idle_.reserve(made_ + 1);
      idle_.push_back(std::make_unique<Scratch>());
      ++made_;
    }
    for (const auto& scratch : idle_) ABI_TRY(make_ready(*scratch));
    return {};
  }

 private:
  void give_back(std::unique_ptr<Scratch> scratch) noexcept {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(scratch));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> idle_;
  std::size_t made_ = 0;
};

}  // namespace libabi::vdb

#pragma once
/// What a SlabAllocator is made of.

#include "guards.hpp"
#include "slab/threads.hpp"

namespace libabi::memory {

struct SlabAllocator::Impl {
  Impl(MemoryAccount& account, const SlabOptions& options) noexcept
      : depots(account, options.huge_pages, options.guards || kPoisons), threads(depots, account, options.guards || kPoisons) {}
  ~Impl() { threads.end(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void*> take(unsigned size_class);
  void give_back(unsigned size_class, void* block) noexcept;

  slab::Depots depots;
  slab::Threads threads;
};

}  // namespace libabi::memory

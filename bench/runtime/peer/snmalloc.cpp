// snmalloc by its path, header-only and inline, as its authors measure it.
#include "memory_loops.hpp"

#include <snmalloc/snmalloc.h>

namespace bench::memory {

namespace {

struct SnMalloc {
  void* take(std::size_t bytes) { return ::snmalloc::alloc(bytes); }
  void give(void* block, std::size_t bytes) { ::snmalloc::dealloc(block, bytes); }
};

}  // namespace

Peer snmalloc() { return peer<SnMalloc>(); }

}  // namespace bench::memory

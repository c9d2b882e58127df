// mimalloc of the system's package. It is opened at run time and not linked: linked, it would be the malloc of the whole program.
#include "memory_loops.hpp"

#include <dlfcn.h>

namespace bench::memory {

namespace {

struct Functions {
  void* (*take)(std::size_t) = nullptr;
  void (*give)(void*) = nullptr;
};

Functions load() {
  void* library = nullptr;
  for (const char* const name : {"libmimalloc.so.2", "libmimalloc.so.2.0", "libmimalloc.so"})
    if (!library) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) return {};
  return {reinterpret_cast<void* (*)(std::size_t)>(::dlsym(library, "mi_malloc")),
          reinterpret_cast<void (*)(void*)>(::dlsym(library, "mi_free"))};
}

const Functions functions = load();

struct MiMalloc {
  void* take(std::size_t bytes) { return functions.take(bytes); }
  void give(void* block, std::size_t) { functions.give(block); }
};

}  // namespace

Peer mimalloc() { return functions.take && functions.give ? peer<MiMalloc>() : Peer{}; }

}  // namespace bench::memory

#pragma once
/// Where the frames of coroutines come from: free lists of the thread, one for each size, so that a frame costs a few
/// nanoseconds. Promises derive from FrameMemory; users meet only release_cached_frames().
///
/// A frame may be destroyed on any thread, and then serves that one. A thread keeps at most 64 free frames of each size (a
/// multiple of 64 bytes, up to 1 KiB; 544 KiB if all are full) and gives the rest, and the larger ones, back to operator new;
/// it gives back everything when it ends. Under the address sanitizer every frame is an allocation of its own, so that the use
/// of a dead one is seen. A frame that must come from the system is an allocation point (memory/fault.hpp). Without memory the
/// coroutine is not made, and what it returns says so: `exhausted`.

#include <abi/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <new>

namespace libabi::task {

/// Gives the free frames that this thread keeps back to the system.
ABI_API void release_cached_frames() noexcept;

namespace detail {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool frames_are_cached = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool frames_are_cached = false;
#else
inline constexpr bool frames_are_cached = true;
#endif
#else
inline constexpr bool frames_are_cached = true;
#endif

/// The free frames of one thread. Plain memory without a destructor, so that reaching it costs no check; what empties it at the
/// end of the thread is registered by the first frame that is freed.
struct FrameCache {
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t classes = 16;
  static constexpr std::uint16_t most = 64;  // free frames of a class that a thread keeps

  struct Free {
    Free* next;
  };
  Free* free[classes];
  std::uint16_t room[classes];  // how many more may be kept; 0 before the thread's first, and after its end
};

// initial-exec: a load and no call, from within the shared library too. 160 bytes of the loader's spare room where it is
// dlopened.
ABI_API extern constinit thread_local FrameCache frame_cache [[gnu::tls_model("initial-exec")]];

ABI_API void* frame_from_system(std::size_t bytes) noexcept;
ABI_API void frame_to_system(void* frame, std::size_t bytes) noexcept;

inline void* allocate_frame(std::size_t bytes) noexcept {
  const std::size_t index = (bytes - 1) / FrameCache::granule;
  if (frames_are_cached && index < FrameCache::classes) [[likely]] {
    FrameCache& cache = frame_cache;
    if (FrameCache::Free* const frame = cache.free[index]) [[likely]] {
      cache.free[index] = frame->next;
      ++cache.room[index];
      return frame;
    }
  }
  return frame_from_system(bytes);
}

inline void free_frame(void* memory, std::size_t bytes) noexcept {
  const std::size_t index = (bytes - 1) / FrameCache::granule;
  if (frames_are_cached && index < FrameCache::classes) [[likely]] {
    FrameCache& cache = frame_cache;
    if (cache.room[index] != 0) [[likely]] {
      --cache.room[index];
      cache.free[index] = ::new (memory) FrameCache::Free{cache.free[index]};
      return;
    }
  }
  frame_to_system(memory, bytes);
}

}  // namespace detail

/// The base of promises whose frames come from the free lists.
struct FrameMemory {
  static void* operator new(std::size_t bytes) noexcept { return detail::allocate_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { detail::free_frame(frame, bytes); }
};

}  // namespace libabi::task

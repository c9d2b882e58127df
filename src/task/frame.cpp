#include <abi/memory/fault.hpp>
#include <abi/task/frame.hpp>

#include <new>

namespace libabi::task {

namespace {

enum class Life : unsigned char { before, running, over };
constinit thread_local Life life = Life::before;

void empty(detail::FrameCache& cache) noexcept {
  for (std::size_t i = 0; i < detail::FrameCache::classes; ++i)
    while (detail::FrameCache::Free* const frame = cache.free[i]) {
      cache.free[i] = frame->next;
      ::operator delete(frame);
    }
}

// Empties the lists when the thread ends; frames that other thread-local objects free after that go to the system.
struct EndOfThread {
  ~EndOfThread() {
    life = Life::over;
    for (std::uint16_t& room : detail::frame_cache.room) room = 0;
    empty(detail::frame_cache);
  }
  void begin() const noexcept {
    life = Life::running;
    for (std::uint16_t& room : detail::frame_cache.room) room = detail::FrameCache::most;
  }
};

}  // namespace

constinit thread_local detail::FrameCache detail::frame_cache{};

void* detail::frame_from_system(std::size_t bytes) noexcept {
  if (memory::allocation_must_fail()) return nullptr;
  const std::size_t whole = (bytes + FrameCache::granule - 1) / FrameCache::granule * FrameCache::granule;
  return ::operator new(whole, std::nothrow);
}

void detail::frame_to_system(void* frame, std::size_t bytes) noexcept {
  if (frames_are_cached && life == Life::before) {
    thread_local const EndOfThread end;
    end.begin();
    return free_frame(frame, bytes);
  }
  ::operator delete(frame);
}

void release_cached_frames() noexcept {
  detail::FrameCache& cache = detail::frame_cache;
  empty(cache);
  if (life == Life::running)
    for (std::uint16_t& room : cache.room) room = detail::FrameCache::most;
}

}  // namespace libabi::task

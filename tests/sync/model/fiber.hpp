#pragma once
// Threads that the scheduler switches by hand. A switch costs two nanoseconds on x86-64 and a system call elsewhere; the
// address and thread sanitizers are told of each.

#include <cstddef>
#include <memory>

namespace libabi::sync::model {

/// A stack and what runs on it. A fiber that did not end may be started anew: what is on its stack is forgotten, not destroyed.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next resume() calls `entry`, which must not throw and whose last act is leave().
  void start(void (*entry)(void*), void* argument) noexcept;
  /// Runs the fiber until it calls leave(). From outside of all fibers.
  void resume() noexcept;
  /// Back to whoever resumed it. From inside.
  void leave() noexcept;

 private:
  struct Platform;
  std::unique_ptr<Platform> platform_;
};

}  // namespace libabi::sync::model

#include <abi/task/frame_transfer.hpp>

namespace libabi::task {

namespace {

// The driver that runs on this thread, if any: what its coroutine left to go on with.
struct Driver {
  std::coroutine_handle<> next;
};
constinit thread_local Driver* driver = nullptr;

}  // namespace

void detail::drive_bouncing(std::coroutine_handle<> first) noexcept {
  Driver mine{first};
  Driver* const before = std::exchange(driver, &mine);
  while (mine.next) std::exchange(mine.next, nullptr).resume();
  driver = before;
}

void detail::bounce(std::coroutine_handle<> next) noexcept {
  // A place that is taken: a coroutine was resumed by hand within another one. What it left goes on first, nested.
  if (!driver || driver->next) return drive_bouncing(next);
  driver->next = next;
}

detail::NoDriver::NoDriver() noexcept : before_(std::exchange(driver, nullptr)) {
  if (before_)
    if (const auto left = std::exchange(static_cast<Driver*>(before_)->next, nullptr)) drive_bouncing(left);
}

detail::NoDriver::~NoDriver() { driver = static_cast<Driver*>(before_); }

}  // namespace libabi::task

#include <abi/base/boundary.hpp>
#include <abi/task/clock.hpp>
#include <abi/task/own_thread.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <unistd.h>

namespace libabi::task {

namespace {

constexpr unsigned kTickBits = 16;  // of nanoseconds: 65.5 us

Clock::TimePoint steady_now() noexcept { return std::chrono::time_point_cast<Clock::Duration>(std::chrono::steady_clock::now()); }

}  // namespace

PolledClock::PolledClock(Wake wake, void* context) noexcept : queue_(kTickBits, steady_now()), wake_(wake), context_(context) {}

Clock::TimePoint PolledClock::now() const noexcept { return steady_now(); }

void PolledClock::arm(Timer& timer, TimePoint when) noexcept {
  if (queue_.arm(timer, when) && wake_) wake_(context_);
}

bool PolledClock::cancel(Timer& timer) noexcept { return queue_.cancel(timer); }

Clock::TimePoint PolledClock::fire_due() noexcept {
  const TimePoint present = steady_now();
  while (Timer* const timer = queue_.pop(present)) timer->fire(*timer);
  return queue_.next();
}

struct SystemClock::Driver {
  void wake() noexcept {
    const std::lock_guard lock(mutex);
    woken = true;
    changed.notify_one();
  }

  std::error_code start() {
    return detail::start_own_thread(thread, "abi/timers", [this] { drive(); });
  }

  void drive() noexcept {
    std::unique_lock lock(mutex);
    while (!stopping) {
      woken = false;
      lock.unlock();
      const TimePoint next = clock.fire_due();
      lock.lock();
      const auto called = [this] { return woken || stopping; };
      if (next == TimePoint::max())
        changed.wait(lock, called);
      else
        changed.wait_until(lock, next, called);
    }
  }

  // In the child of a fork() the thread is gone: nothing is there to be joined.
  bool thread_is_gone() const noexcept { return process != getpid(); }

  void stop() noexcept {
    if (!thread.joinable()) return;
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      changed.notify_one();
    }
    thread.join();
  }

  PolledClock clock{[](void* context) noexcept { static_cast<Driver*>(context)->wake(); }, this};
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;
  bool stopping = false;
  const pid_t process = getpid();
  std::thread thread;
  SystemClock* clock_of_parent = nullptr;
};

SystemClock::SystemClock(std::unique_ptr<Driver> driver) noexcept : driver_(std::move(driver)) {}

SystemClock::~SystemClock() {
  if (driver_->thread_is_gone())
    static_cast<void>(driver_.release());  // a std::thread that was not joined cannot be destroyed
  else
    driver_->stop();
}

Clock::TimePoint SystemClock::now() const noexcept { return driver_->clock.now(); }
void SystemClock::arm(Timer& timer, TimePoint when) noexcept { driver_->clock.arm(timer, when); }
bool SystemClock::cancel(Timer& timer) noexcept { return driver_->clock.cancel(timer); }

Result<std::unique_ptr<SystemClock>> SystemClock::create() {
  return boundary([]() -> Result<std::unique_ptr<SystemClock>> {
    std::unique_ptr<SystemClock> clock(new SystemClock(std::make_unique<Driver>()));
    if (const std::error_code refused = clock->driver_->start())
      return error(ErrorCode::exhausted, "the system gives no thread for the timers: {}", refused.message());
    return clock;
  });
}

namespace {

// The clock of the process. Never ends: what is destroyed last may still hold timers on it.
constinit std::atomic<SystemClock*> shared_clock{nullptr};
// That of the process before fork(): left alone, and kept where leak checkers find it.
constinit SystemClock* clock_of_parent = nullptr;

}  // namespace

Result<SystemClock*> SystemClock::shared() {
  if (SystemClock* const clock = shared_clock.load(std::memory_order_acquire)) return clock;
  static const int watching = pthread_atfork(nullptr, nullptr, [] {
    if (SystemClock* const clock = shared_clock.exchange(nullptr)) clock_of_parent = clock;
  });
  if (watching != 0) return error(ErrorCode::exhausted, "the system has no memory for a clock");
  ABI_TRY(std::unique_ptr<SystemClock> made, create());
  made->driver_->clock_of_parent = clock_of_parent;
  SystemClock* current = nullptr;
  if (!shared_clock.compare_exchange_strong(current, made.get(), std::memory_order_acq_rel)) return current;
  made->driver_->thread.detach();  // never joined: it is left asleep, or at work, when the process ends
  return made.release();
}

}  // namespace libabi::task

#pragma once
/// Sleep until a word changes, and wake whoever does: on Linux exactly one system call each.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#if !defined(__linux__)
#include <algorithm>
#include <thread>
#else
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace libabi::task {

/// Returns when woken, by chance too, or at once where the word is not `expected`.
inline void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
#if defined(__linux__)
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
#else
  word.wait(expected);
#endif
}

/// The same, and returns when `longest` has gone by. max() is for ever.
inline void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::chrono::nanoseconds longest) noexcept {
  if (longest == std::chrono::nanoseconds::max()) return futex_wait(word, expected);
#if defined(__linux__)
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec time{.tv_sec = static_cast<std::time_t>(whole.count()), .tv_nsec = static_cast<long>((longest - whole).count())};
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &time, nullptr, 0);
#else
  for (const auto since = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - since < longest;) {
    if (word.load(std::memory_order_acquire) != expected) return;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(longest, std::chrono::milliseconds(1)));
  }
#endif
}

/// Wakes one. The word may be gone by now: then whoever sleeps there wakes by chance.
inline void futex_wake(std::atomic<std::uint32_t>& word) noexcept {
#if defined(__linux__)
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
#else
  word.notify_one();
#endif
}

}  // namespace libabi::task

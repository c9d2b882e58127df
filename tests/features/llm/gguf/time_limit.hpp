#pragma once

#include <time.h>

/// Of this thread: a busy machine makes nothing slow.
inline double cpu_seconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

#if defined(__has_feature)
#define ABI_TEST_HAS_FEATURE(x) __has_feature(x)
#else
#define ABI_TEST_HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || ABI_TEST_HAS_FEATURE(address_sanitizer) || \
    ABI_TEST_HAS_FEATURE(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// No file of any size in these tests may take longer to open; sanitizers make everything some times slower.
inline constexpr double seconds_at_most = sanitized ? 5.0 : 1.0;

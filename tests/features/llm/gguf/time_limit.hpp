#pragma once

#include "sanitizers.hpp"

#include <time.h>

/// Of this thread: a busy machine makes nothing slow.
inline double cpu_seconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

using libabi::test::sanitized;

/// No file of any size in these tests may take longer to open; sanitizers make everything some times slower.
inline constexpr double seconds_at_most = sanitized ? 5.0 : 1.0;

#pragma once

#include <cstdint>

/// What operator new has given out in this program: memory_test.cpp replaces it. Not for several threads.
namespace counted {

std::uint64_t live_bytes();
/// The most that was live at once since the last reset.
std::uint64_t peak_bytes();
void reset_peak();

/// While it lives, allocation `number` (from 0) fails.
class Failure {
 public:
  explicit Failure(std::uint64_t number);
  ~Failure();
  bool hit() const;
};

}  // namespace counted

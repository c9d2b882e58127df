#pragma once

#include <cstdint>

namespace libabi::llm {

/// splitmix64 (Steele, Lea and Flood, 2014): the n-th number is a function of seed and n, the same on every machine.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) noexcept : start_(mix(seed)), state_(start_) {}
  void reset() noexcept { state_ = start_; }

  std::uint64_t next() noexcept { return mix(state_ += 0x9e3779b97f4a7c15); }
  /// In [0, 1), a multiple of 2^-53.
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t start_;  // mixed, so that neighbouring seeds have streams far apart
  std::uint64_t state_;
};

}  // namespace libabi::llm

#pragma once
/// What the tests of kernels share: every instruction set that runs here, every length that matters, rows with guards.

#include <gtest/gtest.h>

#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace libabi::simd {

inline constexpr double ulp = 0x1p-24;  ///< half a unit in the last place of a number near 1
inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// One below, at and above every vector width and its multiples, and a large odd one.
inline const std::vector<std::size_t> lengths = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 67, 127, 1537};

inline unsigned seed() {
  const char* given = std::getenv("ABI_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20261124u;
}

class Simd : public testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed())); }

  std::vector<float> random(std::size_t n, float spread = 1) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> values(n);
    for (float& v : values) v = normal(generator_);
    return values;
  }

  /// Calls body(kernels, n) for every instruction set and every length.
  static void walk(const std::function<void(const Kernels&, std::size_t)>& body) {
    for (const auto isa : runnable_isas()) {
      const Kernels* kernels = kernels_for(isa);
      ASSERT_NE(kernels, nullptr) << name(isa);
      EXPECT_EQ(kernels->isa, isa);
      for (const std::size_t n : lengths) {
        SCOPED_TRACE(std::string(name(isa)) + ", n = " + std::to_string(n) + ", seed " + std::to_string(seed()));
        body(*kernels, n);
        if (HasFatalFailure()) return;
      }
    }
  }

 private:
  std::mt19937 generator_{seed()};
};

/// A row one float off any alignment, with guards on both sides that are looked at when it goes.
template <class T = float>
class Row {
 public:
  explicit Row(std::size_t n, T fill = T{}) : n_(n), storage_(n + 2 * guard, fill) {
    for (std::size_t i = 0; i < guard; ++i) storage_[i] = storage_[guard + n + i] = mark;
  }
  explicit Row(const std::vector<T>& values) : Row(values.size()) { std::copy(values.begin(), values.end(), data()); }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row() {
    for (std::size_t i = 0; i < guard; ++i) {
      EXPECT_EQ(storage_[i], mark) << "written before the row";
      EXPECT_EQ(storage_[guard + n_ + i], mark) << "written behind the row";
    }
  }
  T* data() { return storage_.data() + guard; }
  T operator[](std::size_t i) const { return storage_[guard + i]; }

 private:
  static constexpr std::size_t guard = 17;
  static constexpr T mark = static_cast<T>(12345);
  std::size_t n_;
  std::vector<T> storage_;
};

}  // namespace libabi::simd

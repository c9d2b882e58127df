#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace libabi::test {

/// ABI_SEED, or a fixed seed; printed.
inline std::uint64_t seed() {
  const char* const given = std::getenv("ABI_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 0) : 20'261'125;
  std::cout << "ABI_SEED=" << seed << "\n";
  return seed;
}

}  // namespace libabi::test

#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace libabi::test {

/// The seed of a random test: ABI_SEED where it is set. It is printed, so that a failure can be had again.
inline std::uint64_t seed(std::uint64_t otherwise = 20'261'125) {
  const char* const given = std::getenv("ABI_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 0) : otherwise;
  std::cout << "ABI_SEED=" << seed << "\n";
  return seed;
}

}  // namespace libabi::test

#pragma once

#include <cstdlib>
#include <iostream>

namespace libabi::test {

/// The seed of a random test: ABI_SEED where it is set. It is printed, so that a failure can be had again.
inline unsigned long seed() {
  const char* const given = std::getenv("ABI_SEED");
  const unsigned long seed = given ? std::strtoul(given, nullptr, 10) : 20240607;
  std::cout << "ABI_SEED=" << seed << "\n";
  return seed;
}

}  // namespace libabi::test

#pragma once
// How far the tests of the lock-free structures go.

#include <cstdlib>

namespace libabi::sync::model {

/// ABI_MODEL_DEPTH, 0 where it is not set: what a test has time for each time it is run. With 1 and more, for the night, every
/// scenario has so many operations more, and histories of real threads are so many times more.
inline unsigned depth() {
  const char* const given = std::getenv("ABI_MODEL_DEPTH");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 0;
}

}  // namespace libabi::sync::model

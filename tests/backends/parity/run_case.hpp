#pragma once

#include "parity/case.hpp"

#include <abi/compute/executor.hpp>

namespace libabi::parity {

/// How a case went on a device.
struct Outcome {
  bool supported = true;
  std::string failure;       ///< empty: every output of every run is within its bound
  double worst = 0;          ///< the greatest error, as a part of its bound
  std::vector<Bytes> found;  ///< the output of every run, as the device left it
};

/// Runs a case on a device and by the reference in double, and compares them.
Outcome run_case(const Case& test, compute::Device& device);

}  // namespace libabi::parity

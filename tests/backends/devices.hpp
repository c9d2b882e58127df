#pragma once
/// The devices that tests of this folder walk, and the seed that they take.

#include <abi/backends/registry.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace libabi::parity {

/// ABI_SEED, or a fixed one; printed, so that a failure can be seen again.
inline std::uint32_t test_seed() {
  const char* text = std::getenv("ABI_SEED");
  const auto seed = text ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : 20240229u;
  std::cout << "ABI_SEED=" << seed << "\n";
  return seed;
}

/// A device with the scheduler that it runs on.
struct TestDevice {
  std::string backend;
  std::unique_ptr<task::Scheduler> scheduler;
  std::unique_ptr<compute::Device> device;
};

/// A device of every backend of this build, on so many threads; those that cannot be opened here are told.
inline std::vector<TestDevice> open_devices(unsigned threads) {
  std::vector<TestDevice> out;
  for (const backends::BackendInfo& info : backends::list()) {
    TestDevice entry{
        .backend = std::string(info.name), .scheduler = task::Scheduler::create({.threads = threads}).value(), .device = nullptr};
    auto device = backends::open_device(info.name, *entry.scheduler);
    if (!device) {
      std::cout << "no device of " << info.name << ": " << device.error().text() << "\n";
      continue;
    }
    entry.device = *std::move(device);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace libabi::parity

#include "devices.hpp"

#include <gtest/gtest.h>

namespace libabi::parity {
namespace {

TEST(Backends, AreListedOnceInTheOrderOfTheirLines) {
  const std::vector<std::string_view> expected = {
#define ABI_BACKEND(name) #name,
#include "backends.def"
#undef ABI_BACKEND
  };
  std::vector<std::string_view> found;
  for (const backends::BackendInfo& info : backends::list()) {
    found.push_back(info.name);
    EXPECT_FALSE(info.description.empty()) << info.name;
  }
  EXPECT_EQ(found, expected);
}

TEST(Backends, AnUnknownNameIsNotFoundAndTheKnownOnesAreTold) {
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  const auto device = backends::open_device("quantum", *scheduler);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, ErrorCode::not_found);
  EXPECT_NE(device.error().message.find("'quantum'"), std::string::npos) << device.error().message;
  for (const backends::BackendInfo& info : backends::list())
    EXPECT_NE(device.error().message.find(info.name), std::string::npos) << device.error().message;
}

TEST(Backends, EachOpensOrSaysThatItIsUnavailable) {
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  for (const backends::BackendInfo& info : backends::list()) {
    const auto device = backends::open_device(info.name, *scheduler);
    if (device) {
      EXPECT_TRUE(info.in_build) << info.name;
      EXPECT_EQ((*device)->name(), info.name);
      EXPECT_FALSE((*device)->description().empty());
    } else {
      EXPECT_EQ(device.error().code, ErrorCode::unavailable) << device.error().text();
    }
  }
}

}  // namespace
}  // namespace libabi::parity

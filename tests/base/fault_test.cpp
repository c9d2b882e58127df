// Errors and messages where memory runs out while they are made.

#include "memory/failing_malloc.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>
#include <abi/base/log.hpp>

#include <stdexcept>

namespace libabi {
namespace {

constexpr std::string_view kLong = "a value that is too long to be kept in a string by itself";

/// Calls `body` with each of its allocations failing: it must end in the error with this code, or in exhausted.
template <class Body>
void fails_as(ErrorCode code, Body body) {
  const std::uint64_t allocations = test::fail_each([&] {
    const Result<int> result = boundary(body);
    EXPECT_FALSE(result);
    EXPECT_TRUE(result.error().code == code || result.error().code == ErrorCode::exhausted) << result.error().text();
    return result.error().code == code;
  });
  EXPECT_GT(allocations, 0u) << "its message takes none";
}

TEST(Fault, AnErrorThatCannotBeToldIsExhausted) {
  fails_as(ErrorCode::not_found, []() -> Result<int> { return error(ErrorCode::not_found, "{} is not there", kLong); });
}

TEST(Fault, AnErrorWithItsContextToo) {
  fails_as(ErrorCode::corrupt, []() -> Result<int> {
    return within(kLong, within("a file whose name is long as well", error(ErrorCode::corrupt, "{}", kLong).error()).error());
  });
}

TEST(Fault, AnExceptionAndAFailedCheckToo) {
  set_log_sink([](LogLevel, std::string_view) {});
  fails_as(ErrorCode::internal, []() -> Result<int> { throw std::runtime_error(std::string(kLong)); });
  fails_as(ErrorCode::internal, []() -> Result<int> {
    ABI_CHECK(kLong.empty());
    return 1;
  });
  set_log_sink({});
}

TEST(Fault, AMessageOfTheLogThatCannotBeMadeIsLost) {
  int heard = 0;
  set_log_sink([&](LogLevel, std::string_view text) { heard += text.find(kLong) != text.npos; });
  const std::uint64_t allocations = test::fail_each([&] {
    const int before = heard;
    log(LogLevel::error, "{}", kLong);
    return heard == before + 1;
  });
  set_log_sink({});
  EXPECT_EQ(heard, 2) << "without a fault, of " << allocations + 2 << " times";
}

}  // namespace
}  // namespace libabi

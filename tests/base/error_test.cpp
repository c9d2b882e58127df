#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>
#include <abi/base/error.hpp>
#include <abi/base/log.hpp>

#include <gtest/gtest.h>

#include <map>
#include <new>
#include <set>
#include <stdexcept>

namespace libabi {
namespace {

TEST(Error, NumbersOfTheCodesAreStable) {
  const std::map<int, std::string_view> stable{{1, "cancelled"},      {2, "invalid_argument"},    {3, "not_found"},
                                               {4, "already_exists"}, {5, "permission_denied"},   {6, "unauthenticated"},
                                               {7, "exhausted"},      {8, "failed_precondition"}, {9, "aborted"},
                                               {10, "out_of_range"},  {11, "unsupported"},        {12, "unavailable"},
                                               {13, "corrupt"},       {14, "deadline_exceeded"},  {15, "internal"}};
  ASSERT_EQ(error_codes().size(), stable.size());
  for (const ErrorCode code : error_codes()) EXPECT_EQ(name(code), stable.at(static_cast<int>(code)));
}

TEST(Error, EveryCodeHasAnHttpStatusOfAFailure) {
  for (const ErrorCode code : error_codes()) {
    EXPECT_GE(http_status(code), 400) << name(code);
    EXPECT_LT(http_status(code), 600) << name(code);
  }
  EXPECT_EQ(http_status(ErrorCode::ok), 200);
  EXPECT_EQ(name(static_cast<ErrorCode>(99)), "unknown");
}

TEST(Error, MessageHoldsItsValuesInPlace) {
  const auto failed =
      error(ErrorCode::corrupt, "magic at byte {} is {:#x}, expected {}; {} {}", 4, 255u, std::string("GGUF"), true, 0.5);
  EXPECT_EQ(failed.error().message, "magic at byte 4 is 0xff, expected GGUF; true 0.5");
  EXPECT_EQ(failed.error().code, ErrorCode::corrupt);
}

TEST(Error, ContextIsPutBeforeTheMessageOutermostFirst) {
  auto inner = within("tensor 'a'", error(ErrorCode::corrupt, "bad").error());
  EXPECT_EQ(within("m.gguf", std::move(inner).error()).error().text(), "m.gguf: tensor 'a': bad");
}

Result<int> half(int value) {
  if (value % 2 != 0) return error(ErrorCode::invalid_argument, "{} is odd", value);
  return value / 2;
}
Result<int> quarter(int value) {
  ABI_TRY(const int first, half(value));
  ABI_TRY(const int second, half(first));
  return second;
}
Result<void> even(int value) {
  ABI_TRY(half(value));
  return {};
}

TEST(Error, TryTakesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_TRUE(even(2));
  EXPECT_EQ(even(3).error().code, ErrorCode::invalid_argument);
}

Result<int> run(void (*body)()) {
  return boundary([body]() -> Result<int> {
    body();
    return 1;
  });
}

TEST(Boundary, TurnsWhatUnwindsIntoErrors) {
  std::string logged;
  set_log_sink([&](LogLevel, std::string_view message) { logged = message; });
  const auto checked = run([] { ABI_CHECK(1 + 1 == 3); });
  set_log_sink({});
  EXPECT_EQ(checked.error().code, ErrorCode::internal);
  EXPECT_NE(checked.error().message.find("1 + 1 == 3"), std::string::npos);
  EXPECT_NE(logged.find("error_test.cpp:"), std::string::npos) << "the place is logged";
  EXPECT_EQ(run([] { throw std::bad_alloc(); }).error().code, ErrorCode::exhausted);
  EXPECT_EQ(run([] { throw std::runtime_error("odd"); }).error().message, "odd");
  EXPECT_EQ(run([] { throw 7; }).error().code, ErrorCode::internal);
  EXPECT_EQ(run([] {}).value(), 1);
}

}  // namespace
}  // namespace libabi

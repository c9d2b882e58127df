#include <cxxabi.h>  // before our headers and, below, after them: the namespace at the border must bear both orders

#include <abi/base/log.hpp>
#include <abi/base/version.hpp>

#include <cxxabi.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace libabi {
namespace {

class LogTest : public testing::Test {
 protected:
  void TearDown() override {
    set_log_sink({});
    set_log_level(LogLevel::warn);
  }
};

TEST_F(LogTest, SinkGetsMessagesOfTheLevelAndAbove) {
  std::vector<std::string> got;
  set_log_sink(
      [&](LogLevel level, std::string_view message) { got.push_back(std::string(name(level)) + " " + std::string(message)); });
  log(LogLevel::info, "unseen {}", 1);
  log(LogLevel::warn, "seen {}", 2);
  set_log_level(LogLevel::trace);
  log(LogLevel::trace, "seen {}", 3);
  set_log_level(LogLevel::off);
  log(LogLevel::error, "unseen {}", 4);
  EXPECT_EQ(got, (std::vector<std::string>{"warn seen 2", "trace seen 3"}));
}

TEST_F(LogTest, SinkThatThrowsIsSwallowed) {
  int calls = 0;
  set_log_sink([&](LogLevel, std::string_view) {
    ++calls;
    throw std::runtime_error("full");
  });
  log(LogLevel::error, "once");
  EXPECT_EQ(calls, 1);
}

TEST_F(LogTest, SinkCanBeReplacedWhileOthersLog) {
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    while (!done) log(LogLevel::error, "message");
  });
  for (int i = 0; i < 200; ++i) {
    auto owned = std::make_unique<std::atomic<int>>(0);
    set_log_sink([counter = owned.get()](LogLevel, std::string_view) { ++*counter; });
    set_log_sink([](LogLevel, std::string_view) {});
    EXPECT_GE(owned->load(), 0);  // freed here: a sink still running would be a use after free under asan or tsan
  }
  done = true;
}

TEST(Version, TextMatchesTheNumbers) {
  const Version v = version();
  EXPECT_EQ(version_text(), format("{}.{}.{}", v.major, v.minor, v.patch));
}

}  // namespace
}  // namespace libabi

#include <abi/base/check.hpp>
#include <abi/base/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace libabi {

namespace {

constinit std::atomic<LogLevel> g_level{LogLevel::warn};

// The log outlives every static of the host, so it is never destroyed.
struct Sink {
  std::shared_mutex mutex;
  LogSink function;
};
Sink& sink() {
  static Sink* const instance = new Sink;
  return *instance;
}

spdlog::logger& console() {
  static const std::shared_ptr<spdlog::logger>* const instance = [] {
    auto logger = std::make_shared<spdlog::logger>("abi", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%^%n %l%$: %v");
    logger->set_level(spdlog::level::trace);
    return new std::shared_ptr<spdlog::logger>(std::move(logger));
  }();
  return **instance;
}

}  // namespace

void set_log_sink(LogSink function) {
  const std::unique_lock lock(sink().mutex);
  sink().function = std::move(function);
}

void set_log_level(LogLevel level) noexcept { g_level.store(level, std::memory_order_relaxed); }
LogLevel log_level() noexcept { return g_level.load(std::memory_order_relaxed); }

std::string_view name(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "off"};
  const auto index = static_cast<std::size_t>(level);
  return index < names.size() ? names[index] : "unknown";
}

void detail::log(LogLevel level, std::string_view text, std::span<const FormatArg> args) noexcept {
  try {
    const std::string message = format(text, args);
    const std::shared_lock lock(sink().mutex);
    if (sink().function) return sink().function(level, message);
    console().log(static_cast<spdlog::level::level_enum>(level), spdlog::string_view_t(message.data(), message.size()));
  } catch (...) {
    // A log that cannot be written is not a reason to fail what it was about.
  }
}

void detail::check_failed(const char* condition, const char* file, int line) {
  std::string text = libabi::format("check failed: {} ({}:{})", condition, file, line);
  libabi::log(LogLevel::error, "{}", text);
  throw CheckFailure(std::move(text));
}

}  // namespace libabi

#include <abi/base/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <shared_mutex>

namespace libabi {

namespace {

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

}  // namespace libabi

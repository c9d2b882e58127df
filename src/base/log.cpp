#include <abi/base/log.hpp>

#include <atomic>

namespace libabi {

namespace {
constinit std::atomic<LogLevel> g_level{LogLevel::warn};
}  // namespace

void set_log_level(LogLevel level) noexcept { g_level.store(level, std::memory_order_relaxed); }
LogLevel log_level() noexcept { return g_level.load(std::memory_order_relaxed); }

std::string_view name(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "off"};
  const auto index = static_cast<std::size_t>(level);
  return index < names.size() ? names[index] : "unknown";
}

}  // namespace libabi

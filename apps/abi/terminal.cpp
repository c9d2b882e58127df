#include "terminal.hpp"

#include <unistd.h>

#include <cstdio>

namespace app {

bool stderr_is_terminal() noexcept { return isatty(STDERR_FILENO) == 1; }

void show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void show_json(const Json& json) { show(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"); }

std::string human_bytes(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

}  // namespace app

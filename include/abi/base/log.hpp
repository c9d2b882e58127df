#pragma once
/// One log for the whole library. By default messages of level `warn` and above go to standard error; a host
/// replaces the sink to send them where its own go.

#include <abi/base/error.hpp>

#include <functional>

namespace libabi {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

/// Receives one message at a time, possibly from several threads at once (the log does not serialise).
/// An exception thrown by a sink is swallowed.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

/// Replaces the sink; an empty function restores the default. Thread-safe; returns after no call into the
/// previous sink is running, so what it captured may be destroyed. Must not be called from inside a sink.
ABI_API void set_log_sink(LogSink sink);
/// Messages below `level` cost one relaxed load. Thread-safe. The default is warn.
ABI_API void set_log_level(LogLevel level) noexcept;
ABI_API LogLevel log_level() noexcept;
ABI_API std::string_view name(LogLevel level) noexcept;

namespace detail {
ABI_API void log(LogLevel level, std::string_view text, std::span<const FormatArg> args) noexcept;
}

/// `log(LogLevel::info, "{} tensors in {}", count, path);` Never throws and never fails.
template <class... Args>
void log(LogLevel level, detail::FormatString<std::type_identity_t<Args>...> text, const Args&... args) {
  if (level < log_level()) return;
  const std::array<detail::FormatArg, sizeof...(Args)> list{detail::FormatArg(args)...};
  detail::log(level, text.text, list);
}

}  // namespace libabi

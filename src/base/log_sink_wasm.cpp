// The log of a module of WebAssembly, which has one thread.
#include <abi/base/log.hpp>

#include <cstdio>

namespace libabi {

namespace {
LogSink& sink() {
  static LogSink* const instance = new LogSink;
  return *instance;
}
}  // namespace

void set_log_sink(LogSink function) { sink() = std::move(function); }

void detail::log(LogLevel level, std::string_view text, std::span<const FormatArg> args) noexcept {
  const std::string message = format(text, args);
  if (sink()) return sink()(level, message);
  std::fprintf(stderr, "abi %s: %s\n", std::string(name(level)).c_str(), message.c_str());
}

}  // namespace libabi

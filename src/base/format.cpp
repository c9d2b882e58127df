#include <abi/base/error.hpp>

#include <fmt/args.h>
#include <fmt/format.h>

namespace libabi::detail {

std::string format(std::string_view text, std::span<const FormatArg> args) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const FormatArg& arg : args) {
    switch (arg.kind) {
      case FormatArg::Kind::boolean: store.push_back(arg.boolean); break;
      case FormatArg::Kind::signed_integer: store.push_back(arg.signed_integer); break;
      case FormatArg::Kind::unsigned_integer: store.push_back(arg.unsigned_integer); break;
      case FormatArg::Kind::real: store.push_back(arg.real); break;
      case FormatArg::Kind::text: store.push_back(fmt::string_view(arg.text.data(), arg.text.size())); break;
    }
  }
#if defined(__cpp_exceptions)
  try {
    return fmt::vformat(fmt::string_view(text.data(), text.size()), store);
  } catch (const fmt::format_error&) {
    return std::string(text);
  }
#else
  return fmt::vformat(fmt::string_view(text.data(), text.size()), store);
#endif
}

}  // namespace libabi::detail

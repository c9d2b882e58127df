#pragma once
/// How the system's errors come out.

#include <abi/base/error.hpp>

#include <cerrno>
#include <filesystem>

namespace libabi::io {

/// "cannot write vectors.seg: No space left on device"
std::unexpected<Error> system_failure(int number, std::string_view action, const std::filesystem::path& path);

/// Tries again when a signal interrupts.
template <class Call>
auto uninterrupted(Call&& call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace libabi::io

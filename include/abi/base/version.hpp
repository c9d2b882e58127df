#pragma once

#include <abi/base/api.hpp>

#include <string_view>

namespace libabi {

struct Version {
  int major, minor, patch;
};

/// The version of the library that is linked, which may be newer than the headers it was compiled with.
ABI_API Version version() noexcept;
/// "0.1.0".
ABI_API std::string_view version_text() noexcept;

}  // namespace libabi

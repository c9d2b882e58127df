#include <abi/base/version.hpp>

namespace libabi {

Version version() noexcept { return {ABI_VERSION_MAJOR, ABI_VERSION_MINOR, ABI_VERSION_PATCH}; }
std::string_view version_text() noexcept { return ABI_VERSION_TEXT; }

}  // namespace libabi

// Where there are no exceptions (WebAssembly), a mistake of our own ends the instance of the module, and nothing else.
#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>
#include <abi/base/log.hpp>

namespace libabi {

void detail::check_failed(const char* condition, const char* file, int line) {
  libabi::log(LogLevel::error, "check failed: {} ({}:{})", condition, file, line);
  __builtin_trap();
}

Error detail::current_exception_error() noexcept { return Error{ErrorCode::internal, "unknown fault", {}}; }

}  // namespace libabi

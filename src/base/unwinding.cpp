// What goes wrong by our own mistake, or by running out of memory, unwinds to the nearest boundary as an exception.
#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>
#include <abi/base/log.hpp>

#include <new>

namespace libabi {

void detail::check_failed(const char* condition, const char* file, int line) {
  std::string text = libabi::format("check failed: {} ({}:{})", condition, file, line);
  libabi::log(LogLevel::error, "{}", text);
  throw CheckFailure(std::move(text));
}

Error detail::current_exception_error() noexcept {
  // The message must not allocate when memory is what ran out: both literals fit the small string buffer or
  // are left empty.
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted, "out of memory", {}};
  } catch (const std::exception& e) {
    try {
      return Error{ErrorCode::internal, e.what(), {}};
    } catch (...) {
      return Error{ErrorCode::internal, {}, {}};
    }
  } catch (...) {
    return Error{ErrorCode::internal, "unknown fault", {}};
  }
}

}  // namespace libabi

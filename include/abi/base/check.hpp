#pragma once
/// ABI_CHECK guards against mistakes of our own; it stays on in release. Whatever comes from outside is
/// an `Error` instead. A failed check is logged with its place and unwinds as an internal exception to the
/// nearest API boundary (boundary.hpp), where it becomes ErrorCode::internal: the host is never ended.

#include <abi/base/api.hpp>

#include <exception>
#include <string>

namespace libabi {

/// What a failed ABI_CHECK unwinds with. Inside libabi only; `boundary` turns it into an Error.
class CheckFailure : public std::exception {
 public:
  explicit CheckFailure(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

namespace detail {
/// Logs and throws CheckFailure.
[[noreturn]] ABI_API void check_failed(const char* condition, const char* file, int line);
}  // namespace detail

}  // namespace libabi

#define ABI_CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void() : ::libabi::detail::check_failed(#condition, __FILE__, __LINE__))

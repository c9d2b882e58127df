#pragma once
/// Where libabi meets its callers: whatever unwinds inside comes out as an Error.

#include <abi/base/error.hpp>

#include <type_traits>
#include <utility>

namespace libabi {

namespace detail {
/// The Error that stands for the exception in flight: bad_alloc is exhausted, a failed check or anything
/// else is internal. Called inside a catch block.
ABI_API Error current_exception_error() noexcept;
}  // namespace detail

/// Calls `body`, which returns some Result<T>, and turns any exception into that Result's error.
///     Result<Model> Model::open(...) { return boundary([&] { return open_model(...); }); }
template <class Body>
std::invoke_result_t<Body> boundary(Body&& body) noexcept {
#if defined(__cpp_exceptions)
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return std::unexpected(detail::current_exception_error());
  }
#else
  return std::forward<Body>(body)();  // nothing can unwind
#endif
}

}  // namespace libabi

#pragma once
/// Errors are values. Every function of libabi that can fail returns `Result<T>`, which holds a `T` or an
/// `Error` with a canonical code and one sentence: what was found, what was expected, and where.
///
///     Result<Tensor> tensor(std::string_view name) {
///       const TensorInfo* info = find(name);
///       if (!info) return error(ErrorCode::not_found, "tensor '{}' is not in {}", name, path_);
///       ABI_TRY(auto bytes, file_.view(info->offset, info->size_bytes));
///       return Tensor(info->shape, bytes);
///     }
///
/// No exception leaves libabi. See check.hpp for mistakes of our own and boundary.hpp for how both meet.

#include <abi/base/api.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace libabi {

/// The canonical codes. Numbers are stable: the C face returns them, and files and wires may hold them.
enum class ErrorCode : std::int32_t {
  ok = 0,                   ///< never in an Error; the C face's success
  cancelled = 1,            ///< the caller asked for it to stop
  invalid_argument = 2,     ///< the call itself is wrong, whatever the state
  not_found = 3,            ///< a named thing does not exist
  already_exists = 4,       ///< a thing that was to be made exists
  permission_denied = 5,    ///< the system or a policy forbids it
  unauthenticated = 6,      ///< no valid credentials
  exhausted = 7,            ///< memory, budget, quota or disk is used up
  failed_precondition = 8,  ///< right call, wrong state
  aborted = 9,              ///< lost a race; the whole may be tried again
  out_of_range = 10,        ///< past the end: a position, a context, an index
  unsupported = 11,         ///< well-formed, but not something this library can do
  unavailable = 12,         ///< not in this build or not reachable now
  corrupt = 13,             ///< bytes that cannot be what they claim to be
  deadline_exceeded = 14,   ///< time ran out
  internal = 15,            ///< our own mistake; please report it
};

/// What went wrong. Cheap to move; owns its text.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< one sentence, present tense, values in place
  std::string context;  ///< where, outermost first, joined by ": "; may be empty

  /// The context and the message as one line for a person.
  ABI_API std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// "not_found" and the like. Never fails; an unknown number is "unknown".
ABI_API std::string_view name(ErrorCode code) noexcept;
/// The HTTP status that stands for the code (ok is 200).
ABI_API int http_status(ErrorCode code) noexcept;
/// All codes but ok, in the order of their numbers.
ABI_API std::span<const ErrorCode> error_codes() noexcept;

namespace detail {

/// One value to be placed into a message; a view, alive for the duration of the call.
struct FormatArg {
  enum class Kind : std::uint8_t { boolean, signed_integer, unsigned_integer, real, text } kind;
  union {
    bool boolean;
    long long signed_integer;
    unsigned long long unsigned_integer;
    double real;
    std::string_view text;
  };
  constexpr FormatArg(bool v) : kind(Kind::boolean), boolean(v) {}
  template <std::signed_integral T>
  constexpr FormatArg(T v) : kind(Kind::signed_integer), signed_integer(v) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  constexpr FormatArg(T v) : kind(Kind::unsigned_integer), unsigned_integer(v) {}
  template <std::floating_point T>
  constexpr FormatArg(T v) : kind(Kind::real), real(v) {}
  constexpr FormatArg(std::string_view v) : kind(Kind::text), text(v) {}
  constexpr FormatArg(const char* v) : kind(Kind::text), text(v) {}
  FormatArg(const std::string& v) : kind(Kind::text), text(v) {}
  FormatArg(const std::filesystem::path& v) : kind(Kind::text), text(v.native()) {}
};

/// Never defined: a call of it is what the compiler complains of.
void the_number_of_places_differs_from_the_number_of_arguments();

/// A format string whose number of {} is compared with the number of arguments at compile time.
template <class... Args>
struct FormatString {
  std::string_view text;
  template <class S>
    requires std::convertible_to<const S&, std::string_view>
  consteval FormatString(const S& s) : text(s) {
    std::size_t places = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '{') continue;
      if (i + 1 < text.size() && text[i + 1] == '{')
        ++i;
      else
        ++places;
    }
    if (places != sizeof...(Args)) the_number_of_places_differs_from_the_number_of_arguments();
  }
};

/// fmt's grammar. Never throws: a bad format string comes out as it is.
ABI_API std::string format(std::string_view text, std::span<const FormatArg> args);

}  // namespace detail

/// Text made by fmt's grammar from integers, reals, booleans and strings; the header needs no fmt.
template <class... Args>
std::string format(detail::FormatString<std::type_identity_t<Args>...> text, const Args&... args) {
  const std::array<detail::FormatArg, sizeof...(Args)> list{detail::FormatArg(args)...};
  return detail::format(text.text, list);
}

/// An Error to return: `return error(ErrorCode::corrupt, "magic is {:#x}, expected {:#x}", found, magic);`
template <class... Args>
std::unexpected<Error> error(ErrorCode code, detail::FormatString<std::type_identity_t<Args>...> text, const Args&... args) {
  const std::array<detail::FormatArg, sizeof...(Args)> list{detail::FormatArg(args)...};
  return std::unexpected(Error{code, detail::format(text.text, list), {}});
}

/// The error of every function of a feature that this build leaves out.
ABI_API std::unexpected<Error> unavailable(std::string_view feature);

/// The same error with `where` put before its context.
ABI_API std::unexpected<Error> within(std::string_view where, Error error);

}  // namespace libabi

#define ABI_CONCAT_(a, b) a##b
#define ABI_CONCAT(a, b) ABI_CONCAT_(a, b)
#define ABI_TRY_PICK_(_1, _2, name, ...) name
#define ABI_TRY_VOID_(leave, temporary, expression)                                                     \
  do {                                                                                                  \
    if (auto temporary = (expression); !temporary) leave std::unexpected(std::move(temporary).error()); \
  } while (false)
#define ABI_TRY_VALUE_(leave, temporary, declaration, expression)      \
  auto temporary = (expression);                                       \
  if (!temporary) leave std::unexpected(std::move(temporary).error()); \
  declaration = *std::move(temporary)
#define ABI_TRY_1_(expression) ABI_TRY_VOID_(return, ABI_CONCAT(abi_try_, __COUNTER__), expression)
#define ABI_TRY_2_(declaration, expression) ABI_TRY_VALUE_(return, ABI_CONCAT(abi_try_, __COUNTER__), declaration, expression)
#define ABI_CO_TRY_1_(expression) ABI_TRY_VOID_(co_return, ABI_CONCAT(abi_try_, __COUNTER__), expression)
#define ABI_CO_TRY_2_(declaration, expression) \
  ABI_TRY_VALUE_(co_return, ABI_CONCAT(abi_try_, __COUNTER__), declaration, expression)

/// `ABI_TRY(auto x, f());` takes the value of f() or returns its error; `ABI_TRY(f());` for Result<void>.
/// A comma in the declaration needs an alias or `auto`.
#define ABI_TRY(...) ABI_TRY_PICK_(__VA_ARGS__, ABI_TRY_2_, ABI_TRY_1_)(__VA_ARGS__)
/// ABI_TRY inside a coroutine.
#define ABI_CO_TRY(...) ABI_TRY_PICK_(__VA_ARGS__, ABI_CO_TRY_2_, ABI_CO_TRY_1_)(__VA_ARGS__)

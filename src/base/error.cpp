#include <abi/base/error.hpp>

namespace libabi {

namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  int http;
};

// The one table of codes; the C face takes the number itself.
constexpr std::array<CodeRow, 16> kCodes{{
    {ErrorCode::ok, "ok", 200},
    {ErrorCode::cancelled, "cancelled", 499},
    {ErrorCode::invalid_argument, "invalid_argument", 400},
    {ErrorCode::not_found, "not_found", 404},
    {ErrorCode::already_exists, "already_exists", 409},
    {ErrorCode::permission_denied, "permission_denied", 403},
    {ErrorCode::unauthenticated, "unauthenticated", 401},
    {ErrorCode::exhausted, "exhausted", 429},
    {ErrorCode::failed_precondition, "failed_precondition", 412},
    {ErrorCode::aborted, "aborted", 409},
    {ErrorCode::out_of_range, "out_of_range", 400},
    {ErrorCode::unsupported, "unsupported", 501},
    {ErrorCode::unavailable, "unavailable", 503},
    {ErrorCode::corrupt, "corrupt", 422},
    {ErrorCode::deadline_exceeded, "deadline_exceeded", 504},
    {ErrorCode::internal, "internal", 500},
}};

constexpr auto kErrorCodes = [] {
  std::array<ErrorCode, kCodes.size() - 1> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = kCodes[i + 1].code;
  return codes;
}();

const CodeRow* row_of(ErrorCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodes.size() ? &kCodes[index] : nullptr;
}

}  // namespace

std::string Error::text() const { return context.empty() ? message : context + ": " + message; }

std::string_view name(ErrorCode code) noexcept {
  const CodeRow* row = row_of(code);
  return row ? row->name : "unknown";
}

int http_status(ErrorCode code) noexcept {
  const CodeRow* row = row_of(code);
  return row ? row->http : 500;
}

std::span<const ErrorCode> error_codes() noexcept { return kErrorCodes; }

std::unexpected<Error> unavailable(std::string_view feature) {
  return error(ErrorCode::unavailable, "{} is not in this build of abi", feature);
}

std::unexpected<Error> within(std::string_view where, Error error) {
  error.context = error.context.empty() ? std::string(where) : std::string(where) + ": " + error.context;
  return std::unexpected(std::move(error));
}

}  // namespace libabi

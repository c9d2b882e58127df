#include "system_error.hpp"

#include <system_error>

namespace libabi::io {

namespace {

ErrorCode code_of(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EEXIST: return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN: return ErrorCode::exhausted;
    case EFBIG:
    case EOVERFLOW: return ErrorCode::out_of_range;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG: return ErrorCode::invalid_argument;
    case ENOTEMPTY:
    case EBUSY:
    case ETXTBSY: return ErrorCode::failed_precondition;
    case ECANCELED: return ErrorCode::cancelled;
    case EIO:
    case ENXIO:
    case ENODEV:
    case ESTALE: return ErrorCode::unavailable;
    case EOPNOTSUPP: return ErrorCode::unsupported;
    default: return ErrorCode::internal;
  }
}

}  // namespace

std::unexpected<Error> system_failure(int number, std::string_view action, const std::filesystem::path& path) {
  return error(code_of(number), "cannot {} {}: {}", action, path, std::generic_category().message(number));
}

}  // namespace libabi::io

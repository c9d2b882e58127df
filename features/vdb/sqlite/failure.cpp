#include "failure.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

namespace {

/// Plain memory: it is written where there may be none left, and lives as long as its thread.
struct Noted {
  int result = SQLITE_OK;
  ErrorCode code = ErrorCode::ok;
  std::size_t length = 0;
  std::array<char, 400> text{};
};
constinit thread_local Noted noted;

constexpr int primary(int result) noexcept { return result & 0xff; }

ErrorCode code_of(int result) noexcept {
  if (result == SQLITE_IOERR_NOMEM) return ErrorCode::exhausted;
  if (result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY || result == SQLITE_CONSTRAINT_ROWID)
    return ErrorCode::already_exists;
  switch (primary(result)) {
    case SQLITE_FULL:
    case SQLITE_NOMEM: return ErrorCode::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::aborted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return ErrorCode::unavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorCode::permission_denied;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return ErrorCode::invalid_argument;
    case SQLITE_TOOBIG: return ErrorCode::out_of_range;
    case SQLITE_INTERRUPT: return ErrorCode::cancelled;
    default: return ErrorCode::internal;
  }
}

// The storage's sentence, where it is the one that made SQLite return this.
const Noted* noted_for(int result) noexcept {
  const int kind = primary(result);
  if (noted.code == ErrorCode::ok || (kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN && kind != SQLITE_FULL)) return nullptr;
  return primary(noted.result) == kind ? &noted : nullptr;
}

}  // namespace

int note(ErrorCode code, std::string_view message, int result) noexcept {
  noted.result = code == ErrorCode::exhausted ? SQLITE_IOERR_NOMEM : result;
  noted.code = code;
  noted.length = std::min(message.size(), noted.text.size());
  std::copy_n(message.begin(), noted.length, noted.text.begin());
  return noted.result;
}

int note_write(const Error& error, int result) noexcept {
  note(error, result);
  return noted.result = error.code == ErrorCode::exhausted ? SQLITE_FULL : result;
}

Error failure(sqlite3* database, int result, std::string_view doing, std::string_view what) noexcept {
  const Noted* const storage = noted_for(result);
  const ErrorCode code = storage ? storage->code : code_of(result);
  Result<Error> made = boundary([&]() -> Result<Error> {
    const char* const reason = database ? sqlite3_errmsg(database) : sqlite3_errstr(result);
    std::string text =
        what.empty() ? format("SQLite cannot {}: {}", doing, reason) : format("SQLite cannot {} '{}': {}", doing, what, reason);
    if (storage) text += format(": {}", std::string_view(storage->text.data(), storage->length));
    return Error{code, std::move(text), {}};
  });
  noted.code = ErrorCode::ok;
  return made ? *std::move(made) : Error{ErrorCode::exhausted, {}, {}};
}

}  // namespace libabi::vdb::sqlite

#pragma once
/// SQLite's result codes as Errors, and a storage's Errors as SQLite's codes.
///
/// SQLite hands on a number where a file fails, and the storage's own sentence would be lost: the VFS leaves it with the thread
/// (note), and whoever makes an Error of the number takes it from there. Both happen within one call of SQLite, on one thread.

#include <abi/base/error.hpp>

#include <string_view>

struct sqlite3;

namespace libabi::vdb::sqlite {

/// Keeps what the storage says for failure() to tell; returns `result`, or SQLITE_IOERR_NOMEM where memory is what it lacks.
int note(ErrorCode code, std::string_view message, int result) noexcept;
inline int note(const Error& error, int result) noexcept { return note(error.code, error.message, result); }
/// As note(), of a write: SQLITE_FULL where there is no room.
int note_write(const Error& error, int result) noexcept;

/// The Error of a call that returned `result`: FULL and NOMEM are exhausted, CORRUPT and NOTADB corrupt, BUSY and LOCKED aborted,
/// a broken UNIQUE already_exists, another constraint invalid_argument, IOERR and CANTOPEN what the storage said, or unavailable.
/// `database` may be null, and `what` be empty.
Error failure(sqlite3* database, int result, std::string_view doing, std::string_view what = {}) noexcept;

}  // namespace libabi::vdb::sqlite

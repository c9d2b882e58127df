#include "connection.hpp"

#include "failure.hpp"
#include "page_gap.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/check.hpp>

#include <limits>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t most_wal_bytes = std::uint64_t{16} << 20;  // what a WAL keeps of a large commit once it was moved

// SQLite takes what begins with "file:" for an address with options in it, and "" and ":memory:" for no file at all.
std::string name_for_sqlite(const std::filesystem::path& path) {
  return path.is_absolute() ? path.native() : "./" + path.native();
}

}  // namespace

void Connection::End::operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }

Result<Connection> Connection::open(const Vfs& files, const std::filesystem::path& path, const ConnectionOptions& options) {
  return boundary([&]() -> Result<Connection> {
    if (path.empty() || path.native().find('\0') != std::string::npos)
      return error(ErrorCode::invalid_argument, "a database cannot have the name '{}'", path);
    Connection made;
    memory::MemoryAccount& account = options.account ? *options.account : memory::default_account();
    ABI_TRY(made.cache_, memory::Charge::take(account, options.cache_bytes));
    const int access = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* database = nullptr;
    const int result = sqlite3_open_v2(name_for_sqlite(path).c_str(), &database,
                                       access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, files.name());
    made.database_.reset(database);
    if (result != SQLITE_OK) return std::unexpected(failure(database, result, "open", path.native()));
    if (Result<void> configured = made.configure(options); !configured)
      return within(path.native(), std::move(configured).error());
    return made;
  });
}

Result<void> Connection::configure(const ConnectionOptions& options) {
  sqlite3_busy_timeout(database_.get(), options.wait_ms);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ABI_TRY(execute(format("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                         "PRAGMA cache_size = -{}; PRAGMA secure_delete = ON;",
                         options.cache_bytes / kib)
                      .c_str()));
  if (options.read_only) return {};
  ABI_TRY(execute(format("PRAGMA auto_vacuum = NONE; PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = {};"
                         "PRAGMA journal_size_limit = {}; PRAGMA max_page_count = {};",
                         options.durability == Durability::at_commits ? "FULL" : "NORMAL", options.checkpoint_pages,
                         most_wal_bytes, most_pages)
                      .c_str()));
  return use_wal();
}

Result<void> Connection::use_wal() {
  ABI_TRY(Statement ask, prepare("PRAGMA journal_mode = WAL"));
  ABI_TRY(const bool answered, ask.step());
  if (answered && ask.text(0) == "wal") return {};
  return error(ErrorCode::internal, "SQLite keeps the journal mode '{}', WAL was asked for", answered ? ask.text(0) : "");
}

Result<void> Connection::execute(const char* sql) {
  return boundary([&]() -> Result<void> {
    ABI_CHECK(database_);
    const int result = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
    return std::unexpected(failure(database_.get(), result, "run", sql));
  });
}

Result<Statement> Connection::prepare(std::string_view sql) {
  return boundary([&]() -> Result<Statement> {
    ABI_CHECK(database_);
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                          &statement, nullptr);
    if (result == SQLITE_OK && statement) return Statement(statement);
    return std::unexpected(failure(database_.get(), result, "prepare", sql));
  });
}

Result<void> Connection::checkpoint() {
  return boundary([&]() -> Result<void> {
    const int result = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
    return std::unexpected(failure(database_.get(), result, "checkpoint the database"));
  });
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(database_.get()) == 0; }

Result<void> Connection::close() {
  return boundary([&]() -> Result<void> {
    if (!database_) return {};
    if (const int result = sqlite3_close(database_.get()); result != SQLITE_OK)
      return error(ErrorCode::failed_precondition, "the database is still used by a statement");
    static_cast<void>(database_.release());
    cache_.reset();
    return {};
  });
}

}  // namespace libabi::vdb::sqlite

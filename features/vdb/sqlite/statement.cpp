#include "statement.hpp"

#include "failure.hpp"

#include <abi/base/check.hpp>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

namespace {

// A view without bytes may have no address, which SQLite would take for NULL.
constexpr const char* address_of(const void* bytes) noexcept { return bytes ? static_cast<const char*>(bytes) : ""; }

int bind_one(sqlite3_stmt* statement, int place, const Value& value) noexcept {
  struct Visitor {
    sqlite3_stmt* statement;
    int place;
    int operator()(std::monostate) const noexcept { return sqlite3_bind_null(statement, place); }
    int operator()(std::int64_t v) const noexcept { return sqlite3_bind_int64(statement, place, v); }
    int operator()(double v) const noexcept { return sqlite3_bind_double(statement, place, v); }
    int operator()(std::string_view v) const noexcept {
      return sqlite3_bind_text64(statement, place, address_of(v.data()), v.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(std::span<const std::byte> v) const noexcept {
      return sqlite3_bind_blob64(statement, place, address_of(v.data()), v.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Visitor{statement, place}, value.variant());
}

}  // namespace

void Statement::End::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

std::unexpected<Error> Statement::fail(int result) noexcept {
  Error found = failure(sqlite3_db_handle(statement_.get()), result, "run", sqlite3_sql(statement_.get()));
  reset();
  return std::unexpected(std::move(found));
}

Result<void> Statement::bind(std::initializer_list<Value> values) {
  ABI_CHECK(statement_);
  sqlite3_reset(statement_.get());
  int place = 0;
  for (const Value& value : values)
    if (const int result = bind_one(statement_.get(), ++place, value); result != SQLITE_OK) return fail(result);
  return {};
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) return fail(result);
  reset();
  return false;
}

Result<void> Statement::run(std::initializer_list<Value> values) {
  ABI_TRY(bind(values));
  for (;;) {
    ABI_TRY(const bool row, step());
    if (!row) return {};
  }
}

void Statement::reset() noexcept { sqlite3_reset(statement_.get()); }

bool Statement::is_null(int column) const noexcept { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
bool Statement::is_text(int column) const noexcept { return sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT; }
std::int64_t Statement::integer(int column) const noexcept { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const noexcept { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const noexcept {
  // As bytes, which are there: sqlite3_column_text() may need memory for a zero behind them, and return null without it.
  const void* const bytes = sqlite3_column_blob(statement_.get(), column);
  return bytes ? std::string_view(static_cast<const char*>(bytes),
                                  static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
               : std::string_view();
}

}  // namespace libabi::vdb::sqlite

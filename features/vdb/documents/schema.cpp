#include "schema.hpp"

#include "sqlite/transaction.hpp"

namespace libabi::vdb {

namespace {

constexpr std::int64_t application = 0x61626964, version = 1;

// The search index knows the rows with a text and no others, also when it is built again from the view: rows without would
// count as empty texts, and change every score.
constexpr const char* tables = R"(
CREATE TABLE record(
  id INTEGER PRIMARY KEY, external NOT NULL UNIQUE, payload TEXT NOT NULL, text TEXT, expires INTEGER, position INTEGER NOT NULL);
CREATE INDEX expiring ON record(expires) WHERE expires IS NOT NULL;
CREATE VIEW searchable AS SELECT id, text FROM record WHERE text IS NOT NULL;
CREATE VIRTUAL TABLE search USING fts5(
  text, content='searchable', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE state(
  one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL, records INTEGER NOT NULL, traces INTEGER NOT NULL);
INSERT INTO state VALUES(1, 0, 0, 0);
PRAGMA application_id = 0x61626964;
PRAGMA user_version = 1;
)";

Result<std::int64_t> number(sqlite::Connection& database, std::string_view sql) {
  ABI_TRY(sqlite::Statement ask, database.prepare(sql));
  ABI_TRY(const bool row, ask.step());
  return row ? ask.integer(0) : 0;
}

}  // namespace

Result<void> prepare_schema(sqlite::Connection& database) {
  ABI_TRY(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  ABI_TRY(const std::int64_t kind, number(database, "PRAGMA application_id"));
  ABI_TRY(const std::int64_t found, number(database, "PRAGMA user_version"));
  ABI_TRY(const std::int64_t objects, number(database, "SELECT count(*) FROM sqlite_schema"));
  if (objects == 0) ABI_TRY(database.execute(tables));
  if (objects != 0 && kind != application)
    return error(ErrorCode::corrupt, "the database is not a collection's: its application id is {:#x}", kind);
  if (objects != 0 && found != version)
    return error(ErrorCode::unsupported, "the documents have version {} of their schema, this library knows {}", found, version);
  return transaction.commit();
}

}  // namespace libabi::vdb

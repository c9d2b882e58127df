#pragma once
/// What the tests of SQLite on a Storage share.

#include "io/tools.hpp"

#include <sqlite/connection.hpp>
#include <sqlite/transaction.hpp>

#include <map>
#include <optional>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

inline std::uint64_t seeds(std::uint64_t usual) {
  const char* const text = std::getenv("ABI_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : usual;
}

/// SQLite's own generator salts every WAL: seeded too, a run on a simulated disk is the same each time.
inline void seed_sqlite(std::uint64_t seed) { sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed), nullptr); }

inline std::unique_ptr<io::SimulatedStorage> make_disk(std::uint64_t seed) {
  seed_sqlite(seed);
  return io::SimulatedStorage::create({.seed = seed}).value();
}

/// The first column of the first row as text; nothing where there is no row.
inline Result<std::optional<std::string>> ask(Connection& connection, std::string_view sql) {
  ABI_TRY(Statement statement, connection.prepare(sql));
  ABI_TRY(const bool row, statement.step());
  if (!row) return std::nullopt;
  return statement.is_text(0) ? std::string(statement.text(0)) : std::to_string(statement.integer(0));
}

inline std::string answer(Connection& connection, std::string_view sql) {
  const auto found = ask(connection, sql);
  if (!found) return found.error().text();
  return found->value_or("no row");
}

}  // namespace libabi::vdb::sqlite

// SQLite on a Storage: its files are where they should be, and its errors are the storage's.
#include "tools.hpp"

#include <sqlite/page_gap.hpp>

namespace libabi::vdb::sqlite {
namespace {

std::vector<std::string> names_in(io::Storage& storage, const std::filesystem::path& folder) {
  std::vector<std::string> names;
  const std::vector<io::Entry> entries = storage.list(folder).value();
  for (const io::Entry& entry : entries) names.push_back(entry.name);
  return names;
}

TEST(SqliteVfs, ADatabaseIsAFileOfTheStorage) {
  const auto disk = make_disk(1);
  ASSERT_TRUE(disk->create_folder("c"));
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "c/documents.db").value();
  ASSERT_TRUE(database.execute("CREATE TABLE t(x); INSERT INTO t VALUES('found again')"));
  EXPECT_EQ(answer(database, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(answer(database, "PRAGMA secure_delete"), "1");
  EXPECT_EQ(names_in(*disk, "c"), (std::vector<std::string>{"documents.db", "documents.db-wal"}));
  ASSERT_TRUE(database.close());
  EXPECT_EQ(names_in(*disk, "c"), std::vector<std::string>{"documents.db"});
  const std::vector<std::byte> bytes = disk->read_file("c/documents.db", 1 << 20).value();
  EXPECT_NE(io::text_of(bytes).find("found again"), std::string::npos);
}

TEST(SqliteVfs, TheMachinesDiskHoldsADatabaseThatOthersCanRead) {
  const io::TemporaryFolder folder;
  const auto disk = io::DiskStorage::create().value();
  const auto files = Vfs::create(*disk).value();
  const std::filesystem::path path = folder.path() / "documents.db";
  {
    Connection database = Connection::open(*files, path).value();
    ASSERT_TRUE(database.execute("CREATE TABLE t(x); INSERT INTO t VALUES(17)"));
  }
  EXPECT_EQ(names_in(*disk, folder.path()), std::vector<std::string>{"documents.db"});
  sqlite3* plain = nullptr;  // with SQLite's own VFS
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(plain, "INSERT INTO t VALUES(18)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(plain);
  Connection database = Connection::open(*files, path).value();
  EXPECT_EQ(answer(database, "SELECT sum(x) FROM t"), "35");
}

TEST(SqliteVfs, EachStorageHasItsOwnAndLeavesNothingRegistered) {
  const auto one = make_disk(1), two = make_disk(2);
  std::string name;
  {
    const auto first = Vfs::create(*one).value(), second = Vfs::create(*two).value();
    name = first->name();
    EXPECT_NE(name, second->name());
    EXPECT_NE(sqlite3_vfs_find(first->name()), nullptr);
    EXPECT_NE(sqlite3_vfs_find(nullptr), sqlite3_vfs_find(first->name()));
    Connection a = Connection::open(*first, "x.db").value(), b = Connection::open(*second, "x.db").value();
    ASSERT_TRUE(a.execute("CREATE TABLE t(x)"));
    EXPECT_EQ(b.execute("SELECT * FROM t").error().code, ErrorCode::internal);
  }
  EXPECT_EQ(sqlite3_vfs_find(name.c_str()), nullptr);
}

TEST(SqliteVfs, APathIsAPathWhateverSqliteWouldMakeOfIt) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  constexpr const char* paths[] = {"file:a?mode=memory", ":memory:", "a b%20c"};
  for (const char* const path : paths) {
    Connection database = Connection::open(*files, path).value();
    ASSERT_TRUE(database.execute("CREATE TABLE t(x)"));
    ASSERT_TRUE(database.close());
    EXPECT_TRUE(disk->info(path)) << path;
  }
  EXPECT_EQ(Connection::open(*files, "").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(Connection::open(*files, std::string("a\0b", 3)).error().code, ErrorCode::invalid_argument);
}

TEST(SqliteVfs, TheClockIsTheOneThatIsPassedIn) {
  const auto disk = make_disk(1);
  const auto now = []() noexcept { return std::chrono::system_clock::time_point(std::chrono::seconds(86400)); };
  const auto files = Vfs::create(*disk, {.now = now}).value();
  Connection database = Connection::open(*files, "a.db").value();
  EXPECT_EQ(answer(database, "SELECT datetime('now')"), "1970-01-02 00:00:00");
}

TEST(SqliteVfs, ReadersDoNotMakeADatabase) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  const auto reader = Connection::open(*files, "a.db", {.read_only = true});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
  EXPECT_NE(reader.error().text().find("a.db' is not on the simulated disk"), std::string::npos) << reader.error().text();
}

TEST(SqliteConnection, WhatItsCacheTakesIsChargedUntilItIsClosed) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  memory::MemoryAccount account("documents", 3 << 20);
  Connection one = Connection::open(*files, "a.db", {.cache_bytes = 2 << 20, .account = &account}).value();
  EXPECT_EQ(account.live_bytes(), 2u << 20);
  EXPECT_EQ(Connection::open(*files, "a.db", {.cache_bytes = 2 << 20, .account = &account}).error().code, ErrorCode::exhausted);
  ASSERT_TRUE(one.close());
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(SqliteConnection, ErrorsHaveTheCodeOfTheirKindAndSqlitesSentence) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "a.db").value();
  ASSERT_TRUE(database.execute("CREATE TABLE t(k INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL); INSERT INTO t VALUES(1, 1, 1)"));
  const auto code = [&](const char* sql) { return database.execute(sql).error().code; };
  EXPECT_EQ(code("INSERT INTO t VALUES(1, 2, 2)"), ErrorCode::already_exists);
  EXPECT_EQ(code("INSERT INTO t VALUES(2, 1, 2)"), ErrorCode::already_exists);
  EXPECT_EQ(code("INSERT INTO t VALUES(3, 3, NULL)"), ErrorCode::invalid_argument);
  EXPECT_EQ(code("nonsense"), ErrorCode::internal);
  EXPECT_EQ(database.execute("nonsense").error().message, "SQLite cannot run 'nonsense': near \"nonsense\": syntax error");
  Connection reader = Connection::open(*files, "a.db", {.read_only = true}).value();
  EXPECT_EQ(reader.execute("DELETE FROM t").error().code, ErrorCode::permission_denied);
  const Transaction writing = Transaction::begin(database).value();
  Connection other = Connection::open(*files, "a.db").value();
  EXPECT_EQ(other.execute("DELETE FROM t").error().code, ErrorCode::aborted);
}

TEST(SqliteConnection, BytesThatAreNoDatabaseAreCorrupt) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  ASSERT_TRUE(disk->replace_file("a.db", std::vector<std::byte>(8192, std::byte{7})));
  EXPECT_EQ(Connection::open(*files, "a.db").error().code, ErrorCode::corrupt);
}

TEST(SqliteConnection, IsNotClosedUnderAStatement) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "a.db").value();
  {
    Statement statement = database.prepare("SELECT 1").value();
    EXPECT_EQ(database.close().error().code, ErrorCode::failed_precondition);
  }
  EXPECT_TRUE(database.close());
  EXPECT_TRUE(database.close());
}

TEST(SqlitePage, TheGapLiesBetweenTheCellsAndTheirList) {
  std::vector<std::byte> page(4096);
  const auto set = [&](std::size_t header, int kind, std::size_t cells, std::size_t content) {
    page[header] = std::byte(kind);
    page[header + 3] = std::byte(cells >> 8), page[header + 4] = std::byte(cells & 0xff);
    page[header + 5] = std::byte(content >> 8), page[header + 6] = std::byte(content & 0xff);
  };
  const auto gap = [&](bool first) {
    const Gap found = gap_of(page, first);
    return std::pair(found.begin, found.end);
  };
  using Pair = std::pair<std::size_t, std::size_t>;
  set(0, 13, 3, 4000);
  EXPECT_EQ(gap(false), Pair(14, 4000));
  set(0, 5, 3, 4000);
  EXPECT_EQ(gap(false), Pair(18, 4000));
  set(100, 10, 300, 1000);
  EXPECT_EQ(gap(true), Pair(708, 1000));
  for (const int other : {0, 1, 3, 255}) {
    set(0, other, 3, 4000);
    EXPECT_EQ(gap(false), Pair(0, 0));
  }
  set(0, 13, 3, 4097);
  EXPECT_EQ(gap(false), Pair(0, 0));
  set(0, 13, 3, 0);
  EXPECT_EQ(gap(false), Pair(0, 0));
  set(0, 13, 3000, 4000);
  EXPECT_EQ(gap(false), Pair(0, 0));
  set(0, 13, 3, 14);
  EXPECT_EQ(gap(false), Pair(0, 0));
  page.resize(4000);
  EXPECT_EQ(gap(false), Pair(0, 0));
}

TEST(SqliteStatement, EveryKindOfValueComesBack) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "a.db").value();
  Statement echo = database.prepare("SELECT ?, ?, ?, ?, ?, ?").value();
  const std::string_view text("a\0b", 3);
  ASSERT_TRUE(echo.bind({nullptr, std::uint64_t{0xffffffffffffffff}, 1.5, text, std::as_bytes(std::span("xy", 2)), ""}));
  ASSERT_TRUE(echo.step().value());
  EXPECT_TRUE(echo.is_null(0));
  EXPECT_EQ(static_cast<std::uint64_t>(echo.integer(1)), 0xffffffffffffffff);
  EXPECT_EQ(echo.real(2), 1.5);
  EXPECT_EQ(echo.text(3), text);
  EXPECT_EQ(echo.text(4), "xy");
  EXPECT_TRUE(echo.is_text(5));
  EXPECT_EQ(echo.text(5), "");
  EXPECT_FALSE(echo.step().value());
}

TEST(SqliteTransaction, IsRolledBackUnlessItIsCommitted) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "a.db").value();
  ASSERT_TRUE(database.execute("CREATE TABLE t(x)"));
  {
    const Transaction lost = Transaction::begin(database).value();
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(answer(database, "SELECT count(*) FROM t"), "0");
  Transaction kept = Transaction::begin(database).value();
  ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
  ASSERT_TRUE(kept.commit());
  EXPECT_EQ(answer(database, "SELECT count(*) FROM t"), "1");
}

}  // namespace
}  // namespace libabi::vdb::sqlite

// Every call of the storage and every allocation fails once: an error that says so, and a database that goes on.
#include "tools.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::vdb::sqlite {
namespace {

constexpr const char* schema = "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v)";

// Everything there is, once.
Result<void> use(io::Storage& storage) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const std::unique_ptr<Vfs> files, Vfs::create(storage));
    ABI_TRY(Connection database, Connection::open(*files, "a.db", {.cache_bytes = 64 << 10, .checkpoint_pages = 4}));
    ABI_TRY(database.execute(schema));
    {
      ABI_TRY(Transaction transaction, Transaction::begin(database));
      ABI_TRY(Statement put, database.prepare("INSERT OR REPLACE INTO t VALUES(?, ?)"));
      for (int i = 0; i < 8; ++i) ABI_TRY(put.run({i, std::string(5000, 'x')}));
      ABI_TRY(transaction.commit());
    }
    {
      ABI_TRY(Connection reader, Connection::open(*files, "a.db", {.read_only = true, .cache_bytes = 64 << 10}));
      ABI_TRY(const auto sum, ask(reader, "SELECT sum(length(v)) FROM t"));
      if (sum != "40000") return error(ErrorCode::internal, "{} bytes are read", sum.value_or("no"));
    }
    ABI_TRY(database.checkpoint());
    return database.close();
  });
}

TEST(SqliteFault, EachCallOfTheStorageThatFailsIsToldWithTheStoragesSentence) {
  constexpr io::SimulatedCall calls[] = {io::SimulatedCall::read, io::SimulatedCall::write, io::SimulatedCall::sync,
                                         io::SimulatedCall::name};
  for (const io::SimulatedCall call : calls) {
    int told = 0;
    for (std::uint64_t n = 0; n < 60; ++n) {
      const auto disk = make_disk(n);
      disk->fail_next(call, n, ErrorCode::unavailable);
      const Result<void> used = use(*disk);
      if (!used) {
        ++told;
        EXPECT_EQ(used.error().code, ErrorCode::unavailable);
        const std::string text = used.error().text();
        EXPECT_TRUE(text.contains("the simulated disk was told to fail") || text.contains("an earlier sync of the file failed"))
            << text;
      }
      disk->fail_next(call, ~std::uint64_t{0}, ErrorCode::unavailable);
      const Result<void> again = use(*disk);
      EXPECT_TRUE(again) << again.error().text();
    }
    EXPECT_GT(told, 0);
  }
}

TEST(SqliteFault, AFullDiskIsExhaustedAndTheDatabaseReadsOn) {
  seed_sqlite(1);
  const auto disk = io::SimulatedStorage::create({.capacity_bytes = 100'000}).value();
  const auto files = Vfs::create(*disk).value();
  Connection database = Connection::open(*files, "a.db").value();
  ASSERT_TRUE(database.execute(schema));
  Statement put = database.prepare("INSERT INTO t VALUES(?, zeroblob(3000))").value();
  int stored = 0;
  Result<void> done;
  while (stored < 100 && (done = put.run({stored}))) ++stored;
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::exhausted);
  EXPECT_NE(done.error().text().find("the simulated disk has 100000 bytes"), std::string::npos) << done.error().text();
  EXPECT_EQ(answer(database, "SELECT count(*) FROM t"), std::to_string(stored));
  EXPECT_EQ(answer(database, "PRAGMA integrity_check"), "ok");
}

TEST(SqliteFault, AfterAFailedSyncNothingIsWrittenUntilItIsOpenedAgain) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  {
    Connection database = Connection::open(*files, "a.db").value();
    ASSERT_TRUE(database.execute(schema));
    disk->fail_next(io::SimulatedCall::sync, 0, ErrorCode::unavailable);
    EXPECT_FALSE(database.execute("INSERT INTO t VALUES(1, 1)"));
    const Result<void> next = database.execute("INSERT INTO t VALUES(2, 2)");
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::unavailable);
    EXPECT_NE(next.error().text().find("an earlier sync of the file failed"), std::string::npos) << next.error().text();
  }
  Connection database = Connection::open(*files, "a.db").value();
  EXPECT_TRUE(database.execute("INSERT INTO t VALUES(3, 3)"));
}

TEST(SqliteFault, WithoutMemoryEverythingIsExhaustedAndLeavesNothing) {
  test::fail_each([&] {
    seed_sqlite(1);
    const auto disk = io::SimulatedStorage::create({});
    if (!disk) return false;
    const Result<void> used = use(**disk);
    EXPECT_TRUE(used || used.error().code == ErrorCode::exhausted) << (used ? "" : used.error().text());
    return used.has_value();
  });
}

}  // namespace
}  // namespace libabi::vdb::sqlite

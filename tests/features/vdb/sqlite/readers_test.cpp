// Several connections of one process: snapshots while one writes.
#include "tools.hpp"

#include <abi/io/disk_storage.hpp>

#include <atomic>
#include <thread>

namespace libabi::vdb::sqlite {
namespace {

constexpr int rows = 20;

void make_table(Connection& database) {
  ASSERT_TRUE(database.execute("CREATE TABLE t(k INTEGER PRIMARY KEY, v INTEGER)"));
  for (int i = 0; i < rows; ++i) ASSERT_TRUE(database.execute("INSERT INTO t(v) VALUES(0)"));
}

TEST(SqliteReaders, ASnapshotStaysWhileOthersCommit) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection writer = Connection::open(*files, "a.db").value();
  make_table(writer);
  Connection reader = Connection::open(*files, "a.db", {.read_only = true}).value();
  {
    const Transaction snapshot = Transaction::begin(reader, Purpose::read).value();
    ASSERT_TRUE(writer.execute("UPDATE t SET v = 7"));
    EXPECT_EQ(answer(reader, "SELECT sum(v) FROM t"), "0");
    EXPECT_EQ(writer.checkpoint().error().code, ErrorCode::aborted);
  }
  EXPECT_EQ(answer(reader, "SELECT sum(v) FROM t"), std::to_string(7 * rows));
  EXPECT_TRUE(writer.checkpoint());
}

TEST(SqliteReaders, TwoWritersTakeTurns) {
  const auto disk = make_disk(1);
  const auto files = Vfs::create(*disk).value();
  Connection one = Connection::open(*files, "a.db").value(), two = Connection::open(*files, "a.db").value();
  make_table(one);
  {
    const Transaction writing = Transaction::begin(one).value();
    EXPECT_EQ(Transaction::begin(two).error().code, ErrorCode::aborted);
  }
  EXPECT_TRUE(Transaction::begin(two));
}

// Each commit gives all rows one value: a reader that sees two of them saw half a commit.
void read_while_written(io::Storage& storage, const std::filesystem::path& path) {
  const auto files = Vfs::create(storage).value();
  Connection writer = Connection::open(*files, path, {.durability = Durability::at_checkpoints, .checkpoint_pages = 10}).value();
  make_table(writer);
  std::atomic<bool> done{false};
  std::atomic<int> mixed{0};
  std::atomic<std::int64_t> back{0}, failed{0};
  const auto read = [&] {
    Connection reader = Connection::open(*files, path, {.read_only = true}).value();
    Statement range = reader.prepare("SELECT min(v), max(v), count(*) FROM t").value();
    std::int64_t last = 0;
    do {
      const Result<bool> row = range.step();
      if (!row || !*row) {
        ++failed;
        continue;
      }
      mixed += range.integer(0) != range.integer(1) || range.integer(2) != rows;
      back += range.integer(0) < last;
      last = range.integer(0);
      range.reset();
    } while (!done.load(std::memory_order_acquire));
  };
  std::thread one(read), two(read);
  Statement update = writer.prepare("UPDATE t SET v = ?").value();
  for (int i = 1; i <= 400; ++i) EXPECT_TRUE(update.run({i}));
  done.store(true, std::memory_order_release);
  one.join();
  two.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(back, 0);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(answer(writer, "SELECT max(v) FROM t"), "400");
}

TEST(SqliteReaders, SeeWholeCommitsInTheirOrderOnTheSimulatedDisk) { read_while_written(*make_disk(1), "a.db"); }

TEST(SqliteReaders, SeeWholeCommitsInTheirOrderOnTheMachinesDisk) {
  const io::TemporaryFolder folder;
  const auto disk = io::DiskStorage::create().value();
  read_while_written(*disk, folder.path() / "a.db");
}

}  // namespace
}  // namespace libabi::vdb::sqlite

// What a power cut leaves on the simulated disk, and what it may not take.
#include "tools.hpp"

#include <map>
#include <set>

namespace libabi::io {
namespace {

std::unique_ptr<SimulatedStorage> make_disk(std::uint64_t chosen_seed) {
  return SimulatedStorage::create({.seed = chosen_seed}).value();
}

std::shared_ptr<File> make_file(Storage& disk, std::string_view name) {
  auto file = disk.open(name, {.access = Access::write, .create = true}).value();
  EXPECT_TRUE(disk.sync_folder(""));
  return file;
}

constexpr std::uint64_t seeds = 300;

TEST(SimulatedStorage, WhatWasSyncedIsThereAfterAnyCut) {
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = make_file(*disk, "a");
    ASSERT_TRUE(file->write(0, bytes_of("synced")));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write(1000, bytes_of("not synced")));
    disk->cut_power();
    disk->restart();
    const std::string text = text_of(*disk->read_file("a", 5000));
    EXPECT_EQ(text.substr(0, 6), "synced") << i;
  }
}

TEST(SimulatedStorage, EveryMixtureOfUnsyncedSectorsComesUp) {
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = make_file(*disk, "a");
    ASSERT_TRUE(file->resize(1024));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write(0, bytes_of("1")));
    ASSERT_TRUE(file->write(512, bytes_of("2")));
    disk->restart();
    const std::vector<std::byte> content = disk->read_file("a", 5000).value();
    ASSERT_EQ(content.size(), 1024u);
    seen.insert({content[0] == std::byte{0} ? '-' : '1', content[512] == std::byte{0} ? '-' : '2'});
  }
  EXPECT_EQ(seen, (std::set<std::string>{"--", "1-", "-2", "12"}));
}

TEST(SimulatedStorage, AWriteOverSeveralSectorsIsTorn) {
  bool torn = false;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = make_file(*disk, "a");
    ASSERT_TRUE(file->resize(2048));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write(100, std::vector<std::byte>(1800, std::byte{7})));
    disk->restart();
    const std::vector<std::byte> content = disk->read_file("a", 5000).value();
    const auto written = std::count(content.begin() + 100, content.begin() + 1900, std::byte{7});
    torn = torn || (written > 0 && written < 1800);
    EXPECT_EQ(std::count(content.begin(), content.begin() + 100, std::byte{7}), 0);
    EXPECT_EQ(std::count(content.begin() + 1900, content.end(), std::byte{7}), 0);
  }
  EXPECT_TRUE(torn);
}

TEST(SimulatedStorage, ANameThatWasNotSyncedMayBeGone) {
  int gone = 0;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = disk->open("a", {.access = Access::write, .create = true}).value();
    ASSERT_TRUE(file->write(0, bytes_of("x")));
    ASSERT_TRUE(file->sync());
    disk->restart();
    if (!disk->info("a"))
      ++gone;
    else
      EXPECT_EQ(text_of(*disk->read_file("a", 10)), "x");
  }
  EXPECT_GT(gone, 0);
  EXPECT_LT(gone, static_cast<int>(seeds));
}

TEST(SimulatedStorage, ReplaceFileGivesTheOldOrTheNewBytesAtEveryCut) {
  std::uint64_t changes = 0;
  {
    const auto disk = make_disk(1);
    ASSERT_TRUE(disk->replace_file("m", bytes_of("old")));
    const std::uint64_t before = disk->changes();
    ASSERT_TRUE(disk->replace_file("m", bytes_of("newer")));
    changes = disk->changes() - before;
  }
  ASSERT_GE(changes, 4u);
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < seeds; ++i)
    for (std::uint64_t cut = 0; cut < changes; ++cut) {
      const auto disk = make_disk(i);
      ASSERT_TRUE(disk->replace_file("m", bytes_of("old")));
      disk->cut_power_at(disk->changes() + cut);
      const Result<void> replaced = disk->replace_file("m", bytes_of("newer"));
      EXPECT_EQ(replaced.error().code, ErrorCode::unavailable);
      disk->restart();
      const std::string text = text_of(*disk->read_file("m", 10));
      EXPECT_TRUE(text == "old" || text == "newer") << text;
      seen.insert(text);
    }
  EXPECT_EQ(seen.size(), 2u);
}

TEST(SimulatedStorage, WithoutTheSyncARenamedFileMayBeEmptyOrTorn) {
  // What replace_file() guards against: the simulator must be able to show it.
  bool damaged = false;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = disk->open("new", {.access = Access::write, .create = true}).value();
    ASSERT_TRUE(file->write(0, bytes_of("content")));
    ASSERT_TRUE(disk->rename("new", "m"));
    ASSERT_TRUE(disk->sync_folder(""));
    disk->restart();
    damaged = damaged || text_of(*disk->read_file("m", 10)) != "content";
  }
  EXPECT_TRUE(damaged);
}

TEST(SimulatedStorage, AFolderThatWasNotSyncedTakesItsFilesWithIt) {
  int gone = 0;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    ASSERT_TRUE(disk->create_folder("f"));
    ASSERT_TRUE(disk->replace_file("f/a", bytes_of("x")));  // syncs f, and not what f stands in
    disk->restart();
    gone += !disk->info("f/a");
    EXPECT_EQ(bool(disk->info("f")), bool(disk->info("f/a")));
  }
  EXPECT_GT(gone, 0);
  EXPECT_LT(gone, static_cast<int>(seeds));
}

TEST(SimulatedStorage, WhatAFailedSyncWasToSaveIsNotSavedByTheNext) {
  bool lost = false;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto disk = make_disk(i);
    const auto file = make_file(*disk, "a");
    ASSERT_TRUE(file->resize(1024));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write(0, bytes_of("1")));
    disk->fail_next(SimulatedCall::sync, 0, ErrorCode::unavailable);
    EXPECT_EQ(file->sync().error().code, ErrorCode::unavailable);
    ASSERT_TRUE(file->write(512, bytes_of("2")));
    ASSERT_TRUE(file->sync());
    disk->restart();
    const std::vector<std::byte> content = disk->read_file("a", 5000).value();
    lost = lost || content[0] == std::byte{0};
    EXPECT_EQ(content[512], std::byte{'2'});
  }
  EXPECT_TRUE(lost);
}

TEST(SimulatedStorage, FilesAndLocksOfBeforeTheCutAreOfNoUse) {
  const auto disk = make_disk(1);
  const auto file = make_file(*disk, "a");
  const auto lock = disk->lock("lock", "me").value();
  disk->cut_power();
  EXPECT_FALSE(disk->powered());
  EXPECT_EQ(disk->open("a").error().code, ErrorCode::unavailable);
  EXPECT_EQ(file->write(0, bytes_of("x")).error().code, ErrorCode::unavailable);
  disk->restart();
  EXPECT_EQ(file->sync().error().code, ErrorCode::unavailable);
  EXPECT_TRUE(disk->lock("lock", "another"));
}

TEST(SimulatedStorage, TheSameSeedGivesTheSameDisk) {
  const auto run = [] {
    const auto disk = make_disk(seed());
    for (int i = 0; i < 20; ++i) {
      const auto file = disk->open(std::to_string(i), {.access = Access::write, .create = true}).value();
      EXPECT_TRUE(file->write(static_cast<std::uint64_t>(i), std::vector<std::byte>(3000, std::byte{3})));
      if (i % 3 == 0) file->sync().value();
      if (i % 4 == 0) disk->sync_folder("").value();
    }
    disk->restart();
    std::map<std::string, std::string> all;
    const std::vector<Entry> entries = disk->list("").value();
    for (const Entry& entry : entries) all[entry.name] = text_of(*disk->read_file(entry.name, 1 << 20));
    return all;
  };
  const auto first = run();
  EXPECT_EQ(first, run());
  EXPECT_FALSE(first.empty());
}

TEST(SimulatedStorage, FaultsComeWhereTheyAreAskedFor) {
  const auto disk = make_disk(1);
  const auto file = make_file(*disk, "a");
  disk->fail_next(SimulatedCall::write, 1, ErrorCode::exhausted);
  EXPECT_TRUE(file->write(0, bytes_of("x")));
  EXPECT_EQ(file->write(1, bytes_of("y")).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(file->write(1, bytes_of("y")));
  disk->fail_next(SimulatedCall::read, 0, ErrorCode::unavailable);
  EXPECT_EQ(disk->read_file("a", 9).error().code, ErrorCode::unavailable);
  disk->fail_next(SimulatedCall::name, 0, ErrorCode::permission_denied);
  EXPECT_EQ(disk->rename("a", "b").error().code, ErrorCode::permission_denied);
  EXPECT_EQ(text_of(*disk->read_file("a", 9)), "xy");
}

TEST(SimulatedStorage, AFullDiskTakesNoMore) {
  const auto disk = SimulatedStorage::create({.capacity_bytes = 100}).value();
  const auto a = make_file(*disk, "a"), b = make_file(*disk, "b");
  EXPECT_TRUE(a->write(0, std::vector<std::byte>(60)));
  EXPECT_EQ(b->write(0, std::vector<std::byte>(41)).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(b->write(0, std::vector<std::byte>(40)));
  EXPECT_EQ(a->resize(61).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(disk->remove("a"));
  EXPECT_TRUE(b->resize(100));
}

TEST(SimulatedStorage, AFlippedBitIsRead) {
  const auto disk = make_disk(1);
  make_file(*disk, "a")->write(0, bytes_of("A")).value();
  ASSERT_TRUE(disk->flip_bit("a", 0, 1));
  EXPECT_EQ(text_of(*disk->read_file("a", 9)), "C");
  EXPECT_EQ(disk->flip_bit("a", 1, 0).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(disk->flip_bit("none", 0, 0).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace libabi::io

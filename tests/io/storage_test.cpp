// What every storage promises, the machine's and the simulated one.
#include "tools.hpp"

#include <array>

namespace libabi::io {
namespace {

using Storages = StorageTest;
INSTANTIATE_TEST_SUITE_P(, Storages, testing::Values(Kind::threads, Kind::simulated), name_of);

TEST_P(Storages, ReadsWhatWasWritten) {
  const auto file = make("a");
  ASSERT_TRUE(file->write(0, bytes_of("hello")));
  ASSERT_TRUE(file->write(3, bytes_of("p me")));
  EXPECT_EQ(*file->size(), 7u);
  std::vector<std::byte> all(100);
  ASSERT_EQ(*file->read(0, all), 7u);
  EXPECT_EQ(text_of(std::span(all).first(7)), "help me");
  ASSERT_EQ(*file->read(5, std::span(all).first(1)), 1u);
  EXPECT_EQ(text_of(std::span(all).first(1)), "m");
  EXPECT_EQ(*file->read(7, all), 0u);
  EXPECT_EQ(*file->read(1000, all), 0u);
  EXPECT_TRUE(file->sync());
}

TEST_P(Storages, AGapReadsAsZerosAndSoDoesWhatAResizeAdds) {
  const auto file = make("a");
  ASSERT_TRUE(file->write(4, bytes_of("x")));
  ASSERT_TRUE(file->resize(8));
  std::vector<std::byte> all(8, std::byte{1});
  ASSERT_EQ(*file->read(0, all), 8u);
  EXPECT_EQ(text_of(all), std::string("\0\0\0\0x\0\0\0", 8));
  ASSERT_TRUE(file->resize(2));
  EXPECT_EQ(*file->size(), 2u);
}

TEST_P(Storages, AFileOpenedForReadingIsNotWritten) {
  make("a")->write(0, bytes_of("x")).value();
  const auto file = storage->open(at("a")).value();
  EXPECT_FALSE(file->write(0, bytes_of("y")));
  EXPECT_EQ(text_of(*storage->read_file(at("a"), 10)), "x");
}

TEST_P(Storages, OpenRefusesWhatIsNotThereAndWhatIsNoFile) {
  EXPECT_EQ(storage->open(at("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(storage->open(at("no/folder"), {.access = Access::write, .create = true}).error().code, ErrorCode::not_found);
  ASSERT_TRUE(storage->create_folder(at("folder")));
  EXPECT_EQ(storage->open(at("folder")).error().code, ErrorCode::invalid_argument);
  make("a");
  EXPECT_EQ(storage->open(at("a"), {.access = Access::write, .create = true, .exclusive = true}).error().code,
            ErrorCode::already_exists);
}

TEST_P(Storages, TruncatingBeginsWithAnEmptyFile) {
  make("a")->write(0, bytes_of("x")).value();
  const auto file = storage->open(at("a"), {.access = Access::write, .truncate = true}).value();
  EXPECT_EQ(*file->size(), 0u);
}

TEST_P(Storages, ListsAFolderInTheOrderOfNames) {
  ASSERT_TRUE(storage->create_folder(at("f")));
  ASSERT_TRUE(storage->create_folder(at("f")));  // is there already
  ASSERT_TRUE(storage->create_folder(at("f/z")));
  make("f/b")->write(0, bytes_of("xy")).value();
  make("f/a");
  make("f/z/deep");
  const std::vector<Entry> entries = storage->list(at("f")).value();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].bytes, 2u);
  EXPECT_TRUE(entries[2].folder);
  EXPECT_EQ(storage->info(at("f/b"))->bytes, 2u);
  EXPECT_EQ(storage->info(at("f/none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(storage->list(at("none")).error().code, ErrorCode::not_found);
}

TEST_P(Storages, RemovesFilesAndEmptyFolders) {
  ASSERT_TRUE(storage->create_folder(at("f")));
  make("f/a");
  EXPECT_EQ(storage->remove(at("f")).error().code, ErrorCode::failed_precondition);
  EXPECT_TRUE(storage->remove(at("f/a")));
  EXPECT_TRUE(storage->remove(at("f")));
  EXPECT_EQ(storage->remove(at("f")).error().code, ErrorCode::not_found);
}

TEST_P(Storages, RenamingReplacesTheFileThatHasTheName) {
  make("a")->write(0, bytes_of("new")).value();
  const auto old = make("b");
  old->write(0, bytes_of("old")).value();
  ASSERT_TRUE(storage->rename(at("a"), at("b")));
  EXPECT_EQ(text_of(*storage->read_file(at("b"), 10)), "new");
  EXPECT_EQ(storage->info(at("a")).error().code, ErrorCode::not_found);
  std::vector<std::byte> text(3);
  EXPECT_EQ(*old->read(0, text), 3u);  // who had it open still has it
  EXPECT_EQ(text_of(text), "old");
  EXPECT_EQ(storage->rename(at("a"), at("c")).error().code, ErrorCode::not_found);
}

TEST_P(Storages, ReplaceFileLeavesOneFile) {
  ASSERT_TRUE(storage->create_folder(at("f")));
  ASSERT_TRUE(storage->replace_file(at("f/m"), bytes_of("one")));
  ASSERT_TRUE(storage->replace_file(at("f/m"), bytes_of("two!")));
  EXPECT_EQ(text_of(*storage->read_file(at("f/m"), 4)), "two!");
  EXPECT_EQ(storage->read_file(at("f/m"), 3).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(storage->list(at("f"))->size(), 1u);
}

TEST_P(Storages, MapsAnyRangeOfAFile) {
  const auto file = make("a");
  std::vector<std::byte> content(10'000);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 7);
  ASSERT_TRUE(file->write(0, content));
  const Mapping mapping = file->map(5000, 5000).value();
  ASSERT_EQ(mapping.bytes().size(), 5000u);
  EXPECT_TRUE(std::equal(mapping.bytes().begin(), mapping.bytes().end(), content.begin() + 5000));
  EXPECT_EQ(file->map(5000, 5001).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(file->map(~0ull, 2).error().code, ErrorCode::out_of_range);
  EXPECT_TRUE(file->map(10'000, 0)->bytes().empty());
}

TEST_P(Storages, AMappingOutlivesItsFile) {
  auto file = make("a");
  ASSERT_TRUE(file->write(0, bytes_of("kept")));
  const Mapping mapping = file->map(0, 4).value();
  file.reset();
  EXPECT_EQ(text_of(mapping.bytes()), "kept");
}

TEST_P(Storages, ALockIsHeldOnceAndNamesItsOwner) {
  auto lock = storage->lock(at("lock"), "process 7");
  ASSERT_TRUE(lock);
  const auto second = storage->lock(at("lock"), "process 8");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
  EXPECT_TRUE(GetParam() == Kind::simulated || second.error().message.find("process 7") != std::string::npos);
  lock->reset();
  EXPECT_TRUE(storage->lock(at("lock"), "process 8"));
}

TEST_P(Storages, RoomCanBeReservedWithoutChangingTheLength) {
  const auto file = make("a");
  EXPECT_TRUE(file->reserve(1 << 20));
  EXPECT_TRUE(file->reserve(0));
  EXPECT_EQ(*file->size(), 0u);
}

TEST(DiskStorage, RefusesNamesWithAZeroByteAndRangesPastTheLargestFile) {
  const TemporaryFolder folder;
  const auto disk = DiskStorage::create().value();
  EXPECT_EQ(disk->open(std::filesystem::path(std::string("a\0b", 3))).error().code, ErrorCode::invalid_argument);
  const auto file = disk->open(folder.path() / "a", {.access = Access::write, .create = true}).value();
  EXPECT_EQ(file->write(~0ull - 1, bytes_of("x")).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(file->resize(~0ull).error().code, ErrorCode::out_of_range);
  std::vector<std::byte> to(1);
  EXPECT_EQ(file->read(~0ull, to).error().code, ErrorCode::out_of_range);
}

TEST(DiskStorage, RefusesDevicesAndPipes) {
  const auto disk = DiskStorage::create().value();
  EXPECT_EQ(disk->open("/dev/zero").error().code, ErrorCode::invalid_argument);
}

TEST(DiskStorage, RefusesOptionsOutOfRange) {
  EXPECT_EQ(DiskStorage::create({.depth = 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(DiskStorage::create({.depth = 5000}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(DiskStorage::create({.threads = 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(DiskStorage::create({.threads = 65}).error().code, ErrorCode::invalid_argument);
}

TEST(DiskStorage, WritesPastTheCacheWhereTheFileSystemCan) {
  const TemporaryFolder folder;
  const auto disk = DiskStorage::create().value();
  const auto file = disk->open(folder.path() / "a", {.access = Access::write, .create = true, .direct = true});
  if (!file) GTEST_SKIP() << file.error().text();
  struct alignas(direct_alignment) Page {
    std::array<std::byte, direct_alignment> bytes;
  };
  auto page = std::make_unique<Page>();
  page->bytes.fill(std::byte{9});
  ASSERT_TRUE((*file)->write(0, page->bytes));
  page->bytes.fill(std::byte{0});
  ASSERT_EQ(*(*file)->read(0, page->bytes), direct_alignment);
  EXPECT_EQ(page->bytes[17], std::byte{9});
}

}  // namespace
}  // namespace libabi::io

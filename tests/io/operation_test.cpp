// Operations that are started and end later, on io_uring, on threads and on the simulated disk.
#include "tools.hpp"

#include <deque>

namespace libabi::io {
namespace {

using Operations = StorageTest;
INSTANTIATE_TEST_SUITE_P(, Operations, testing::Values(Kind::ring, Kind::threads, Kind::simulated), name_of);

TEST_P(Operations, WriteSyncAndRead) {
  const auto file = make("a");
  const std::vector<std::byte> text = bytes_of("hello");
  Started write;
  write.kind = Operation::Kind::write;
  write.offset = 3;
  write.from = text;
  file->start(write);
  ASSERT_TRUE(write.wait()) << write.result.error().text();
  EXPECT_EQ(*write.result, 5u);
  Started sync;
  sync.kind = Operation::Kind::sync;
  file->start(sync);
  ASSERT_TRUE(sync.wait());
  std::vector<std::byte> all(100);
  Started read;
  read.to = all;
  file->start(read);
  ASSERT_TRUE(read.wait());
  ASSERT_EQ(*read.result, 8u);  // where the file ends
  EXPECT_EQ(text_of(std::span(all).first(8)), std::string("\0\0\0hello", 8));
  Started past;
  past.to = all;
  past.offset = 8;
  file->start(past);
  EXPECT_EQ(past.wait().value(), 0u);
}

TEST_P(Operations, EmptyOnesEnd) {
  const auto file = make("a");
  Started read, write;
  write.kind = Operation::Kind::write;
  file->start(read);
  file->start(write);
  EXPECT_EQ(read.wait().value(), 0u);
  EXPECT_EQ(write.wait().value(), 0u);
}

TEST_P(Operations, ManyMoreThanTheDepthEndOnceEach) {
  SCOPED_TRACE(seed());
  constexpr std::size_t count = 500, piece = 1000;
  const auto file = make("a");
  std::vector<std::vector<std::byte>> pieces(count);
  std::deque<Started> writes(count), reads(count);
  std::mt19937_64 random(seed());
  for (std::size_t i = 0; i < count; ++i) {
    pieces[i].resize(piece);
    for (std::byte& byte : pieces[i]) byte = static_cast<std::byte>(random());
    writes[i].kind = Operation::Kind::write;
    writes[i].offset = i * piece;
    writes[i].from = pieces[i];
    file->start(writes[i]);
  }
  for (Started& write : writes) ASSERT_EQ(write.wait().value(), piece);
  std::vector<std::byte> all(count * piece);
  for (std::size_t i = 0; i < count; ++i) {
    reads[i].offset = i * piece;
    reads[i].to = std::span(all).subspan(i * piece, piece);
    file->start(reads[i]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(reads[i].wait().value(), piece);
    ASSERT_TRUE(std::equal(pieces[i].begin(), pieces[i].end(), reads[i].to.begin())) << i;
    EXPECT_EQ(reads[i].times, 1);
    EXPECT_EQ(writes[i].times, 1);
  }
}

TEST_P(Operations, AnOperationThatWasCancelledBeforeItBeganDoesNothing) {
  const auto file = make("a");
  const std::vector<std::byte> text = bytes_of("hello");
  Started write;
  write.kind = Operation::Kind::write;
  write.from = text;
  file->cancel(write);
  file->start(write);
  EXPECT_EQ(write.wait().error().code, ErrorCode::cancelled);
  EXPECT_EQ(*file->size(), 0u);
}

TEST_P(Operations, CancellingEndsEachOnceAsCancelledOrDone) {
  constexpr std::size_t count = 200, piece = 65536;
  const auto file = make("a");
  const std::vector<std::byte> bytes(piece, std::byte{5});
  std::deque<Started> writes(count);
  for (std::size_t i = 0; i < count; ++i) {
    writes[i].kind = Operation::Kind::write;
    writes[i].offset = i * piece;
    writes[i].from = bytes;
    file->start(writes[i]);
  }
  for (std::size_t i = count; i-- > 0;)
    if (i % 2 == 0) file->cancel(writes[i]);
  for (std::size_t i = 0; i < count; ++i) {
    const Result<std::size_t>& result = writes[i].wait();
    if (result)
      EXPECT_EQ(*result, piece);
    else
      EXPECT_TRUE(result.error().code == ErrorCode::cancelled && i % 2 == 0) << result.error().text();
    EXPECT_EQ(writes[i].times, 1);
  }
}

TEST_P(Operations, ErrorsAreTheResult) {
  const auto file = make("a");
  const std::vector<std::byte> text = bytes_of("x");
  if (GetParam() != Kind::simulated) {
    Started far;
    far.kind = Operation::Kind::write;
    far.offset = ~0ull - 5;
    far.from = text;
    file->start(far);
    EXPECT_EQ(far.wait().error().code, ErrorCode::out_of_range);
  }
  const auto reader = storage->open(at("a")).value();
  Started write;
  write.kind = Operation::Kind::write;
  write.from = text;
  reader->start(write);
  EXPECT_FALSE(write.wait());
}

TEST(DiskStorage, TheEngineIsMadeWhenItIsNeeded) {
  const TemporaryFolder folder;
  const auto disk = DiskStorage::create().value();
  EXPECT_EQ(disk->engine(), EngineKind::automatic);
  const auto file = disk->open(folder.path() / "a", {.access = Access::write, .create = true}).value();
  Started sync;
  sync.kind = Operation::Kind::sync;
  file->start(sync);
  ASSERT_TRUE(sync.wait());
  EXPECT_NE(disk->engine(), EngineKind::automatic);
}

}  // namespace
}  // namespace libabi::io

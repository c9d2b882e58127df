// The log on the machine's own files.
#include "tools.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>

namespace libabi::vdb {
namespace {

std::string body_of(Position position) {
  return "<needle " + std::to_string(position) + ">" + std::string(position * 37 % 900, static_cast<char>('a' + position % 26));
}

TEST(LogOnDisk, IsWrittenByOneAndFollowedByOthers) {
  const TemporaryFolder folder;
  const auto disk = io::DiskStorage::create().value();
  const auto path = folder.path() / "log";
  auto log = LocalLog::open(*disk, path, {.segment_bytes = 16384, .owner = "the test"}).value();
  const auto second = LocalLog::open(*disk, path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::failed_precondition);
  EXPECT_NE(second.error().text().find("the test"), std::string::npos);
  const auto follower = LocalLog::open(*disk, path, {.access = io::Access::read}).value();
  const auto reader = follower->read(1).value();
  for (Position position = 1; position <= 200; ++position) {
    ASSERT_TRUE(append(*log, {body_of(position)}));
    const auto record = reader->next().value();
    ASSERT_TRUE(record);
    EXPECT_EQ(text_of(record->body), body_of(position));
  }
  ASSERT_TRUE(log->erase(std::vector<Position>{2, 150, 200}));
  EXPECT_FALSE(stands_anywhere(*disk, path, "<needle 150>"));
  EXPECT_TRUE(read_all(*follower, 1).value().at(150).erased);
  ASSERT_TRUE(log->truncate_before(100));
  ASSERT_TRUE(log->close());
  log = LocalLog::open(*disk, path).value();
  EXPECT_EQ(log->last(), 200u);
  EXPECT_GT(log->first(), 1u);
  EXPECT_TRUE(log->verify().value().empty());
}

struct Word {
  Position position = 0;
  bool erased = false;
};

// Appends and erases until it is killed, and says what was acknowledged. No thread, no test framework.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, int pipe) {
  const auto disk = io::DiskStorage::create();
  if (!disk) _exit(1);
  const auto log = LocalLog::open(**disk, path, {.segment_bytes = 16384, .preallocate_bytes = 4096});
  if (!log) _exit(2);
  for (Position next = (*log)->last() + 1;;) {
    const std::vector<std::string> texts{body_of(next), body_of(next + 1), body_of(next + 2)};
    const Result<Appended> appended = append(**log, texts);
    if (!appended || appended->first != next) _exit(3);
    Word word{.position = appended->last, .erased = false};
    if (::write(pipe, &word, sizeof word) != sizeof word) _exit(4);
    next = appended->last + 1;
    if (next % 4 != 0) continue;
    if (!(*log)->erase(std::span(&appended->first, 1))) _exit(5);
    word = {.position = appended->first, .erased = true};
    if (::write(pipe, &word, sizeof word) != sizeof word) _exit(6);
  }
}

TEST(LogOnDisk, LosesNothingThatAKilledWriterAcknowledged) {
  std::mt19937_64 random(libabi::test::seed());
  const TemporaryFolder folder;
  const auto path = folder.path() / "log";
  Position last = 0;
  std::vector<Position> erased;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(path, ends[1]);
    ::close(ends[1]);
    std::uint64_t words = 1 + random() % 40;
    Word word;
    while (::read(ends[0], &word, sizeof word) == sizeof word) {
      if (word.erased) erased.push_back(word.position);
      if (!word.erased) last = word.position;
      if (--words != 0) continue;
      for (std::uint64_t spin = random() % 200'000; spin > 0; --spin) asm volatile("");
      ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself, " << WEXITSTATUS(status);
    const auto disk = io::DiskStorage::create().value();
    const auto log = LocalLog::open(*disk, path);
    ASSERT_TRUE(log) << log.error().text();
    ASSERT_GE((*log)->last(), last);
    const auto seen = read_all(**log, 1);
    ASSERT_TRUE(seen) << seen.error().text();
    for (const auto& [position, record] : *seen) EXPECT_TRUE(record.erased || record.body == body_of(position)) << position;
    for (const Position position : erased) EXPECT_TRUE(seen->at(position).erased);
    for (const Position position : erased)
      EXPECT_FALSE(stands_anywhere(*disk, path, "<needle " + std::to_string(position) + ">"));
    last = (*log)->last();
  }
}

}  // namespace
}  // namespace libabi::vdb

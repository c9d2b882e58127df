#include <abi/memory/mapped_file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace libabi::memory {
namespace {

namespace fs = std::filesystem;

std::size_t open_descriptors() {
  const fs::directory_iterator folder("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "abi-mapped-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    descriptors_ = open_descriptors();
  }
  void TearDown() override {
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor is left open";
    fs::remove_all(folder_);
  }
  fs::path file(const std::string& name, std::size_t bytes) {
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 31 + i / 251);
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  static bool holds_its_content(const MappedFile& mapped) {
    const auto bytes = mapped.bytes();
    for (std::size_t i = 0; i < bytes.size(); ++i)
      if (bytes[i] != static_cast<std::byte>(i * 31 + i / 251)) return false;
    return true;
  }
  void expect_refused(const fs::path& path, ErrorCode code, std::string_view part) {
    const auto mapped = MappedFile::open(path);
    ASSERT_FALSE(mapped) << path;
    EXPECT_EQ(mapped.error().code, code) << mapped.error().text();
    EXPECT_NE(mapped.error().message.find(part), std::string::npos) << mapped.error().message;
  }

  fs::path folder_;
  std::size_t descriptors_ = 0;
};

const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

TEST_F(MappedFileTest, ShowsEveryByteOfTheFile) {
  for (const std::size_t bytes : {std::size_t{1}, page - 1, page, page + 1, 5 * page + 123}) {
    const auto mapped = MappedFile::open(file("content", bytes));
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped->bytes().size(), bytes);
    EXPECT_TRUE(holds_its_content(*mapped));
  }
}

TEST_F(MappedFileTest, EmptyFileHasNoBytes) {
  const auto mapped = MappedFile::open(file("empty", 0));
  ASSERT_TRUE(mapped);
  EXPECT_TRUE(mapped->bytes().empty());
  mapped->will_need(0, 10);
  mapped->done_with(0, 10);
}

TEST_F(MappedFileTest, OutlivesTheNameOfItsFile) {
  const fs::path path = file("gone", 1000);
  const auto mapped = MappedFile::open(path);
  ASSERT_TRUE(mapped);
  fs::remove(path);
  EXPECT_TRUE(holds_its_content(*mapped));
}

TEST_F(MappedFileTest, FollowsSymbolicLinks) {
  fs::create_symlink(file("target", 10), folder_ / "link");
  EXPECT_EQ(MappedFile::open(folder_ / "link")->bytes().size(), 10u);
  fs::create_symlink("loop", folder_ / "loop");
  expect_refused(folder_ / "loop", ErrorCode::invalid_argument, "loop");
}

TEST_F(MappedFileTest, RefusesWhatIsNotThere) {
  expect_refused(folder_ / "missing", ErrorCode::not_found, "missing");
  expect_refused(file("plain", 1) / "below", ErrorCode::not_found, "below");
  expect_refused("", ErrorCode::not_found, "cannot find");
}

TEST_F(MappedFileTest, RefusesADirectory) {
  expect_refused(folder_, ErrorCode::invalid_argument, "is a directory, expected a regular file");
}

TEST_F(MappedFileTest, RefusesADevice) { expect_refused("/dev/zero", ErrorCode::invalid_argument, "is a device"); }

TEST_F(MappedFileTest, RefusesAPipeWithoutWaitingForItsWriter) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  expect_refused(folder_ / "pipe", ErrorCode::invalid_argument, "is a pipe");
}

TEST_F(MappedFileTest, RefusesASocket) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_GE(descriptor, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder_ / "socket").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int bound = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  close(descriptor);
  ASSERT_EQ(bound, 0);
  expect_refused(folder_ / "socket", ErrorCode::invalid_argument, "is a socket");
}

TEST_F(MappedFileTest, RefusesANameThatTheSystemWouldCutShort) {
  const fs::path path = file("cut", 10);
  expect_refused(fs::path(path.string() + '\0' + "tail"), ErrorCode::invalid_argument, "zero byte");
  expect_refused(folder_ / std::string(5000, 'x'), ErrorCode::invalid_argument, "cannot find");
}

TEST_F(MappedFileTest, RefusesWhatItMayNotRead) {
  const fs::path path = file("secret", 10);
  fs::permissions(folder_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  fs::permissions(path, fs::perms::none);
  constexpr uid_t nobody = 65534;
  const uid_t before = geteuid();  // the superuser may read everything, so the test is somebody else meanwhile
  if (before == 0) {
    ASSERT_EQ(seteuid(nobody), 0);
  }
  expect_refused(path, ErrorCode::permission_denied, "cannot open");
  if (before == 0) {
    ASSERT_EQ(seteuid(before), 0);
  }
}

TEST_F(MappedFileTest, MovesAndUnmapsOnce) {
  MappedFile first = MappedFile::open(file("first", 2 * page)).value();
  MappedFile second = MappedFile::open(file("second", 10)).value();
  const std::byte* const bytes = first.bytes().data();
  second = std::move(first);
  EXPECT_EQ(second.bytes().data(), bytes);
  EXPECT_TRUE(first.bytes().empty());
  MappedFile& self = second;
  second = std::move(self);
  ASSERT_EQ(second.bytes().data(), bytes);
  EXPECT_TRUE(holds_its_content(second));
  const auto is_mapped = [&] { return msync(const_cast<std::byte*>(bytes), page, MS_ASYNC) == 0; };
  EXPECT_TRUE(is_mapped());
  second = MappedFile();
  EXPECT_FALSE(is_mapped());
}

// Pages of the mapping that this process holds, by /proc/self/smaps: a line "begin-end ..." begins what is said of a
// mapping, and "Rss:" is said of each.
std::size_t resident_pages(const MappedFile& mapped) {
  std::ifstream maps("/proc/self/smaps");
  const std::string wanted = format("{:x}-", reinterpret_cast<std::uintptr_t>(mapped.bytes().data()));
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    found |= line.starts_with(wanted);
    if (found && line.starts_with("Rss:")) return std::stoull(line.substr(4)) * 1024 / page;
  }
  return std::numeric_limits<std::size_t>::max();
}

TEST_F(MappedFileTest, DropsWholePagesInsideTheRangeAndReadsThemAgain) {
  const auto mapped = MappedFile::open(file("pages", 8 * page + 100));
  ASSERT_TRUE(mapped);
  ASSERT_TRUE(holds_its_content(*mapped));
  ASSERT_EQ(resident_pages(*mapped), 9u);
  mapped->done_with(1, page - 1);  // no whole page
  EXPECT_EQ(resident_pages(*mapped), 9u);
  mapped->done_with(page / 2, 2 * page);  // page 1 only
  EXPECT_EQ(resident_pages(*mapped), 8u);
  mapped->done_with(7 * page, page + 100);  // the last page, though it is not full
  EXPECT_EQ(resident_pages(*mapped), 6u);
  EXPECT_TRUE(holds_its_content(*mapped));
  EXPECT_EQ(resident_pages(*mapped), 9u);
}

TEST_F(MappedFileTest, AdviceBearsEveryRange) {
  const auto mapped = MappedFile::open(file("advice", 3 * page + 5));
  ASSERT_TRUE(mapped);
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, page, 3 * page + 4, 3 * page + 5, most - 1, most})
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, page, most - page, most}) {
      mapped->will_need(offset, length);
      mapped->done_with(offset, length);
    }
  EXPECT_TRUE(holds_its_content(*mapped));
}

}  // namespace
}  // namespace libabi::memory

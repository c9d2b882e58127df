#include <gtest/gtest.h>

#include "files.hpp"
#include "gguf_bytes.hpp"

#include <cerrno>
#include <cstdarg>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// The linker sends these system calls of the program here (--wrap), where they fail on demand.
namespace {

enum class Fault { fail, interrupt, shorten };

struct Injector {
  bool armed = false;
  Fault fault = Fault::fail;
  int number = 0;        // of the call that is hit
  int error = 0;         // what it fails with
  int count = 0;         // of the calls so far
  int folder_sync = -1;  // the number of the first call after the rename

  bool hit() { return armed && count++ == number; }
} injector;

/// While it lives, call `number` of those that the writer makes is hit.
struct Injected {
  Injected(Fault fault, int number, int error) { injector = {true, fault, number, error, 0, -1}; }
  ~Injected() { injector.armed = false; }
};

int fail() {
  errno = injector.fault == Fault::interrupt ? EINTR : injector.error;
  return -1;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" {
int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int file, const void* data, std::size_t size);
int __real_fsync(int file);
int __real_close(int file);
int __real_rename(const char* from, const char* to);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return injector.hit() && injector.fault != Fault::shorten ? fail() : __real_open(path, flags, mode);
}
ssize_t __wrap_write(int file, const void* data, std::size_t size) {
  if (!injector.hit()) return __real_write(file, data, size);
  return injector.fault == Fault::shorten ? __real_write(file, data, (size + 1) / 2) : fail();
}
int __wrap_fsync(int file) { return injector.hit() && injector.fault != Fault::shorten ? fail() : __real_fsync(file); }
int __wrap_close(int file) {
  const bool hit = injector.hit() && injector.fault != Fault::shorten;
  const int closed = __real_close(file);  // as Linux does, whatever it returns
  return hit ? fail() : closed;
}
int __wrap_rename(const char* from, const char* to) {
  if (injector.hit() && injector.fault == Fault::fail) return fail();
  injector.folder_sync = injector.count;
  return __real_rename(from, to);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

using namespace libabi;
using namespace libabi::llm;

class GgufOutput : public testing::Test {
 protected:
  GgufOutput() {
    writer.add("key", "value");
    for (const char* name : {"a", "b"})
      EXPECT_TRUE(writer.add_tensor(name, quant::format(quant::FormatId::f32), std::vector<std::uint64_t>{100, 4000},
                                    [](std::uint64_t, std::span<std::byte>) { return Result<void>(); }));
    EXPECT_TRUE(writer.write(file));
    whole = read_file(file);
    write_file(file, old);
  }
  TemporaryFolder folder;
  std::filesystem::path file = folder / "out.gguf";
  GgufWriter writer;
  std::vector<std::byte> whole;
  const std::vector<std::byte> old = GgufBytes(0, 0).bytes();
};

TEST_F(GgufOutput, WhicheverCallFailsTheTargetIsUntouchedAndNothingIsLeft) {
  for (const auto& [number, code] : {std::pair{ENOSPC, ErrorCode::exhausted},
                                     {EDQUOT, ErrorCode::exhausted},
                                     {EACCES, ErrorCode::permission_denied},
                                     {EROFS, ErrorCode::permission_denied},
                                     {EIO, ErrorCode::internal}}) {
    int n = 0;
    for (bool hit = true; hit; ++n) {
      ASSERT_LT(n, 100);
      write_file(file, old);
      Result<void> written;
      bool synced_late = false;
      {
        const Injected injected(Fault::fail, n, number);
        written = writer.write(file);
        hit = injector.count > n;
        synced_late = injector.folder_sync >= 0 && injector.folder_sync <= n;
      }
      EXPECT_EQ(folder.entries(), 1u) << "call " << n;
      // What fails behind the rename is the sync of the folder: the file is whole by then. Its close cannot matter.
      EXPECT_EQ(read_file(file), !hit || synced_late ? whole : old) << "call " << n;
      EXPECT_TRUE(hit || written);
      if (!written) {
        EXPECT_EQ(written.error().code, code) << written.error().text();
        EXPECT_NE(written.error().message.find(folder.path().native()), std::string::npos) << written.error().text();
      } else if (hit) {
        EXPECT_TRUE(synced_late) << "call " << n << " fails unnoticed";
      }
    }
    EXPECT_GE(n, 12) << "open, seven writes, fsync, close, rename, and the folder's open, fsync and close";
  }
}

TEST_F(GgufOutput, InterruptedAndShortWritesAreCarriedOn) {
  for (const Fault fault : {Fault::interrupt, Fault::shorten}) {
    for (int n = 0; n < 20; ++n) {
      write_file(file, old);
      {
        const Injected injected(fault, n, 0);
        const auto written = writer.write(file);
        EXPECT_TRUE(written) << written.error().text() << " at call " << n;
      }
      EXPECT_EQ(read_file(file), whole) << "call " << n;
      EXPECT_EQ(folder.entries(), 1u);
    }
  }
}

TEST_F(GgufOutput, AFileSizeLimitIsAnErrorAndNoSignal) {
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = writer.write(file);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::exhausted);
  EXPECT_NE(written.error().message.find("the process may write files of 4096"), std::string::npos) << written.error().message;
  EXPECT_EQ(read_file(file), old);
  EXPECT_EQ(folder.entries(), 1u);
  EXPECT_TRUE(writer.write(file));
}

TEST_F(GgufOutput, OnlyARegularFileIsReplaced) {
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder / "inner");
  std::filesystem::create_symlink("/dev/full", folder / "device");
  for (const char* name : {"pipe", "inner", "inner/", "device"}) {
    const auto written = writer.write(folder / name);
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().code, ErrorCode::invalid_argument) << written.error().text();
  }
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "device"));
  EXPECT_EQ(folder.entries(), 4u);
  EXPECT_EQ(writer.write("").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(writer.write(std::string("a\0b", 3)).error().code, ErrorCode::invalid_argument);
}

TEST_F(GgufOutput, AMissingFolderIsNotFound) {
  const auto written = writer.write(folder / "none/out.gguf");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
}

TEST_F(GgufOutput, AFolderThatMayNotBeWrittenIsPermissionDenied) {
  constexpr uid_t nobody = 65534;
  const auto closed = folder / "closed";
  std::filesystem::create_directory(closed);
  ASSERT_EQ(::chmod(closed.c_str(), 0555), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const uid_t self = ::geteuid();
  // Root may write everywhere.
  ASSERT_EQ(::seteuid(self == 0 ? nobody : self), 0);
  const auto written = writer.write(closed / "out.gguf");
  ASSERT_EQ(::seteuid(self), 0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::permission_denied) << written.error().text();
  ASSERT_EQ(::chmod(closed.c_str(), 0755), 0);
  EXPECT_TRUE(std::filesystem::is_empty(closed));
}

TEST_F(GgufOutput, TheLongestNameThatAFileCanHaveIsFine) {
  const std::string name = std::string(250, 'n') + ".gguf";
  EXPECT_TRUE(writer.write(folder / name));
  EXPECT_EQ(read_file(folder / name), whole);
  EXPECT_EQ(writer.write(folder / (name + "x")).error().code, ErrorCode::invalid_argument);
}

}  // namespace

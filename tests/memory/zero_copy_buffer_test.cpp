#include "seed.hpp"

#include <abi/memory/zero_copy_buffer.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/uio.h>
#include <unistd.h>

namespace libabi::memory {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string text_of(const ZeroCopyBuffer& chain) {
  std::string text;
  for (const Slice& each : chain.slices()) text += text_of(each.bytes());
  return text;
}

Slice slice_of(std::string_view text) { return Slice::copy_of(bytes_of(text)).value(); }

// Counts how often it is told that its bytes are not needed any more.
struct Stranger {
  std::string text;
  int released = 0;

  Slice slice() {
    return Slice::foreign(
               bytes_of(text),
               [](void* self, std::span<const std::byte> bytes) noexcept {
                 auto& stranger = *static_cast<Stranger*>(self);
                 if (bytes.size() == stranger.text.size()) ++stranger.released;
               },
               this)
        .value();
  }
};

TEST(Slice, IsOfTheSameMemoryAsTheOneItWasCutFrom) {
  const Slice whole = slice_of("one two three");
  const Slice two = whole.slice(4, 3).value();
  EXPECT_EQ(text_of(two.bytes()), "two");
  EXPECT_EQ(two.bytes().data(), whole.bytes().data() + 4);
  Slice rest = whole;
  const Slice one = rest.split_front(4);
  EXPECT_EQ(text_of(one.bytes()), "one ");
  EXPECT_EQ(text_of(rest.bytes()), "two three");
  EXPECT_EQ(text_of(rest.split_front(100).bytes()), "two three");
  EXPECT_TRUE(rest.empty());
}

TEST(Slice, OutsideItsBytesIsAnError) {
  const Slice slice = slice_of("four");
  EXPECT_TRUE(slice.slice(4, 0));
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const auto& [offset, length] : {std::pair<std::size_t, std::size_t>{0, 5}, {5, 0}, {1, 4}, {1, most}, {most, 1}})
    EXPECT_EQ(slice.slice(offset, length).error().code, ErrorCode::out_of_range) << offset << " " << length;
}

TEST(Slice, LastOneReleasesForeignMemoryOnce) {
  Stranger stranger{"borrowed"};
  {
    Slice part;
    {
      const Slice whole = stranger.slice();
      part = whole.slice(2, 3).value();
      EXPECT_FALSE(part.is_unique());
    }
    EXPECT_TRUE(part.is_unique());
    EXPECT_EQ(stranger.released, 0);
    const Slice again = part;
    Slice& self = part;
    part = self;
    EXPECT_EQ(text_of(part.bytes()), "rro");
  }
  EXPECT_EQ(stranger.released, 1);
}

TEST(Slice, KeepsABufferAndItsCharge) {
  MemoryAccount account("slices");
  {
    Slice part;
    {
      auto buffer = Buffer::allocate(1000, account).value();
      part = Slice::own(std::move(buffer)).value().slice(10, 1).value();
    }
    EXPECT_EQ(account.live_bytes(), 1000u);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Slice, KeepsAMappedFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("abi-slice-" + std::to_string(::getpid()));
  std::ofstream(path) << "the file's own pages";
  const Slice pages = Slice::map(MappedFile::open(path).value()).value().slice(4, 6).value();
  std::filesystem::remove(path);
  EXPECT_EQ(text_of(pages.bytes()), "file's");
}

TEST(Slice, IsWrittenInPlaceOnlyWhereNobodyElseSeesIt) {
  Slice mine = slice_of("mine");
  const std::byte* const place = mine.bytes().data();
  mine.writable().value()[0] = std::byte{'M'};
  EXPECT_EQ(mine.bytes().data(), place);
  const Slice other = mine;
  mine.writable().value()[1] = std::byte{'I'};
  EXPECT_EQ(text_of(mine.bytes()), "MIne");
  EXPECT_EQ(text_of(other.bytes()), "Mine");
  Stranger stranger{"theirs"};
  Slice theirs = stranger.slice();
  theirs.writable().value()[0] = std::byte{'T'};
  EXPECT_EQ(text_of(theirs.bytes()), "Theirs");
  EXPECT_EQ(stranger.text, "theirs");
  EXPECT_EQ(stranger.released, 1);
  EXPECT_TRUE(Slice().writable().value().empty());
}

TEST(Slice, IsSharedByManyThreads) {
  Stranger stranger{"shared"};
  {
    std::vector<std::jthread> threads;
    const Slice whole = stranger.slice();
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([slice = whole] {
        for (int i = 0; i < 10'000; ++i) {
          const Slice copy = slice;
          const auto part = copy.slice(1, 2);
        }
      });
  }
  EXPECT_EQ(stranger.released, 1);
}

// Against a string that the same is done to.
TEST(ZeroCopyBuffer, ReadsAsOneWhateverIsDoneToIt) {
  std::mt19937_64 random(test::seed());
  ZeroCopyBuffer chain;
  std::string text;
  for (int step = 0; step < 3000; ++step) {
    const std::string more(random() % 7, static_cast<char>('a' + random() % 26));
    const std::size_t at = random() % (text.size() + 1);
    const std::size_t length = random() % (text.size() - at + 1);
    const auto what = random() % 8;
    if (what < 2) {
      ASSERT_TRUE(chain.append(slice_of(more)));
      text += more;
    } else if (what == 2) {
      ASSERT_TRUE(chain.prepend(slice_of(more)));
      text = more + text;
    } else if (what == 3) {
      const auto part = chain.slice(at, length);
      ASSERT_TRUE(part);
      ASSERT_EQ(text_of(*part), text.substr(at, length));
      if (text.size() < 200) {
        ASSERT_TRUE(chain.append(*part));
        text += text.substr(at, length);
      }
    } else if (what == 4) {
      ASSERT_EQ(text_of(chain.split_front(at).value()), text.substr(0, at));
      text.erase(0, at);
    } else if (what == 5) {
      chain.drop_front(length);
      text.erase(0, length);
    } else if (what == 6 && text.size() < 200) {
      ASSERT_TRUE(chain.append(chain));
      text += std::string(text);
    } else {
      std::string copy(length, ' ');
      ASSERT_EQ(chain.copy_to(std::as_writable_bytes(std::span(copy)), at), length);
      ASSERT_EQ(copy, text.substr(at, length));
    }
    if (step % 50 == 0) {
      ASSERT_EQ(text_of(chain.contiguous().value()), text);
    }
    ASSERT_EQ(chain.size(), text.size());
    ASSERT_EQ(text_of(chain), text);
    for (const Slice& each : chain.slices()) ASSERT_FALSE(each.empty());
  }
}

TEST(ZeroCopyBuffer, OutsideItsBytesIsAnError) {
  ZeroCopyBuffer chain;
  ASSERT_TRUE(chain.append(slice_of("abc")));
  EXPECT_EQ(chain.slice(2, 2).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(chain.slice(4, 0).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(chain.split_front(4).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(text_of(chain), "abc");
  chain.drop_front(100);
  EXPECT_TRUE(chain.empty());
}

TEST(ZeroCopyBuffer, LetsGoOfWhatWasDropped) {
  Stranger first{"first"}, second{"second"};
  ZeroCopyBuffer chain;
  ASSERT_TRUE(chain.append(first.slice()));
  ASSERT_TRUE(chain.append(second.slice()));
  chain.drop_front(4);
  EXPECT_EQ(first.released, 0);
  chain.drop_front(1);
  EXPECT_EQ(first.released, 1);
  EXPECT_EQ(second.released, 0);
  chain.clear();
  EXPECT_EQ(second.released, 1);
}

TEST(ZeroCopyBuffer, IsWrittenByTheSystemWithoutACopy) {
  ZeroCopyBuffer chain;
  for (const char* const text : {"gather", "ed ", "writes"}) ASSERT_TRUE(chain.append(slice_of(text)));
  std::array<int, 2> pipe;
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::array<iovec, 2> parts;
  std::string read(100, ' ');
  std::string all;
  while (!chain.empty()) {
    const auto written = ::writev(pipe[1], parts.data(), static_cast<int>(chain.gather(parts)));
    ASSERT_GT(written, 0);
    chain.drop_front(static_cast<std::size_t>(written));
    const auto got = ::read(pipe[0], read.data(), read.size());
    ASSERT_EQ(got, written);
    all += read.substr(0, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(all, "gathered writes");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(ZeroCopyBuffer, LongerThanCanBeToldIsAnError) {
  ZeroCopyBuffer chain;
  static std::byte byte{};
  const std::span<const std::byte> huge(&byte, std::numeric_limits<std::size_t>::max() / 2 + 1);  // never looked at
  const Slice slice = Slice::foreign(huge, nullptr, nullptr).value();
  ASSERT_TRUE(chain.append(slice));
  EXPECT_EQ(chain.append(slice).error().code, ErrorCode::exhausted);
  EXPECT_EQ(chain.append(chain).error().code, ErrorCode::exhausted);
  EXPECT_EQ(chain.size(), huge.size());
}

}  // namespace
}  // namespace libabi::memory

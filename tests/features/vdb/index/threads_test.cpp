// Searches while rows come and go.
#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

TEST(IndexThreads, SearchWhileRowsAreAddedAndRemoved) {
  constexpr std::size_t stays = 600;
  const Cloud cloud = make_cloud(3000, 24, 51);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 24, .kind = kind, .codec = codec, .degree = 12});
    ASSERT_TRUE(index.add(std::span(cloud.rows).first(stays * 24)));
    std::atomic<bool> over{false};
    std::atomic<std::size_t> answered{0}, missed{0};
    const auto search = [&](std::size_t first) {
      const std::vector<std::uint64_t> all(cloud.count() / 64 + 1, ~std::uint64_t{0});
      for (std::size_t i = first; !over.load(); i = (i + 7) % stays) {
        const bool filtered = i % 3 == 0;
        const auto hits =
            index.search(cloud.row(i), {.k = 3, .beam = 64, .among = filtered ? std::optional<RowBits>(all) : std::nullopt});
        ASSERT_TRUE(index.figures());
        ASSERT_TRUE(hits) << hits.error().text();
        ASSERT_EQ(hits->size(), 3u);
        missed += hits->front().row != i;  // its own row, which stays
        ++answered;
      }
    };
    std::thread one(search, 0);
    std::thread two(search, 1);
    for (int round = 0; round < 4; ++round) {
      const auto rows = index.add(std::span(cloud.rows).subspan(stays * 24));
      ASSERT_TRUE(rows);
      for (const std::size_t half : {0u, 1u}) {
        std::vector<Row> gone;
        for (std::size_t i = half; i < rows->size(); i += 2) gone.push_back((*rows)[i]);
        ASSERT_TRUE(index.remove(gone));
      }
    }
    while (answered.load() < 100) std::this_thread::yield();
    over = true;
    one.join();
    two.join();
    EXPECT_LE(missed.load() * 100, answered.load()) << kind << " " << codec;
    EXPECT_EQ(index.figures()->rows, stays);
  }
}

// Between a search's first look at the graph and its walk the last row may go.
TEST(IndexThreads, SearchWhileAllRowsGoAndComeBack) {
  const Cloud cloud = make_cloud(40, 16, 52);
  for (const auto& [kind, codec] : setups()) {
    Index index = make_index({.dimension = 16, .kind = kind, .codec = codec, .degree = 6});
    std::atomic<bool> over{false};
    std::atomic<std::size_t> answered{0};
    std::thread searching([&] {
      for (; !over.load(); ++answered) {
        const auto hits = index.search(cloud.row(answered % cloud.count()), {.k = 5});
        ASSERT_TRUE(hits) << hits.error().text();
        ASSERT_LE(hits->size(), 5u);
      }
    });
    for (int round = 0; round < 300; ++round) {
      const auto rows = index.add(cloud.rows);
      ASSERT_TRUE(rows);
      ASSERT_TRUE(index.remove(*rows));
    }
    while (answered.load() < 100) std::this_thread::yield();
    over = true;
    searching.join();
    EXPECT_TRUE(index.search(cloud.row(0))->empty());
  }
}

}  // namespace
}  // namespace libabi::vdb

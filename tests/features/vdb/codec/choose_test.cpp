// Which candidates become neighbours, beside the rule written down plainly.
#include "graph/choose.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

#include "../../../seed.hpp"
#include "../index/tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;

constexpr std::size_t dimension = 8;

/// Robust pruning as the paper has it: a round with slack 1, then one with the slack, over candidates in order of distance.
std::vector<std::uint32_t> plain_rule(const Cloud& cloud, const std::vector<Candidate>& sorted, std::uint32_t degree,
                                      double slack) {
  std::vector<std::uint32_t> chosen;
  std::vector<double> occlusion(sorted.size(), 0);
  std::vector<bool> taken(sorted.size(), false);
  for (const double limit : {1.0, slack * slack}) {
    for (std::size_t i = 0; i < sorted.size() && chosen.size() < degree; ++i) {
      if (taken[i] || occlusion[i] > limit) continue;
      taken[i] = true;
      chosen.push_back(sorted[i].node);
      for (std::size_t j = i + 1; j < sorted.size(); ++j) {
        const double between = exact_score(Metric::l2, cloud.row(sorted[i].node), cloud.row(sorted[j].node));
        occlusion[j] = std::max(occlusion[j], static_cast<double>(sorted[j].distance) / between);
      }
    }
    if (limit >= slack * slack) break;
  }
  return chosen;
}

class Choose : public testing::Test {
 protected:
  void use(const Cloud& cloud) {
    auto made = codec_f32.learn({.vectors = cloud.rows.data(), .count = cloud.count(), .dimension = dimension});
    ASSERT_TRUE(made);
    codec_ = std::move(*made);
    bytes_ = *memory::Buffer::allocate_zeroed(cloud.count() * codec_->row_bytes());
    for (std::size_t i = 0; i < cloud.count(); ++i)
      codec_->encode(cloud.row(i).data(), bytes_.data() + i * codec_->row_bytes(), nullptr);
    ASSERT_TRUE(scratch_.make_room_to_build(*codec_, cloud.count(), 64, memory::default_account()));
    scratch_.candidates.clear();
    for (std::uint32_t i = 1; i < cloud.count(); ++i)
      scratch_.candidates.push_back({static_cast<float>(exact_score(Metric::l2, cloud.row(0), cloud.row(i))), i});
  }
  template <class Must>
  std::vector<std::uint32_t> choose_by(const ChooseOptions& options, const Must& must) {
    std::array<std::uint32_t, most_degree> out;
    const std::uint32_t count = choose({codec_.get(), bytes_.data()}, nullptr, options, must, scratch_, out.data());
    return {out.begin(), out.begin() + count};
  }

  std::unique_ptr<Codec> codec_;
  memory::Buffer bytes_;
  Scratch scratch_;
};

TEST_F(Choose, FollowsTheRule) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 50; ++round) {
    const Cloud cloud = make_cloud(2 + random() % 200, dimension, random());
    for (const float slack : {1.0F, 1.2F, 2.0F})
      for (const std::uint32_t degree : {1u, 5u, 32u}) {
        use(cloud);
        std::vector<Candidate> sorted = scratch_.candidates;
        std::sort(sorted.begin(), sorted.end());
        const auto nobody = [](std::uint32_t) { return false; };
        EXPECT_EQ(choose_by({.degree = degree, .slack = slack}, nobody),
                  plain_rule(cloud, sorted, degree, static_cast<double>(slack)));
      }
  }
}

TEST_F(Choose, AlwaysTakesThoseThatMustBe) {
  std::mt19937_64 random(libabi::test::seed());
  for (int round = 0; round < 50; ++round) {
    const Cloud cloud = make_cloud(150, dimension, random());
    use(cloud);
    std::set<std::uint32_t> wanted;
    while (wanted.size() < 12) wanted.insert(1 + static_cast<std::uint32_t>(random() % 149));
    const auto chosen = choose_by({.degree = 16, .slack = 1.2F}, [&](std::uint32_t node) { return wanted.contains(node); });
    EXPECT_LE(chosen.size(), 16u);
    for (const std::uint32_t node : wanted) EXPECT_TRUE(std::ranges::find(chosen, node) != chosen.end());
    EXPECT_EQ(std::set(chosen.begin(), chosen.end()).size(), chosen.size());
  }
}

}  // namespace
}  // namespace libabi::vdb

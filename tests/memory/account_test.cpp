#include <abi/memory/account.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace libabi::memory {
namespace {

TEST(MemoryAccount, CountsHereAndInEveryAncestor) {
  MemoryAccount root("root");
  MemoryAccount middle("middle", unlimited, &root);
  MemoryAccount leaf("leaf", unlimited, &middle);
  MemoryAccount other("other", unlimited, &root);
  ASSERT_TRUE(leaf.charge(100));
  ASSERT_TRUE(middle.charge(10));
  ASSERT_TRUE(other.charge(1));
  EXPECT_EQ(leaf.live_bytes(), 100u);
  EXPECT_EQ(middle.live_bytes(), 110u);
  EXPECT_EQ(other.live_bytes(), 1u);
  EXPECT_EQ(root.live_bytes(), 111u);
  leaf.release(100);
  middle.release(10);
  other.release(1);
  EXPECT_EQ(root.live_bytes() + middle.live_bytes() + leaf.live_bytes() + other.live_bytes(), 0u);
  EXPECT_EQ(root.peak_bytes(), 111u);
}

TEST(MemoryAccount, GivesExactlyItsBudget) {
  MemoryAccount account("exact", 100);
  EXPECT_TRUE(account.charge(60));
  EXPECT_TRUE(account.charge(40));
  EXPECT_TRUE(account.charge(0));
  EXPECT_FALSE(account.charge(1));
  account.release(1);
  EXPECT_TRUE(account.charge(1));
  account.release(100);
}

TEST(MemoryAccount, RefusedChargeSaysWhoHoldsWhatAndChangesNothing) {
  MemoryAccount root("host", 1000);
  MemoryAccount leaf("model", unlimited, &root);
  ASSERT_TRUE(leaf.charge(900));
  const auto refused = leaf.charge(101);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
  EXPECT_EQ(refused.error().message, "account 'host' holds 900 of its 1000 bytes, 101 more were asked for");
  EXPECT_EQ(leaf.live_bytes(), 900u);
  EXPECT_EQ(leaf.peak_bytes(), 900u) << "what an ancestor refuses never shows in a peak";
  EXPECT_EQ(root.peak_bytes(), 900u);
  leaf.release(900);
}

TEST(MemoryAccount, RefusesWhatWouldOverflow) {
  MemoryAccount account("big");
  ASSERT_TRUE(account.charge(2));
  EXPECT_FALSE(account.charge(unlimited - 1));
  EXPECT_TRUE(account.charge(unlimited - 2));
  EXPECT_EQ(account.live_bytes(), unlimited);
  account.release(unlimited);
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(MemoryAccount, PeakIsTheMostSinceItWasReset) {
  MemoryAccount account("peak");
  ASSERT_TRUE(account.charge(50));
  account.release(30);
  EXPECT_EQ(account.peak_bytes(), 50u);
  account.reset_peak();
  EXPECT_EQ(account.peak_bytes(), 20u);
  ASSERT_TRUE(account.charge(10));
  account.release(30);
  EXPECT_EQ(account.peak_bytes(), 30u);
}

// Four threads charge a tree whose leaves are together wider than their root, so that many charges are refused above.
TEST(MemoryAccount, HoldsItsBudgetAndItsPeakUnderContention) {
  MemoryAccount root("root", 3);
  MemoryAccount left("left", 2, &root);
  MemoryAccount right("right", 2, &root);
  std::latch start(4);
  {
    std::vector<std::jthread> threads;
    for (unsigned index = 0; index < 4; ++index)
      threads.emplace_back([&, index] {
        start.arrive_and_wait();
        for (int i = 0; i < 50'000; ++i) {
          MemoryAccount& account = (index + static_cast<unsigned>(i)) % 2 ? left : right;
          const auto charge = Charge::take(account, 1);
          const auto another = Charge::take(account, 1);
        }
      });
  }
  EXPECT_EQ(root.live_bytes() + left.live_bytes() + right.live_bytes(), 0u);
  EXPECT_LE(root.peak_bytes(), 3u);
  EXPECT_LE(left.peak_bytes(), 2u);
  EXPECT_LE(right.peak_bytes(), 2u);
  EXPECT_EQ(left.peak_bytes(), 2u);
}

// A sibling's doomed charges must not stand in the way of charges that fit, nor show in a peak, not even for a moment.
TEST(MemoryAccount, DoomedChargesOfOneThreadAreInvisibleToAnother) {
  MemoryAccount root("root", 100);
  MemoryAccount leaf("leaf", 100, &root);
  MemoryAccount rest("rest", unlimited, &root);
  ASSERT_TRUE(rest.charge(50));
  std::atomic<bool> done = false;
  int failures = 0;
  {
    std::jthread doomed([&] {
      while (!done)
        if (leaf.charge(80)) break;  // fits the leaf, never the root
    });
    for (int i = 0; i < 50'000; ++i) {
      if (!leaf.charge(50))
        ++failures;
      else
        leaf.release(50);
    }
    done = true;
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(leaf.peak_bytes(), 50u);
  EXPECT_EQ(leaf.live_bytes(), 0u);
  rest.release(50);
}

TEST(MemoryAccount, ListsTheTreeBelowIt) {
  MemoryAccount root("host", 1ull << 30);
  MemoryAccount model("model", 100'000, &root);
  auto gone = std::make_unique<MemoryAccount>("gone", unlimited, &root);
  MemoryAccount cache("cache", unlimited, &root);
  MemoryAccount pages("pages", unlimited, &cache);
  gone.reset();
  ASSERT_TRUE(model.charge(5000));
  ASSERT_TRUE(pages.charge(20'000));
  pages.release(10'000);
  std::string names;
  const auto figures = root.figures().value();
  for (const AccountFigures& each : figures) names += std::to_string(each.depth) + each.name + " ";
  EXPECT_EQ(names, "0host 1model 1cache 2pages ");
  EXPECT_EQ(root.report().value(),
            "host: 14.6 KiB live, 24.4 KiB at most, of 1.0 GiB\n"
            "  model: 5000 B live, 5000 B at most, of 97.7 KiB\n"
            "  cache: 10000 B live, 19.5 KiB at most, of unlimited\n"
            "    pages: 10000 B live, 19.5 KiB at most, of unlimited\n");
  EXPECT_EQ(pages.figures().value().size(), 1u);
  EXPECT_EQ(pages.parent(), &cache);
  EXPECT_EQ(root.parent(), nullptr);
  model.release(5000);
  pages.release(10'000);
}

TEST(Charge, GivesBackWhatItTook) {
  MemoryAccount account("charge", 100);
  {
    auto first = Charge::take(account, 60);
    ASSERT_TRUE(first);
    EXPECT_FALSE(Charge::take(account, 60));
    Charge moved = std::move(*first);
    EXPECT_EQ(first->bytes(), 0u);
    EXPECT_EQ(moved.bytes(), 60u);
    EXPECT_EQ(account.live_bytes(), 60u);
    moved = Charge::take(account, 40).value();
    EXPECT_EQ(account.live_bytes(), 40u);
    Charge& self = moved;
    moved = std::move(self);
    EXPECT_EQ(account.live_bytes(), 40u);
    moved.reset();
    moved.reset();
    EXPECT_EQ(account.live_bytes(), 0u);
    moved = Charge::take(account, 7).value();
  }
  EXPECT_EQ(account.live_bytes(), 0u);
  EXPECT_EQ(account.peak_bytes(), 100u);
}

TEST(MemoryAccount, DefaultIsUnlimitedAndAlwaysTheSame) {
  EXPECT_EQ(&default_account(), &default_account());
  EXPECT_EQ(default_account().budget_bytes(), unlimited);
  EXPECT_EQ(default_account().name(), "default");
}

}  // namespace
}  // namespace libabi::memory

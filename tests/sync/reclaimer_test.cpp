#include <abi/sync/epoch.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <array>

#include <sys/wait.h>
#include <unistd.h>

namespace libabi::sync {
namespace {

static_assert(Reclaimer<EpochReclaimer<>> && Reclaimer<HazardReclaimer<>>);

// Second to a base with a pointer of its own, so that its address is not that of its Retirable.
struct Named {
  virtual ~Named() = default;
};
struct Node : Named, Retirable {
  explicit Node(std::atomic<int>& count) : live(count) { live.fetch_add(1); }
  ~Node() override {
    value = -1;
    live.fetch_sub(1);
  }
  static void free(Retirable* node) noexcept { delete static_cast<Node*>(node); }

  std::atomic<int>& live;
  int value = 42;
};

template <class R>
class ReclaimerOf : public testing::Test {
 protected:
  typename R::Domain domain_;
  std::atomic<int> live_{0};
};
struct Names {
  template <class R>
  static std::string GetName(int index) {
    return index == 0 ? "Epoch" : index == 1 ? "Hazard" : index == 2 ? "EpochWithoutRoom" : "HazardWithoutRoom";
  }
};
// The last two have one record that needs no memory, and one slot: what the others do at their 65th thread or 9th guard.
using Reclaimers =
    testing::Types<EpochReclaimer<>, HazardReclaimer<>, EpochReclaimer<StdAtomics, 1>, HazardReclaimer<StdAtomics, 1, 1>>;
TYPED_TEST_SUITE(ReclaimerOf, Reclaimers, Names);

TYPED_TEST(ReclaimerOf, FreesWhatNobodyProtects) {
  TypeParam& mine = *this->domain_.join();
  for (int i = 0; i < 1000; ++i) mine.retire(*new Node(this->live_), Node::free);
  EXPECT_LT(this->live_.load(), 400);
  mine.collect();
  EXPECT_EQ(this->live_.load(), 0);
  this->domain_.leave(mine);
}

TYPED_TEST(ReclaimerOf, KeepsWhatAGuardProtectsUntilItIsReset) {
  TypeParam& reader = *this->domain_.join();
  TypeParam& writer = *this->domain_.join();
  ASSERT_NE(&reader, &writer);
  std::atomic<Node*> source{new Node(this->live_)};
  {
    typename TypeParam::Region region(reader);
    typename TypeParam::Guard guard(reader);
    Node* const node = guard.protect(source);
    writer.retire(*source.exchange(nullptr), Node::free);
    for (int i = 0; i < 5; ++i) writer.collect();
    EXPECT_EQ(this->live_.load(), 1);
    EXPECT_EQ(node->value, 42);
    EXPECT_EQ(guard.protect(source), nullptr);
  }
  writer.collect();
  EXPECT_EQ(this->live_.load(), 0);
  this->domain_.leave(reader);
  this->domain_.leave(writer);
}

TYPED_TEST(ReclaimerOf, GuardsNestBeyondTheirSlots) {
  TypeParam& reader = *this->domain_.join();
  TypeParam& writer = *this->domain_.join();
  std::array<std::atomic<Node*>, 20> sources{};
  for (auto& source : sources) source = new Node(this->live_);
  const auto nest = [&](const auto& self, std::size_t depth) -> void {
    if (depth == sources.size()) {
      for (auto& source : sources) writer.retire(*source.exchange(nullptr), Node::free);
      writer.collect();
      EXPECT_EQ(this->live_.load(), 20);
      return;
    }
    typename TypeParam::Guard guard(reader);
    const Node* const node = guard.protect(sources[depth]);
    self(self, depth + 1);
    EXPECT_EQ(node->value, 42);
  };
  nest(nest, 0);
  writer.collect();
  EXPECT_EQ(this->live_.load(), 0);
  this->domain_.leave(reader);
  this->domain_.leave(writer);
}

TYPED_TEST(ReclaimerOf, WhatAThreadLeavesIsFreedByTheOthers) {
  TypeParam& reader = *this->domain_.join();
  TypeParam& staying = *this->domain_.join();
  std::atomic<Node*> source{new Node(this->live_)};
  {
    typename TypeParam::Guard guard(reader);
    guard.protect(source);
    TypeParam& leaving = *this->domain_.join();
    leaving.retire(*source.exchange(nullptr), Node::free);
    this->domain_.leave(leaving);
    EXPECT_EQ(this->live_.load(), 1);
    EXPECT_EQ(this->domain_.join(), &leaving) << "a record that was left is the next one's";
    this->domain_.leave(leaving);
  }
  staying.collect();
  EXPECT_EQ(this->live_.load(), 0);
  this->domain_.leave(reader);
  this->domain_.leave(staying);
}

TYPED_TEST(ReclaimerOf, WhatIsFreedMayRetire) {
  struct Parent : Retirable {
    TypeParam* mine;
    Node* child;
  };
  TypeParam& mine = *this->domain_.join();
  for (int i = 0; i < 300; ++i) {
    auto* const parent = new Parent;
    parent->mine = &mine;
    parent->child = new Node(this->live_);
    mine.retire(*parent, [](Retirable* object) noexcept {
      auto* const dying = static_cast<Parent*>(object);
      dying->mine->retire(*dying->child, Node::free);
      delete dying;
    });
  }
  for (int i = 0; i < 4; ++i) mine.collect();
  EXPECT_EQ(this->live_.load(), 0);
  this->domain_.leave(mine);
}

TYPED_TEST(ReclaimerOf, EndOfTheDomainFreesTheRest) {
  {
    typename TypeParam::Domain domain;
    TypeParam& mine = *domain.join();
    for (int i = 0; i < 10; ++i) mine.retire(*new Node(this->live_), Node::free);
    EXPECT_EQ(this->live_.load(), 10);
  }
  EXPECT_EQ(this->live_.load(), 0);
}

TYPED_TEST(ReclaimerOf, WithoutMemoryThereIsNoRecordForOneMore) {
  if (std::is_same_v<TypeParam, EpochReclaimer<>> || std::is_same_v<TypeParam, HazardReclaimer<>>) return;
  TypeParam* const first = this->domain_.join();
  ASSERT_NE(first, nullptr);
  {
    const memory::AllocationFault fault(0);
    EXPECT_EQ(this->domain_.join(), nullptr);
    EXPECT_TRUE(fault.hit());
  }
  TypeParam* const second = this->domain_.join();
  ASSERT_NE(second, nullptr);
  this->domain_.leave(*first);
  this->domain_.leave(*second);
}

// Readers look at a node that a writer replaces all the time; a node that is freed under a reader reads as -1, and as an
// error of the sanitizers.
TYPED_TEST(ReclaimerOf, NothingIsFreedUnderAReader) {
  std::atomic<Node*> source{new Node(this->live_)};
  std::atomic<bool> finished{false};
  std::atomic<int> wrong{0};
  test::together(4, [&](unsigned index) {
    if (index < 2) {
      TypeParam& mine = *this->domain_.join();
      for (int i = 0; i < 10000; ++i) mine.retire(*source.exchange(new Node(this->live_), std::memory_order_acq_rel), Node::free);
      this->domain_.leave(mine);
      finished.store(true);
      return;
    }
    while (!finished.load()) {
      TypeParam& mine = *this->domain_.join();
      for (int i = 0; i < 100; ++i) {
        typename TypeParam::Guard guard(mine);
        if (guard.protect(source)->value != 42) wrong.fetch_add(1);
      }
      this->domain_.leave(mine);
    }
  });
  EXPECT_EQ(wrong.load(), 0);
  TypeParam& mine = *this->domain_.join();
  mine.collect();
  EXPECT_EQ(this->live_.load(), 1);
  delete source.load();
  this->domain_.leave(mine);
}

template <class R>
class ProcessDomain : public testing::Test {};
using ProcessReclaimers = testing::Types<EpochReclaimer<>, HazardReclaimer<>>;
TYPED_TEST_SUITE(ProcessDomain, ProcessReclaimers, Names);

TYPED_TEST(ProcessDomain, IsJoinedByAThreadThatAsksAndLeftAtItsEnd) {
  const TypeParam* const mine = &TypeParam::local();
  std::array<TypeParam*, 3> seen{};
  for (TypeParam*& each : seen)
    std::thread([&] {
      each = &TypeParam::local();
      EXPECT_EQ(&TypeParam::local(), each);
    }).join();
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[1], seen[2]);
  EXPECT_NE(mine, seen[0]);
}

TYPED_TEST(ProcessDomain, ServesMoreThreadsThanItHasRecordsBuiltIn) {
  std::atomic<int> live{0};
  std::atomic<Node*> source{new Node(live)};
  test::together(100, [&](unsigned) {
    typename TypeParam::Guard guard(TypeParam::local());
    EXPECT_EQ(guard.protect(source)->value, 42);
  });
  delete source.load();
}

// In the child the other thread, which was in a guard when it forked, holds nothing back.
TYPED_TEST(ProcessDomain, ChildOfAForkGoesOnWithoutTheOtherThreads) {
  std::atomic<int> live{0};
  std::atomic<Node*> source{new Node(live)};
  std::atomic<int> stage{0};
  std::thread other([&] {
    typename TypeParam::Guard guard(TypeParam::local());
    guard.protect(source);
    stage.store(1);
    stage.notify_all();
    stage.wait(1);
  });
  stage.wait(0);
  TypeParam& mine = TypeParam::local();
  const pid_t child = ::fork();
  if (child == 0) {
    Node* const node = source.exchange(nullptr);
    {
      typename TypeParam::Guard guard(mine);
      guard.protect(source);
    }
    mine.retire(*node, Node::free);
    mine.collect();
    ::_exit(live.load() == 0 ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  stage.store(2);
  stage.notify_all();
  other.join();
  delete source.load();
}

}  // namespace
}  // namespace libabi::sync

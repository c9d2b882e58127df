#include "sync/model/scenario.hpp"

#include <abi/sync/spsc_ring.hpp>

#include <gtest/gtest.h>

namespace libabi::sync::model {
namespace {

using Ring = SpscRing<int, ModelAtomics>;

// More pushes than there is room for, and more pops than there are items.
Body through_one_slot(int items) {
  return [=](Program& program) {
    auto ring = Ring::create(1).value();
    History history;
    program.thread([&] {
      for (int item = 1; item <= items; ++item) history.push(item, [&] { return ring->push(item); });
    });
    program.thread([&] {
      for (int i = 0; i < items; ++i) history.pop([&](int& item) { return ring->pop(item); });
    });
    program.run();
    for (int i = 0; i < 2; ++i) history.pop([&](int& item) { return ring->pop(item); });
    require(linearizable<Fifo>(history.lanes(), {.capacity = 1}), "the ring is not a queue");
  };
}

void spans(Program& program, int rounds) {
  auto ring = Ring::create(2).value();
  std::size_t pushed = 0;
  std::vector<int> got;
  const auto pop_some = [&] {
    int items[2];
    const std::size_t count = ring->pop(std::span(items));
    got.insert(got.end(), items, items + count);
  };
  program.thread([&] {
    for (int round = 0; round < rounds; ++round) {
      int items[2] = {static_cast<int>(pushed), static_cast<int>(pushed) + 1};
      pushed += ring->push(std::span(items));
    }
  });
  program.thread([&] {
    for (int round = 0; round < rounds; ++round) pop_some();
  });
  program.run();
  pop_some();
  require(got.size() == pushed, "an item is lost or came twice");
  for (std::size_t i = 0; i < got.size(); ++i) require(got[i] == static_cast<int>(i), "the items changed their order");
}

void until_drained(Program& program) {
  auto ring = Ring::create(2).value();
  program.thread([&] {
    require(ring->push(1) && ring->push(2), "there was room");
    ring->close();
    require(!ring->push(3), "a push succeeds behind close()");
  });
  program.thread([&] {
    int next = 0;
    int count = 0;
    while (ring->pop(next) || !ring->drained())
      if (next == count + 1)
        ++count;
      else
        ModelAtomics::pause();
    require(count == 2, "drained() forgot an item");
  });
  program.run();
}

std::vector<Trial> trials(unsigned more) {
  const int n = static_cast<int>(more);
  return {{through_one_slot(3 + n)}, {[=](Program& program) { spans(program, 2 + n); }}, {until_drained}};
}

TEST(SpscRingModel, IsAQueueInEveryExecution) { EXPECT_EQ(failures(trials(depth())), ""); }

TEST(SpscRingModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials(0), {"spsc_ring.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

#include "sync/model/scenario.hpp"

#include <abi/sync/spsc_ring.hpp>

#include <gtest/gtest.h>

namespace libabi::sync::model {
namespace {

using Ring = SpscRing<int, ModelAtomics>;

// More pushes than there is room for, and more pops than there are items.
void three_items_through_one_slot(Program& program) {
  auto ring = Ring::create(1).value();
  History history;
  program.thread([&] {
    for (int item = 1; item <= 3; ++item) history.push(item, [&] { return ring->push(item); });
  });
  program.thread([&] {
    for (int i = 0; i < 3; ++i) history.pop([&](int& item) { return ring->pop(item); });
  });
  program.run();
  for (int i = 0; i < 2; ++i) history.pop([&](int& item) { return ring->pop(item); });
  require(linearizable<Fifo>(history.lanes(), {.capacity = 1}), "the ring is not a queue");
}

void spans(Program& program) {
  auto ring = Ring::create(2).value();
  std::size_t pushed = 0;
  std::vector<int> got;
  const auto pop_some = [&] {
    int items[2];
    const std::size_t count = ring->pop(std::span(items));
    got.insert(got.end(), items, items + count);
  };
  program.thread([&] {
    for (int first = 0; first < 4; first += 2) {
      int items[2] = {static_cast<int>(pushed), static_cast<int>(pushed) + 1};
      pushed += ring->push(std::span(items));
    }
  });
  program.thread([&] { pop_some(), pop_some(); });
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

const std::vector<Trial> trials{{three_items_through_one_slot}, {spans}, {until_drained}};

TEST(SpscRingModel, IsAQueueInEveryExecution) {
  for (const Trial& trial : trials) {
    const Report report = explore(trial.body);
    EXPECT_TRUE(report.passed() && report.exhausted) << report.text();
  }
}

TEST(SpscRingModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials, {"spsc_ring.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

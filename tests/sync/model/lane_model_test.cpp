#include "sync/model/scenario.hpp"

#include <abi/sync/lane_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace libabi::sync::model {
namespace {

using Queue = LaneQueue<int, ModelAtomics, 2>;  // blocks of two items

struct Recorded {
  explicit Recorded(bool unbounded) : queue(Queue::create({.lane_capacity = 4, .unbounded = unbounded}).value()) {}
  std::unique_ptr<Queue> queue;
  ModelAtomic<int> seen[10];
  int last = 0;

  int pop(Queue::Consumer& consumer) {
    int item = 0;
    if (!consumer.pop(item)) return 0;
    require(seen[item].exchange(1, std::memory_order_relaxed) == 0, "an item came twice");
    return item;
  }
  int rest() {
    auto consumer = queue->consumer();
    int count = 0;
    while (pop(consumer) != 0) ++count;
    return count;
  }
};

// Fills the ring of two blocks, and goes round where a consumer has made room.
Body one_producer(bool unbounded, int items, int consumers) {
  return [=](Program& program) {
    Recorded q(unbounded);
    auto producer = q.queue->producer().value();
    int pushed = 0;
    int popped[2] = {};
    program.thread([&] {
      for (int item = 1; item <= items; ++item) pushed += producer.push(item);
    });
    for (int i = 0; i < consumers; ++i)
      program.thread([&, i] {
        auto consumer = q.queue->consumer();
        int last = 0;
        for (int pops = 0; pops < (consumers == 1 ? 3 : 1); ++pops) {
          const int item = q.pop(consumer);
          require(item == 0 || item > last, "a producer's items changed their order");
          last = std::max(last, item);
          popped[i] += item != 0;
        }
      });
    program.run();
    require(!unbounded || pushed == items, "an unbounded queue is full");
    require(popped[0] + popped[1] + q.rest() == pushed, "an item is lost");
  };
}

// Prefilled to the last slot, so that the next push needs the block that two consumers are still emptying.
Body round_the_ring(bool unbounded) {
  return [=](Program& program) {
    Recorded q(unbounded);
    auto producer = q.queue->producer().value();
    for (int item = 1; item <= 4; ++item) require(producer.push(item), "there was room");
    int pushed = 4;
    int popped[2] = {};
    program.thread([&] {
      for (int item = 5; item <= 6; ++item) pushed += producer.push(item);
    });
    for (int i = 0; i < 2; ++i)
      program.thread([&, i] {
        auto consumer = q.queue->consumer();
        for (int pops = 0; pops < 2 - i; ++pops) popped[i] += q.pop(consumer) != 0;
      });
    program.run();
    require(popped[0] + popped[1] + q.rest() == pushed, "an item is lost");
  };
}

// Two threads make lanes of their own while a third one looks.
void lanes_come(Program& program) {
  Recorded q(false);
  const auto produce = [&](int item) {
    auto producer = q.queue->producer().value();
    require(producer.push(item), "there was room");
  };
  int popped = 0;
  program.thread([&] { produce(1); });
  program.thread([&] { produce(2); });
  program.thread([&] {
    auto consumer = q.queue->consumer();
    popped += q.pop(consumer) != 0;
  });
  program.run();
  require(popped + q.rest() == 2, "an item is lost");
}

void until_drained(Program& program) {
  Recorded q(false);
  int pushed = 0;
  program.thread([&] {
    auto producer = q.queue->producer().value();
    pushed += producer.push(1);
    q.queue->close();
    require(!producer.push(2), "a push succeeds behind close()");
  });
  int popped = 0;
  program.thread([&] {
    auto consumer = q.queue->consumer();
    for (;;) {
      if (q.pop(consumer) != 0)
        ++popped;
      else if (q.queue->drained())
        break;
      else
        ModelAtomics::pause();
    }
  });
  program.run();
  require(popped == pushed, "drained() forgot an item");
}

void until_drained_by_somebody_else(Program& program) {
  Recorded q(false);
  auto given = std::make_unique<Queue::Producer>(q.queue->producer().value());
  int pushed = 0;
  program.thread([&] {
    pushed += given->push(1);
    given.reset();
  });
  program.thread([&] { q.queue->close(); });
  int popped = 0;
  program.thread([&] {
    if (q.queue->drained()) popped = q.rest() + 10;
  });
  program.run();
  require(popped != 11, "drained() is true, and there is an item");
  require(popped % 10 + q.rest() == pushed, "an item is lost");
}

std::vector<Trial> trials(unsigned more) {
  const int n = static_cast<int>(std::min(more, 4u));  // items up to 9
  return {{one_producer(false, 3 + n, 1)},
          {one_producer(false, 2 + n, 2)},
          {one_producer(true, 5 + n, 1)},
          {round_the_ring(false)},
          {round_the_ring(true)},
          {lanes_come},
          {until_drained},
          {until_drained_by_somebody_else}};
}

TEST(LaneQueueModel, LosesNothingInAnyExecution) { EXPECT_EQ(failures(trials(depth())), ""); }

TEST(LaneQueueModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials(0), {"lane_queue.hpp", "lane.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

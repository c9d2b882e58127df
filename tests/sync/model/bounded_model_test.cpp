#include "sync/model/scenario.hpp"

#include <abi/sync/bounded_queue.hpp>

#include <gtest/gtest.h>

namespace libabi::sync::model {
namespace {

using Queue = BoundedQueue<int, ModelAtomics>;

struct Recorded {
  std::unique_ptr<Queue> queue = Queue::create(2).value();
  History history;

  void push(int value) {
    history.push(value, [&] { return queue->push(value); });
  }
  void pop() {
    history.pop([&](int& item) { return queue->pop(item); });
  }
  /// Takes what is left, then looks at the whole.
  void check() {
    for (int i = 0; i < 3; ++i) pop();
    require(linearizable<Fifo>(without_excused_failures(history.lanes(), {Verb::push, Verb::pop}), {.capacity = 2}),
            "the queue is not one");
  }
};

void two_producers_and_a_consumer(Program& program, int more) {
  Recorded q;
  program.thread([&] {
    for (int i = 0; i <= more; ++i) q.push(1 + 2 * i);
  });
  program.thread([&] { q.push(2); });
  program.thread([&] { q.pop(), q.pop(); });
  program.run();
  q.check();
}

void a_producer_and_two_consumers(Program& program, int more) {
  Recorded q;
  q.push(1);
  program.thread([&] { q.push(2); });
  program.thread([&] {
    for (int i = 0; i <= more; ++i) q.pop();
  });
  program.thread([&] { q.pop(); });
  program.run();
  q.check();
}

// Positions come back to the same cell.
void once_round(Program& program, int more) {
  Recorded q;
  q.push(1);
  q.push(2);
  program.thread([&] {
    for (int i = 0; i < 2 + more; ++i) q.push(3 + i);
  });
  program.thread([&] {
    for (int i = 0; i < 2 + more; ++i) q.pop();
  });
  program.run();
  q.check();
}

void two_sides_of_spans(Program& program) {
  auto queue = Queue::create(2).value();
  int sum = 0;
  int pushed = 0;
  const auto pop_some = [&] {
    int items[2] = {};
    const std::size_t count = queue->pop(std::span(items));
    return count == 0 ? 0 : count == 1 ? items[0] : items[0] + items[1];
  };
  const auto push_some = [&](int first) {
    int items[2] = {first, 10 * first};
    const std::size_t count = queue->push(std::span(items));
    return count == 0 ? 0 : count == 1 ? first : 11 * first;
  };
  int parts[2] = {};
  program.thread([&] { pushed = push_some(1) + push_some(100); });
  program.thread([&] { parts[0] = pop_some(); });
  program.thread([&] { parts[1] = pop_some(); });
  program.run();
  for (int i = 0; i < 2; ++i) sum += pop_some();
  require(sum + parts[0] + parts[1] == pushed, "an item is lost or came twice");
}

void until_drained(Program& program) {
  auto queue = Queue::create(2).value();
  bool pushed = false;
  program.thread([&] { pushed = queue->push(1); });
  program.thread([&] { queue->close(); });
  int got = 0;
  program.thread([&] {
    int next = 0;
    for (;;) {
      if (queue->pop(next))
        ++got;
      else if (queue->drained())
        break;
      else
        ModelAtomics::pause();
    }
  });
  program.run();
  require(got == (pushed ? 1 : 0), "drained() forgot an item");
}

std::vector<Trial> trials(unsigned deeper) {
  const auto with = [more = static_cast<int>(deeper)](auto scenario) {
    return Trial{[=](Program& program) { scenario(program, more); }};
  };
  return {with(two_producers_and_a_consumer),
          with(a_producer_and_two_consumers),
          with(once_round),
          {two_sides_of_spans},
          {until_drained}};
}

TEST(BoundedQueueModel, IsAQueueInEveryExecution) { EXPECT_EQ(failures(trials(depth())), ""); }

TEST(BoundedQueueModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials(0), {"bounded_queue.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

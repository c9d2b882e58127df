#include "sync/model/scenario.hpp"

#include <abi/sync/inbox.hpp>
#include <abi/sync/mpsc_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

namespace libabi::sync::model {
namespace {

struct Event : MpscHook<ModelAtomics> {
  ModelPlain<int> value;
};

struct Events {
  MpscQueue<Event, ModelAtomics> queue;
  std::array<Event, 8> events;
  History history;

  void push(int value) {
    events[value].value.set(value);
    history.push(value, [&] {
      queue.push(events[value]);
      return true;
    });
  }
  bool pop() {
    return history.pop([&](int& item) {
      Event* const event = queue.pop();
      item = event ? event->value.take() : 0;
      return event != nullptr;
    });
  }
  void check() {
    while (pop()) {
    }
    require(queue.empty(), "the queue is empty and says that it is not");
    require(linearizable<Fifo>(without_excused_failures(history.lanes(), {Verb::pop})), "the queue is not one");
  }
};

void two_producers(Program& program, int more) {
  Events e;
  program.thread([&] {
    e.push(1);
    for (int i = 0; i < more; ++i) e.push(4 + i);
  });
  program.thread([&] { e.push(2); });
  program.thread([&] { e.pop(), e.pop(); });
  program.run();
  e.check();
}

void around_the_last_item(Program& program, int more) {
  Events e;
  e.push(1);
  program.thread([&] {
    for (int i = 0; i < 2 + more; ++i) e.push(2 + i);
  });
  program.thread([&] {
    for (int i = 0; i < 2 + more; ++i) e.pop();
  });
  program.run();
  e.check();
}

// An item that came out is pushed again, as a task is that runs again.
void items_come_again(Program& program) {
  Events e;
  e.push(1);
  program.thread([&] { e.push(2); });
  program.thread([&] {
    Event* const event = e.queue.pop();
    if (!event) return;
    event->value.set(event->value.take() + 10);
    e.queue.push(*event);
  });
  program.run();
  int sum = 0;
  while (Event* const event = e.queue.pop()) sum += event->value.take();
  require(sum == 13 || sum == 3, "an item is lost");
}

// Items that their producers make and the consumer destroys.
void items_of_their_own(Program& program) {
  MpscQueue<Event, ModelAtomics> queue;
  const auto push = [&](int value) {
    auto* const event = new Event;
    event->value.set(value);
    queue.push(*event);
  };
  const auto pop = [&] {
    const std::unique_ptr<Event> event(queue.pop());
    return event ? event->value.take() : 0;
  };
  int sum = 0;
  program.thread([&] { push(1); });
  program.thread([&] { push(2), push(4); });
  program.thread([&] { sum += pop(), sum += pop(); });
  program.run();
  for (int i = 0; i < 3; ++i) sum += pop();
  require(sum == 7, "an item is lost");
}

struct Job {
  Job* next = nullptr;
  ModelPlain<int> value;
};

struct Jobs {
  Inbox<Job, ModelAtomics> inbox;
  std::array<Job, 4> jobs;
  std::array<ModelAtomic<int>, 4> taken;

  bool push(int value) {
    jobs[value].value.set(value);
    return inbox.push(jobs[value]);
  }
  int take() {
    int count = 0;
    int last = 0;
    for (Job* job = inbox.take_all(); job;) {
      Job* const next = job->next;
      const int value = job->value.take();
      require(value != 2 || last != 3, "a producer's items changed their order");
      require(taken[value].exchange(1, std::memory_order_relaxed) == 0, "an item came twice");
      last = value;
      ++count;
      job = next;
    }
    return count;
  }
};

void producers_and_takers(Program& program) {
  Jobs j;
  int firsts[2] = {};
  int counts[2] = {};
  program.thread([&] { firsts[0] = j.push(1); });
  program.thread([&] { firsts[1] = j.push(2), firsts[1] += j.push(3); });
  program.thread([&] { counts[0] = j.take(); });
  program.thread([&] { counts[1] = j.take(); });
  program.run();
  const int rest = j.take();
  require(counts[0] + counts[1] + rest == 3, "an item is lost");
  const int takes = (counts[0] != 0) + (counts[1] != 0) + (rest != 0);
  require(firsts[0] + firsts[1] == takes, "not one push for each take found the inbox empty");
}

std::vector<Trial> queue_trials(unsigned deeper) {
  const int more = static_cast<int>(std::min(deeper, 4u));  // events up to 7
  return {{[=](Program& program) { two_producers(program, more); }},
          {[=](Program& program) { around_the_last_item(program, more); }},
          {items_come_again},
          {items_of_their_own}};
}
const std::vector<Trial> inbox_trials{{producers_and_takers, {.spurious_failures = 1}}};

TEST(MpscQueueModel, IsAQueueInEveryExecution) { EXPECT_EQ(failures(queue_trials(depth())), ""); }

TEST(MpscQueueModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(queue_trials(0), {"mpsc_queue.hpp"}).text(), ""); }

TEST(InboxModel, LosesNothingInAnyExecution) { EXPECT_EQ(failures(inbox_trials), ""); }

TEST(InboxModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(inbox_trials, {"inbox.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

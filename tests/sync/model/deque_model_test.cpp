#include "sync/model/scenario.hpp"

#include <abi/sync/work_stealing_deque.hpp>

#include <gtest/gtest.h>

namespace libabi::sync::model {

enum class Job : int {};
template <>
inline constexpr bool is_data<Job> = true;

namespace {

using Jobs = WorkStealingDeque<Job, ModelAtomics>;

struct Recorded {
  explicit Recorded(std::size_t capacity = 2, unsigned patience = 0) : jobs(capacity, patience) {}
  Jobs jobs;
  History history;
  ModelPlain<int> written[16];  // what an owner writes before it pushes

  void push(int item) {
    written[item].set(item);
    history.push(item, [&] { return jobs.push(Job(item)); });
  }
  void pop() {
    history.pop([&](int& item) { return took(jobs.pop(), item); });
  }
  void steal() {
    history.steal([&](int& item) { return took(jobs.steal(), item); });
  }
  bool took(std::optional<Job> got, int& item) {
    item = got ? static_cast<int>(*got) : 0;
    if (got) require(written[item].take() == item, "somebody else's item");
    return got.has_value();
  }
  void steal(int times) {
    for (int i = 0; i < times; ++i) steal();
  }
  void check() {
    while (took_one_more()) {
    }
    // A steal that comes while the owner moves items may find nothing.
    require(linearizable<Deque>(without_excused_failures(history.lanes(), {Verb::steal})), "the deque is not one");
  }
  bool took_one_more() {
    return history.pop([&](int& item) { return took(jobs.pop(), item); });
  }
};

void the_last_item(Program& program, int more) {
  Recorded d;
  program.thread([&] { d.push(1), d.pop(); });
  program.thread([&] { d.steal(1 + more); });
  program.run();
  d.check();
}

void two_thieves(Program& program, int more) {
  Recorded d;
  program.thread([&] { d.push(1), d.pop(); });
  program.thread([&] { d.steal(1 + more); });
  program.thread([&] { d.steal(); });
  program.run();
  d.check();
}

void two_items(Program& program, int more) {
  Recorded d;
  program.thread([&] { d.push(1), d.push(2), d.pop(), d.pop(); });
  program.thread([&] { d.steal(2 + more); });
  program.run();
  d.check();
}

void growth(Program& program, int more) {
  Recorded d;
  program.thread([&] {
    for (int item = 1; item <= 3; ++item) d.push(item);
  });
  program.thread([&] { d.steal(2 + more); });
  program.run();
  d.check();
}

// The owner's slots come round while a thief still reads them.
void once_round(Program& program, int more) {
  Recorded d;
  program.thread([&] { d.push(1), d.push(2), d.pop(), d.push(3), d.pop(), d.push(4); });
  program.thread([&] { d.steal(1 + more); });
  program.run();
  d.check();
}

// Items that are public already are taken back by the owner, which moves one of them; or a thief takes the first.
void public_items(Program& program, int more) {
  Recorded d(8);
  for (int item = 1; item <= 6; ++item) d.push(item);
  d.steal();  // makes three of them public
  for (int i = 0; i < 3; ++i) d.pop();
  program.thread([&] { d.pop(), d.push(7); });
  program.thread([&] { d.steal(2 + more); });
  program.run();
  d.check();
}

// The owner writes the slots that a thief has read.
void once_round_behind_a_thief(Program& program, int more) {
  Recorded d(8);
  for (int item = 1; item <= 6; ++item) d.push(item);
  d.steal();
  for (int i = 0; i < 3; ++i) d.pop();
  program.thread([&] {
    d.pop();
    for (int item = 7; item <= 14; ++item) d.push(item);
  });
  program.thread([&] { d.steal(1 + more); });
  program.run();
  d.check();
}

std::vector<Trial> trials(unsigned deeper) {
  std::vector<Trial> trials;
  for (const auto scenario : {the_last_item, two_thieves, two_items, growth, once_round, public_items, once_round_behind_a_thief})
    trials.push_back({[=, more = static_cast<int>(deeper)](Program& program) { scenario(program, more); }});
  return trials;
}

TEST(WorkStealingDequeModel, IsADequeInEveryExecution) { EXPECT_EQ(failures(trials(depth())), ""); }

TEST(WorkStealingDequeModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials(0), {"work_stealing_deque.hpp"}).text(), ""); }

}  // namespace
}  // namespace libabi::sync::model

// Whether histories of real threads show what is wrong: structures that are broken have to be found out.

#include "seed.hpp"
#include "sync/history_rounds.hpp"
#include "sync/thread_history.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>

namespace libabi::sync::test {
namespace {

using Random = std::mt19937_64;

/// What a queue is made of here. Each of these steps is right by itself.
struct Items {
  std::mutex mutex{};
  std::deque<int> items{};

  void push(int item) {
    const std::lock_guard lock(mutex);
    items.push_back(item);
  }
  bool front(int& item) {
    const std::lock_guard lock(mutex);
    if (items.empty()) return false;
    item = items.front();
    return true;
  }
  bool pop_front(int& item) {
    const std::lock_guard lock(mutex);
    if (items.empty()) return false;
    item = items.front();
    items.pop_front();
    return true;
  }
};

struct RightQueue : Items {
  bool pop(int& item) { return pop_front(item); }
};
/// Two threads may see the same item at the front.
struct LooksAndTakesApart : Items {
  bool pop(int& item) {
    if (!front(item)) return false;
    shake();
    int dropped = 0;
    pop_front(dropped);
    return true;
  }
};
/// A push is over before its item can be seen, and the next item passes it.
struct KeepsOneBack : Items {
  int kept = -1;
  void push(int item) {
    if (item % 4 == 0) {
      const std::lock_guard lock(mutex);
      std::swap(item, kept);
    }
    if (item >= 0) Items::push(item);
  }
  bool pop(int& item) {
    if (pop_front(item)) return true;
    const std::lock_guard lock(mutex);
    item = std::exchange(kept, -1);
    return item >= 0;
  }
};

template <class Queue>
struct QueueHistory {
  static constexpr unsigned threads = 3;
  explicit QueueHistory(Random&) {}

  void act(unsigned thread, Random& random) {
    for (int call = 0; call < 6; ++call) {
      const int item = static_cast<int>(10 * thread) + call;
      if (random() % 2 == 0)
        history.push(thread, item, [&] { return queue.push(item), true; });
      else
        pop(thread);
    }
  }
  bool pop(unsigned thread) {
    return history.pop(thread, [&](int& item) { return queue.pop(item); });
  }
  bool linearizable() {
    while (pop(0)) {
    }
    return model::linearizable<model::Fifo>(history.lanes());
  }

  Queue queue;
  ThreadHistory history{threads};
};

/// A counter whose threads may add to the same number.
struct LosesUpdates {
  static constexpr unsigned threads = 3;
  explicit LosesUpdates(Random&) {
    history.record(0, {model::Verb::insert, true, 0}, [](model::Operation&) {});
  }

  void act(unsigned thread, Random&) {
    for (int call = 0; call < 4; ++call)
      history.record(thread, {model::Verb::update, true}, [&](model::Operation& o) {
        o.value = count.load(std::memory_order_relaxed) + 1;
        count.store(o.value, std::memory_order_relaxed);
      });
  }
  bool linearizable() { return model::linearizable<model::MapEntry>(history.lanes()); }

  ShakenAtomic<int> count{0};
  ThreadHistory history{threads};
};

constexpr unsigned kRounds = 2000;

TEST(HistoryTools, AQueueUnderALockIsOne) {
  EXPECT_EQ(first_violation<QueueHistory<RightQueue>>(libabi::test::seed(), kRounds / 4), "");
}
TEST(HistoryTools, AnItemThatComesTwiceIsFound) {
  EXPECT_NE(first_violation<QueueHistory<LooksAndTakesApart>>(libabi::test::seed(), kRounds), "");
}
TEST(HistoryTools, AnItemThatIsPassedIsFound) {
  EXPECT_NE(first_violation<QueueHistory<KeepsOneBack>>(libabi::test::seed(), kRounds), "");
}
TEST(HistoryTools, ALostUpdateIsFound) { EXPECT_NE(first_violation<LosesUpdates>(libabi::test::seed(), kRounds), ""); }

// The calls of a lane follow each other, and the clock tells which of another lane were over.
TEST(HistoryTools, TheClockOrdersCallsThatDoNotOverlap) {
  ThreadHistory history(2);
  history.push(0, 1, [&] { return history.push(1, 2, [] { return true; }); });
  history.push(1, 3, [] { return true; });
  const model::Lanes lanes = history.lanes();
  EXPECT_EQ(lanes[0][0].before, (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(lanes[1][0].before, (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(lanes[1][1].before, (std::vector<std::uint32_t>{1, 1}));
}

}  // namespace
}  // namespace libabi::sync::test

// A text's words are counted by threads that hand them on: a reader, two counters, one that keeps the longest.
#include <abi/sync/concurrent_map.hpp>
#include <abi/sync/inbox.hpp>
#include <abi/sync/lane_queue.hpp>
#include <abi/sync/spsc_ring.hpp>
#include <abi/sync/work_stealing_deque.hpp>

#include <iostream>
#include <sstream>
#include <string>
#include <thread>

using namespace libabi;
using namespace libabi::sync;

namespace {

constexpr const char* kText =
    "the quick brown fox jumps over the lazy dog while the other dog looks at the fox and the fox looks at the moon";

/// From one thread to one other: a ring.
void read_words(SpscRing<std::string>& words) {
  std::istringstream text(kText);
  for (std::string word; text >> word;)
    while (!words.push(std::move(word))) std::this_thread::yield();
  words.close();
}

/// From any thread to any other: lanes, one for each producer. This one hands every word on, to whichever counter is free.
void hand_out(SpscRing<std::string>& words, LaneQueue<std::string>::Producer counters) {
  for (std::string word; !words.drained();)
    if (!words.pop(word))
      std::this_thread::yield();
    else
      while (!counters.push(std::move(word))) std::this_thread::yield();
}

/// What many threads look up and change: a map. Nothing in it is freed while somebody reads it.
Result<void> count(LaneQueue<std::string>& words, ConcurrentMap<std::string, int>& counts) {
  auto mine = words.consumer();
  for (std::string word; !words.drained();) {
    if (!mine.pop(word)) {
      std::this_thread::yield();
      continue;
    }
    ABI_TRY(const bool fresh, counts.insert(word, 1));
    if (!fresh) ABI_TRY(counts.update(word, [](int before) { return before + 1; }));
  }
  return {};
}

Result<int> count_words() {
  ABI_TRY(auto ring, SpscRing<std::string>::create(8));
  ABI_TRY(auto lanes, LaneQueue<std::string>::create({.lane_capacity = 128}));
  ABI_TRY(auto counts, (ConcurrentMap<std::string, int>::create()));
  ABI_TRY(auto producer, lanes->producer());

  Result<void> first;
  Result<void> second;
  std::thread reader([&] { read_words(*ring); });
  std::thread middle([&] {
    hand_out(*ring, std::move(producer));
    lanes->close();
  });
  std::thread counter([&] { first = count(*lanes, *counts); });
  second = count(*lanes, *counts);
  for (std::thread* thread : {&reader, &middle, &counter}) thread->join();
  ABI_TRY(std::move(first));
  ABI_TRY(std::move(second));

  int the = 0;
  int all = 0;
  counts->get("the", the);
  counts->for_each([&](const std::string&, int times) { all += times; });
  std::cout << all << " words, " << counts->size() << " different, \"the\" " << the << " times\n";
  return all == 24 && counts->size() == 14 && the == 6 ? 0 : 1;
}

/// A worker's own deque, from which idle workers steal, and an inbox for what comes from outside.
int share_work() {
  struct Job {
    int number;
    Job* next = nullptr;
  };
  Job jobs[4] = {{1}, {2}, {3}, {4}};
  Inbox<Job> inbox;
  for (Job& job : jobs) inbox.push(job);
  WorkStealingDeque<Job*> mine;
  for (Job* job = inbox.take_all(); job; job = job->next)
    if (!mine.push(job)) return 1;
  Job* stolen = nullptr;
  std::thread([&] { stolen = mine.steal(); }).join();
  const Job* const newest = mine.pop();
  std::cout << "the thief has job " << stolen->number << ", the owner job " << newest->number << "\n";
  return stolen->number == 1 && newest->number == 4 ? 0 : 1;
}

}  // namespace

int main() {
  const auto counted = count_words();
  if (!counted) std::cerr << counted.error().text() << '\n';
  return counted && *counted == 0 && share_work() == 0 ? 0 : 1;
}

#pragma once
// Records the calls of several threads.
//
//     History history;                                               // of a scenario; ThreadHistory of real threads
//     program.thread([&] { history.push(7, [&] { return queue->push(7); }); });
//     program.thread([&] { history.pop([&](int& item) { return queue->pop(item); }); });
//     program.run();
//     require(linearizable<Fifo>(history.lanes()), "the queue is not one");

#include "sync/model/linearizability.hpp"
#include "sync/model/memory.hpp"
#include "sync/model/program.hpp"
#include "sync/model/specifications.hpp"

#include <atomic>

namespace libabi::sync::model {

/// Of a scenario. A call is over before another begins where that is known by happens-before: there is no other time in a weak
/// memory model, and an order by the steps of one interleaving would hold in that one alone.
class History {
 public:
  /// The methods return what the call returned.
  bool push(int value, auto&& call) {
    return record({.verb = Verb::push, .value = value}, [&](Operation& o) { o.ok = call(); });
  }
  bool pop(auto&& call) { return take(Verb::pop, call); }
  bool steal(auto&& call) { return take(Verb::steal, call); }
  bool record(Operation operation, auto&& call) {
    const Run::Moment begin = Run::current().now();
    call(operation);
    add(begin, operation);
    return operation.ok;
  }

  Lanes lanes() const;

 private:
  struct Recorded {
    Operation operation;
    Run::Moment begin;
    std::uint16_t end;
  };
  bool take(Verb verb, auto&& call) {
    return record({.verb = verb}, [&](Operation& o) { o.ok = call(o.value); });
  }
  void add(const Run::Moment& begin, const Operation& operation) {
    const std::size_t lane = begin.joined ? kThreads : begin.thread;
    lanes_[lane].push_back({operation, begin, Run::current().now().events});
  }

  std::array<std::vector<Recorded>, kThreads + 1> lanes_;  // the last: the body after its threads
};

/// Of real threads: each has a lane of its own, and a counter tells the time.
class ThreadHistory {
 public:
  explicit ThreadHistory(std::size_t threads) : lanes_(threads) {}

  bool push(std::size_t lane, int value, auto&& call) {
    return record(lane, {.verb = Verb::push, .value = value}, [&](Operation& o) { o.ok = call(); });
  }
  bool pop(std::size_t lane, auto&& call) {
    return record(lane, {.verb = Verb::pop}, [&](Operation& o) { o.ok = call(o.value); });
  }
  bool steal(std::size_t lane, auto&& call) {
    return record(lane, {.verb = Verb::steal}, [&](Operation& o) { o.ok = call(o.value); });
  }
  bool record(std::size_t lane, Operation operation, auto&& call) {
    const std::uint64_t begin = clock_.fetch_add(1, std::memory_order_seq_cst);
    call(operation);
    lanes_[lane].push_back({operation, begin, clock_.fetch_add(1, std::memory_order_seq_cst)});
    return operation.ok;
  }

  /// When the threads have ended.
  Lanes lanes() const;

 private:
  struct Recorded {
    Operation operation;
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::vector<std::vector<Recorded>> lanes_;
  alignas(64) std::atomic<std::uint64_t> clock_{0};
};

}  // namespace libabi::sync::model

#pragma once
// Records the calls of a scenario's threads; those of real threads: sync/thread_history.hpp.
//
//     History history;
//     program.thread([&] { history.push(7, [&] { return queue->push(7); }); });
//     program.thread([&] { history.pop([&](int& item) { return queue->pop(item); }); });
//     program.run();
//     require(linearizable<Fifo>(history.lanes()), "the queue is not one");

#include "sync/model/linearizability.hpp"
#include "sync/model/memory.hpp"
#include "sync/model/program.hpp"
#include "sync/model/specifications.hpp"

#include <array>
#include <vector>

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

}  // namespace libabi::sync::model

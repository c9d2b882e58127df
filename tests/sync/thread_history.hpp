#pragma once
/// Records what real threads do to a structure, for the checker of linearizability (model/linearizability.hpp).
///
///     ThreadHistory history(2);
///     together(2, [&](unsigned lane) { history.push(lane, 7, [&] { return queue.push(7); }); });
///     EXPECT_TRUE(linearizable<Fifo>(history.lanes()));
///
/// A call is over before another begins where a clock says so that is the same for all processors. It is read between fences:
/// what the call stored can be seen by others before its end is read, and its loads are not made before its begin is read. To
/// the language this orders nothing among the threads, so tsan still sees the races that a counter of ours would hide.

#include "sync/model/linearizability.hpp"
#include "sync/model/specifications.hpp"

#include <abi/sync/asymmetric_fence.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace libabi::sync::test {

/// Each thread has a lane of its own.
class ThreadHistory {
 public:
  explicit ThreadHistory(std::size_t lanes, std::size_t calls_each = 64) : lanes_(lanes) {
    for (auto& lane : lanes_) lane.reserve(calls_each);
  }

  /// The methods return what the call returned.
  bool push(std::size_t lane, int value, auto&& call) {
    return record(lane, {.verb = model::Verb::push, .value = value}, [&](model::Operation& o) { o.ok = call(); });
  }
  bool pop(std::size_t lane, auto&& call) {
    return record(lane, {.verb = model::Verb::pop}, [&](model::Operation& o) { o.ok = call(o.value); });
  }
  bool steal(std::size_t lane, auto&& call) {
    return record(lane, {.verb = model::Verb::steal}, [&](model::Operation& o) { o.ok = call(o.value); });
  }
  bool record(std::size_t lane, model::Operation operation, auto&& call) {
    const std::int64_t begin = now();
    call(operation);
    lanes_[lane].push_back({operation, begin, now()});
    return operation.ok;
  }

  /// When the threads have ended.
  model::Lanes lanes() const {
    model::Lanes lanes(lanes_.size());
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      std::vector<std::uint32_t> before(lanes_.size());
      for (const Recorded& recorded : lanes_[lane]) {
        for (std::size_t other = 0; other < lanes_.size(); ++other)  // what is over at the same tick may overlap
          while (before[other] < lanes_[other].size() && lanes_[other][before[other]].end < recorded.begin) ++before[other];
        lanes[lane].push_back({recorded.operation, before});
      }
    }
    return lanes;
  }

 private:
  struct Recorded {
    model::Operation operation;
    std::int64_t begin;
    std::int64_t end;
  };
  static std::int64_t now() noexcept {
    detail::fence(std::memory_order_seq_cst);
    const std::int64_t ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    detail::fence(std::memory_order_seq_cst);
    return ticks;
  }

  std::vector<std::vector<Recorded>> lanes_;
};

}  // namespace libabi::sync::test

#pragma once
// An execution as a graph: the events of each thread in program order, for each load the store it reads, for each atomic the
// order of its stores. Values follow from that, so a program can be run again along a graph in any order that respects it.

#include "sync/model/event.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libabi::sync::model {

class Graph {
 public:
  Event& at(EventId id) noexcept { return threads_[id.thread][id.index]; }
  const Event& at(EventId id) const noexcept { return threads_[id.thread][id.index]; }
  std::size_t size(std::size_t thread) const noexcept { return threads_[thread].size(); }
  std::size_t size() const noexcept;

  /// At the end of the thread.
  EventId append(std::size_t thread, const Event& event);
  /// Puts a store behind another one of its atomic. In the modification order; take_out() is the reverse.
  void place(EventId store, EventId previous) noexcept;
  void take_out(EventId store) noexcept;
  /// Keeps the first events of each thread.
  void truncate(const std::array<std::size_t, kThreads>& sizes) noexcept;

  /// Whether `a` is `b` or before it in the modification order of their atomic.
  bool not_after(EventId a, EventId b) const noexcept;
  EventId newest(EventId location) const noexcept;
  /// The first store that a load which knows `happened` may still read (coherence): the newest that it knows of, or that a load
  /// that it knows of has read.
  EventId floor(EventId location, const Clock& happened) const noexcept;
  /// Whether a store may be placed right behind this one: not between the two halves of a read-modify-write.
  bool may_follow(EventId store) const noexcept;
  /// How many read-modify-writes have read from this store.
  unsigned updates_of(EventId store) const noexcept;

  /// Whether the load is a weak compare-and-swap that finds what it expects, in a thread in which fewer than `most` before it
  /// failed all the same. Needs the values of a run.
  bool may_fail(EventId load, unsigned most) const noexcept;

  /// The condition psc of RC11, with light fences ordered against heavy ones alone. Needs the clocks of a whole run.
  bool sequentially_consistent() const;
  /// Whether that could be violated by an event that knows `happened`.
  bool needs_sequential_check(const Clock& happened) const noexcept;

  /// A load of data, and a store of another thread that it could read in a model that, unlike RC11, lets program order and
  /// reads-from form a cycle: the store follows from the load, but no happens-before and no coherence keeps them apart.
  std::optional<std::pair<EventId, EventId>> load_buffering() const;

  /// Reads-from and modification orders as a text: two executions are the same if and only if these are.
  std::string signature() const;
  /// What every thread did, as choices in an order in which it could have happened: see replay.hpp.
  std::string steps() const;

  /// Calls visit(EventId, const Event&) for all events of all threads but the body.
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::uint16_t thread = 1; thread < kThreads; ++thread)
      for (std::uint16_t index = 0; index < threads_[thread].size(); ++index)
        visit(EventId{thread, index}, threads_[thread][index]);
  }

 private:
  std::array<std::vector<Event>, kThreads> threads_;
  std::uint32_t next_stamp_ = 0;
};

std::string text(EventId id);

}  // namespace libabi::sync::model

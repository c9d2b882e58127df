#include "sync/model/graph.hpp"

#include <abi/base/error.hpp>

namespace libabi::sync::model {

std::string text(EventId id) { return libabi::format("{}.{}", id.thread, id.index); }

std::size_t Graph::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& thread : threads_) sum += thread.size();
  return sum;
}

EventId Graph::append(std::size_t thread, const Event& event) {
  const EventId id{static_cast<std::uint16_t>(thread), static_cast<std::uint16_t>(threads_[thread].size())};
  threads_[thread].push_back(event);
  at(id).stamp = next_stamp_++;
  if (event.kind == Kind::construct) at(id).location = id;
  return id;
}

void Graph::place(EventId store, EventId previous) noexcept {
  Event& event = at(store);
  event.mo_previous = previous;
  event.mo_next = at(previous).mo_next;
  at(previous).mo_next = store;
  if (event.mo_next) at(event.mo_next).mo_previous = store;
}

void Graph::take_out(EventId store) noexcept {
  Event& event = at(store);
  if (event.mo_previous) at(event.mo_previous).mo_next = event.mo_next;
  if (event.mo_next) at(event.mo_next).mo_previous = event.mo_previous;
  event.mo_next = event.mo_previous = EventId{};
}

void Graph::truncate(const std::array<std::size_t, kThreads>& sizes) noexcept {
  for (std::uint16_t thread = 0; thread < kThreads; ++thread)
    for (std::size_t index = threads_[thread].size(); index-- > sizes[thread];)
      if (threads_[thread][index].writes()) take_out(EventId{thread, static_cast<std::uint16_t>(index)});
  for (std::size_t thread = 0; thread < kThreads; ++thread)
    if (sizes[thread] < threads_[thread].size()) threads_[thread].resize(sizes[thread]);
}

bool Graph::not_after(EventId a, EventId b) const noexcept {
  for (EventId id = a; id; id = at(id).mo_next)
    if (id == b) return true;
  return false;
}

EventId Graph::newest(EventId location) const noexcept {
  EventId id = location;
  while (at(id).mo_next) id = at(id).mo_next;
  return id;
}

EventId Graph::floor(EventId location, const Clock& happened) const noexcept {
  // The accesses of one thread to one atomic never go backwards in its modification order, so the last known of each will do.
  std::array<EventId, kThreads> known;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    const std::vector<Event>& events = threads_[thread];
    const std::size_t first = thread == location.thread ? location.index : 0;
    for (std::size_t index = std::min<std::size_t>(happened.known[thread], events.size()); index-- > first;) {
      const Event& event = events[index];
      if (event.location != location || event.kind == Kind::fence) continue;
      known[thread] =
          event.writes() ? EventId{static_cast<std::uint16_t>(thread), static_cast<std::uint16_t>(index)} : event.source;
      break;
    }
  }
  EventId found = location;
  for (EventId id = location; id; id = at(id).mo_next)
    for (const EventId& other : known)
      if (other == id) found = id;
  return found;
}

bool Graph::may_follow(EventId store) const noexcept {
  const EventId next = at(store).mo_next;
  return !next || at(next).kind != Kind::update_store || at(next).source != store;
}

unsigned Graph::updates_of(EventId store) const noexcept {
  unsigned count = 0;
  for (EventId id = at(store).location; id; id = at(id).mo_next)
    count += at(id).kind == Kind::update_store && at(id).source == store;
  return count;
}

bool Graph::may_fail(EventId load, unsigned most) const noexcept {
  const Event& event = at(load);
  if (!event.weak || at(event.source).value != event.expected) return false;
  unsigned failed = 0;
  for (std::size_t index = 0; index < load.index; ++index) failed += threads_[load.thread][index].spurious;
  return failed < most;
}

std::string Graph::signature() const {
  std::string signature;
  each([&](EventId id, const Event& event) {
    if (event.reads()) signature += libabi::format("{}<{}{};", text(id), text(event.source), event.spurious ? "!" : "");
    if (event.writes() && event.mo_previous) signature += libabi::format("{}>{};", text(id), text(event.mo_previous));
  });
  return signature;
}

std::string Graph::steps() const {
  std::string steps;
  Clock done;
  done.known[0] = static_cast<std::uint16_t>(threads_[0].size());
  for (bool progress = true; progress;) {
    progress = false;
    for (std::uint16_t thread = 1; thread < kThreads; ++thread)
      while (done.known[thread] < threads_[thread].size()) {
        const Event& event = threads_[thread][done.known[thread]];
        if (event.reads() && !covers(done, event.source)) break;
        ++done.known[thread];
        progress = true;
        if (event.kind == Kind::update_store) continue;  // one step with its first half
        steps += libabi::format("{}{}", steps.empty() ? "" : " ", thread);
        EventId choice = event.source;
        if (event.kind == Kind::store)
          for (choice = event.mo_previous; !covers(done, choice);) choice = at(choice).mo_previous;
        if (choice) steps += libabi::format(":{}{}", text(choice), event.spurious ? "!" : "");
      }
  }
  return steps;
}

}  // namespace libabi::sync::model

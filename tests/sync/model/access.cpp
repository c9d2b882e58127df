// What the operations of an atomic do to the graph and to what the threads know of each other.

#include "sync/model/memory.hpp"
#include "sync/model/run.hpp"

#include <abi/base/error.hpp>

namespace libabi::sync::model {

/// Before each access: the atomic is there, and the thread has a right to know.
void Run::reach(EventId location) {
  if (location.thread >= kThreads || location.index >= threads_[location.thread].executed ||
      graph_.at(location).kind != Kind::construct)
    fail("this is not an atomic: it was never constructed, or its memory was overwritten");
  if (graph_.at(location).ended) fail(libabi::format("{} is used after its end", name(location)));
  if (!covers(self().current, location))
    fail(libabi::format("{} is used by a thread that its construction does not happen before", name(location)));
  // For destroy(): an access that is not known to whoever ends the atomic is one too late.
  graph_.at(location).message.known[running_] = static_cast<std::uint16_t>(self().executed + 1);
}

/// Returns when the thread may make its next event: true where the graph has it already.
bool Run::step(bool second_half) {
  Thread& t = self();
  if (t.executed >= limits_.steps)
    fail(libabi::format("more than {} steps: a loop that does not end, or one without Policy::pause()", limits_.steps));
  if (replaying(t)) return true;
  if (running_ == 0 || fair_ || (second_half && driver_.stepwise())) return false;
  t.mid_update = second_half;
  while (permitted_ != running_) yield(State::frontier);
  if (driver_.stepwise()) permitted_ = kThreads;
  t.mid_update = false;
  return false;
}

EventId Run::expect(Kind kind, EventId location) {
  const EventId id{static_cast<std::uint16_t>(running_), self().executed};
  const Event& event = graph_.at(id);
  const bool same_kind = event.kind == kind || (event.conditional && kind == Kind::load && event.reads());
  if (!same_kind || (kind != Kind::fence && kind != Kind::construct && event.location != location))
    fail("the scenario does something else when it is run again: it depends on more than its atomics");
  return id;
}

EventId Run::add(const Event& event) { return graph_.append(running_, event); }

void Run::executed(EventId id) {
  Thread& t = self();
  ++t.executed;
  t.current.known[running_] = t.caused.known[running_] = t.executed;
  Event& event = graph_.at(id);
  event.happened = t.current;
  event.caused = t.caused;
}

EventId Run::construct(std::uint64_t value, bool data, const std::source_location& place) {
  const memory::Outside outside;
  const EventId id = step() ? expect(Kind::construct, {}) : add({.kind = Kind::construct});
  Event& event = graph_.at(id);
  event.value = value;
  event.ended = false;
  event.data = data;
  event.message = {};
  executed(id);
  if (tracing_) {
    note(id, libabi::format("constructs {} = {}", name(id), value), place);
  }
  return id;
}

void Run::destroy(EventId location) {
  const memory::Outside outside;
  reach(location);
  Event& event = graph_.at(location);
  Clock known = self().current;
  known.known[running_] = 0xffff;
  if (!known.covers(event.message)) fail(libabi::format("{} is ended while another thread may still use it", name(location)));
  event.ended = true;
}

/// What a load is, now that it is known what it reads.
void Run::settle(Event& event, const Site& success, const Site& failure) const noexcept {
  event.value = graph_.at(event.source).value;
  if (event.conditional) event.kind = event.value == event.expected && !event.spurious ? Kind::update_load : Kind::load;
  event.order = event.kind == Kind::update_load || !event.conditional ? success.effective : failure.effective;
}

bool Run::try_source(EventId load, EventId source) {
  Event& event = graph_.at(load);
  event.source = source;
  settle(event, *sites_[0], *sites_[1]);
  if (event.kind == Kind::update_load && graph_.updates_of(source) != 0) return false;
  event.happened = self().current;
  if (acquires(event.order) && graph_.at(source).kind != Kind::construct) event.happened.join(graph_.at(source).message);
  event.happened.known[running_] = static_cast<std::uint16_t>(self().executed + 1);
  return !graph_.needs_sequential_check(event.happened) || graph_.sequentially_consistent();
}

EventId Run::read(EventId location, const Reading& reading, const Site& success, const Site& failure) {
  const bool replay = step();
  Thread& t = self();
  reach(location);
  EventId id;
  if (replay) {
    id = expect(reading.update ? Kind::update_load : Kind::load, location);
    graph_.at(id).expected = reading.expected;
    for (EventId source = graph_.at(id).source; threads_[source.thread].executed <= source.index;) {
      t.awaited = source;
      yield(State::awaiting);
    }
  } else {
    id = add({.kind = reading.update ? Kind::update_load : Kind::load,
              .conditional = reading.conditional,
              .weak = reading.weak,
              .location = location,
              .expected = reading.expected});
    std::vector<EventId> options;
    const EventId floor = graph_.floor(location, t.current);
    for (EventId store = floor; store; store = graph_.at(store).mo_next) options.push_back(store);
    graph_.at(id).floor = floor;
    graph_.at(id).source = options.back();
    sites_[0] = &success;
    sites_[1] = &failure;
    if (running_ != 0 && !fair_ && (options.size() > 1 || reading.weak)) driver_.loaded(*this, id, options);
  }
  settle(graph_.at(id), success, failure);
  const Event& source = graph_.at(graph_.at(id).source);
  t.caused.join(source.caused);
  if (source.kind != Kind::construct) (acquires(graph_.at(id).order) ? t.current : t.acquired).join(source.message);
  executed(id);
  if (tracing_) {
    const Event& event = graph_.at(id);
    note(id,
         libabi::format("{} {} of {} reads {} from {}{}", text(event.order), event.conditional ? "compare-exchange" : "load",
                        name(location), event.value, text(event.source), event.spurious ? ", fails without a reason" : ""),
         success.place);
  }
  return id;
}

void Run::write(EventId location, std::uint64_t value, EventId source, const Site& site) {
  const bool replay = step(static_cast<bool>(source));
  Thread& t = self();
  reach(location);
  const Kind kind = source ? Kind::update_store : Kind::store;
  EventId id;
  if (replay) {
    id = expect(kind, location);
  } else {
    id = add({.kind = kind, .location = location, .source = source, .floor = source});
    if (!source) graph_.at(id).floor = graph_.floor(location, t.current);
    graph_.place(id, source ? source : graph_.newest(location));
  }
  graph_.at(id).value = value;
  graph_.at(id).order = site.effective;
  executed(id);
  Event& event = graph_.at(id);
  event.message = releases(event.order) ? t.current : t.released;
  // A release sequence goes on through read-modify-writes alone (C++20).
  if (source && graph_.at(source).kind != Kind::construct) event.message.join(graph_.at(source).message);
  ++stores_;
  if (!replay && running_ != 0 && !fair_) driver_.stored(*this, id);
  if (tracing_)
    note(id,
         libabi::format("{} {} of {} writes {} behind {}", text(site.effective), source ? "update" : "store", name(location),
                        value, text(graph_.at(id).mo_previous)),
         site.place);
  while (cut_) yield(State::dead);
}

std::uint64_t Run::load(EventId location, const Site& site) {
  const memory::Outside outside;
  return graph_.at(read(location, {}, site, site)).value;
}

void Run::store(EventId location, std::uint64_t value, const Site& site) {
  const memory::Outside outside;
  write(location, value, {}, site);
}

std::uint64_t Run::update(EventId location, Change change, std::uint64_t operand, const Site& site) {
  const memory::Outside outside;
  const EventId id = read(location, {.update = true}, site, site);
  const std::uint64_t old = graph_.at(id).value;
  write(location, change(old, operand), graph_.at(id).source, site);
  return old;
}

bool Run::compare_exchange(EventId location, std::uint64_t& expected, std::uint64_t desired, bool weak, const Site& success,
                           const Site& failure) {
  const memory::Outside outside;
  const EventId id = read(location, {.conditional = true, .weak = weak, .expected = expected}, success, failure);
  expected = graph_.at(id).value;
  if (graph_.at(id).kind != Kind::update_load) return false;
  write(location, desired, graph_.at(id).source, success);
  return true;
}

void Run::fence(const Site& site) {
  const memory::Outside outside;
  const EventId id = step() ? expect(Kind::fence, {}) : add({.kind = Kind::fence});
  Thread& t = self();
  graph_.at(id).order = site.effective;
  if (acquires(site.effective)) t.current.join(t.acquired);
  executed(id);
  if (releases(site.effective)) t.released = t.current;
  if (tracing_) note(id, libabi::format("{} {}", text(site.effective), text(site.role)), site.place);
}

void Run::note(EventId id, const std::string& what, const std::source_location& place) {
  trace_ += libabi::format("  {:<7} {:<90} {}\n", text(id), what, text(place));
}

std::string Run::name(EventId location) { return libabi::format("atomic {}", text(location)); }

}  // namespace libabi::sync::model

// The order of sequentially consistent events: the condition psc of RC11 (Lahav et al., Repairing Sequential Consistency in
// C/C++11, PLDI 2017), extended by the asymmetric fences of P1202R5.
//
//   scb      = po ∪ po|≠loc ; hb ; po|≠loc ∪ hb|=loc ∪ mo ∪ rb
//   psc_base = ([Esc] ∪ [Fsc] ; hb?) ; scb ; ([Esc] ∪ hb? ; [Fsc])
//   psc_F    = [Fsc] ; (hb ∪ hb ; eco ; hb) ; [Fsc]
//   psc_base ∪ psc_F has no cycle.
//
// A light fence counts as Fsc where the other end is a heavy fence, and is nothing otherwise.

#include "sync/model/graph.hpp"

namespace libabi::sync::model {

namespace {

struct Node {
  EventId id;
  const Event* event;
  bool fence() const noexcept { return event->kind == Kind::fence; }
};

class Psc {
 public:
  explicit Psc(const Graph& graph) : graph_(graph) {
    graph.each([this](EventId id, const Event& event) {
      all_.push_back({id, &event});
      if (event.sequential()) sequential_.push_back({id, &event});
    });
  }

  bool has_cycle() {
    if (sequential_.size() < 2) return false;
    state_.assign(sequential_.size(), State::fresh);
    for (std::size_t i = 0; i < sequential_.size(); ++i)
      if (state_[i] == State::fresh && cycle_from(i)) return true;
    return false;
  }

 private:
  enum class State { fresh, open, closed };

  bool cycle_from(std::size_t i) {
    state_[i] = State::open;
    for (std::size_t j = 0; j < sequential_.size(); ++j) {
      if (i == j || state_[j] == State::closed || !edge(sequential_[i], sequential_[j])) continue;
      if (state_[j] == State::open || cycle_from(j)) return true;
    }
    state_[i] = State::closed;
    return false;
  }

  static bool counts(const Node& node, const Node& other) {
    return node.event->order != Order::light || other.event->order == Order::heavy;
  }

  static bool happens_before(const Node& a, const Node& b) { return a.id != b.id && covers(b.event->happened, a.id); }

  bool edge(const Node& from, const Node& to) const {
    if (!counts(from, to) || !counts(to, from)) return false;
    if (from.fence() && to.fence()) return happens_before(from, to) || eco_between(from, to);
    for (const Node& x : all_) {
      if (x.id != from.id && !(from.fence() && happens_before(from, x))) continue;
      for (const Node& y : all_)
        if ((y.id == to.id || (to.fence() && happens_before(y, to))) && scb(x, y)) return true;
    }
    return false;
  }

  /// hb ; eco ; hb between two fences. Of each atomic, what the second fence knows last decides.
  bool eco_between(const Node& from, const Node& to) const {
    for (const Node& x : all_) {
      if (x.fence() || !happens_before(from, x)) continue;
      const EventId last = graph_.floor(x.event->location, to.event->happened);
      const EventId mine = x.event->writes() ? x.id : x.event->source;
      if (mine != last && graph_.not_after(mine, last)) return true;
      if (mine != last || !x.event->writes()) continue;
      for (const Node& y : all_)
        if (y.event->reads() && y.event->source == mine && happens_before(y, to)) return true;
    }
    return false;
  }

  bool scb(const Node& x, const Node& y) const {
    if (x.id == y.id) return false;
    if (x.id.thread == y.id.thread && x.id.index < y.id.index) return true;
    const bool accesses = !x.fence() && !y.fence();
    const bool same = accesses && x.event->location == y.event->location;
    if (same && happens_before(x, y)) return true;
    if (same && y.event->writes()) {  // mo, rb
      const EventId mine = x.event->writes() ? x.id : x.event->source;
      if (mine != y.id && graph_.not_after(mine, y.id)) return true;
    }
    // po|≠loc ; hb ; po|≠loc: the first such successor and the last such predecessor decide.
    const EventId after = other_location(x.id, 1);
    const EventId before = other_location(y.id, -1);
    return after && before && (after == before || covers(graph_.at(before).happened, after));
  }

  EventId other_location(EventId id, int step) const {
    const Event& own = graph_.at(id);
    EventId other = id;
    for (;;) {
      if (step < 0 && other.index == 0) return {};
      other.index = static_cast<std::uint16_t>(other.index + step);
      if (other.index >= graph_.size(id.thread)) return {};
      const Event& event = graph_.at(other);
      if (own.kind == Kind::fence || event.kind == Kind::fence || event.location != own.location) return other;
    }
  }

  const Graph& graph_;
  std::vector<Node> all_;
  std::vector<Node> sequential_;
  std::vector<State> state_;
};

}  // namespace

bool Graph::sequentially_consistent() const { return !Psc(*this).has_cycle(); }

bool Graph::needs_sequential_check(const Clock& happened) const noexcept {
  for (std::size_t thread = 1; thread < kThreads; ++thread)
    for (std::size_t index = 0; index < std::min<std::size_t>(happened.known[thread], threads_[thread].size()); ++index)
      if (threads_[thread][index].sequential()) return true;
  return false;
}

}  // namespace libabi::sync::model

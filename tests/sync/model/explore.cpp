// Every execution graph once: the algorithm of TruSt (Kokologiannakis, Marmanis, Gladstein and Vafeiadis, Truly Stateless,
// Optimal Dynamic Partial Order Reduction, POPL 2022). Threads are extended in a fixed order. A load branches over the stores
// that are there; a store branches over its places in the modification order and, for each load that is there and that it does
// not depend on, over the graph in which that load reads it: what was added after the load goes, unless the store depends on
// it. That is done from one of the graphs which differ only in what goes: the one in which all of it was added "maximally".

#include "sync/model/explore.hpp"

#include "sync/model/forward.hpp"

#include <abi/base/error.hpp>
#include <cstdlib>

namespace libabi::sync::model {

namespace {

class Explorer final : public Driver {
 public:
  explicit Explorer(const Settings& settings) : settings_(settings) { pending_.emplace_back(); }

  bool stepwise() const noexcept override { return false; }
  bool pauses_end() const noexcept override { return false; }
  std::size_t next_thread(Run&, std::span<const std::size_t> ready) override { return ready.front(); }
  void loaded(Run& run, EventId load, std::span<const EventId> options) override;
  void stored(Run& run, EventId store) override;

  Report all(const Body& body);

 private:
  void branch_failure(const Graph& graph, EventId load);
  void branch_places(const Graph& graph, EventId store, EventId load);
  void revisit(const Graph& graph, EventId load, EventId store);
  static bool maximal(const Graph& graph, EventId id, EventId store);

  const Settings& settings_;
  std::vector<Graph> pending_;
};

void Explorer::loaded(Run& run, EventId load, std::span<const EventId> options) {
  Graph& graph = run.graph();
  for (const EventId& source : options) {
    graph.at(load).source = source;
    if (source != options.back()) pending_.push_back(graph);
    branch_failure(graph, load);
  }
}

/// Where the load may fail for no reason, the graph in which it does.
void Explorer::branch_failure(const Graph& graph, EventId load) {
  if (!graph.may_fail(load, settings_.spurious_failures)) return;
  pending_.push_back(graph);
  pending_.back().at(load).spurious = true;
}

/// The graphs in which the store stands at another place; with `load`: at each from which the load reads it.
void Explorer::branch_places(const Graph& graph, EventId store, EventId load) {
  Graph without = graph;
  without.take_out(store);
  EventId from = graph.at(store).floor;
  if (load && without.not_after(from, graph.at(load).floor)) from = graph.at(load).floor;
  for (EventId previous = from; previous; previous = without.at(previous).mo_next) {
    if (!load && !without.at(previous).mo_next) break;  // the run that goes on has it there
    if (!without.may_follow(previous)) continue;
    pending_.push_back(without);
    pending_.back().place(store, previous);
    if (load) branch_failure(Graph(pending_.back()), load);
  }
}

void Explorer::stored(Run& run, EventId store) {
  const Graph& graph = run.graph();
  const Event& event = graph.at(store);
  const bool update = event.kind == Kind::update_store;
  if (!update) branch_places(graph, store, {});
  graph.each([&](EventId id, const Event& load) {
    if (load.reads() && load.location == event.location && !covers(event.caused, id)) revisit(graph, id, store);
  });
  if (update && graph.updates_of(event.source) > 1) run.cut();  // two from one store: only what revisits came of it
}

/// Whether the event was added as the last of its kind would be: among what was there before it and what the store depends
/// on, nobody reads it, and it is, or reads, the newest store.
bool Explorer::maximal(const Graph& graph, EventId id, EventId store) {
  const Event& event = graph.at(id);
  const Event& last = graph.at(store);
  const auto previous = [&](EventId other, const Event& what) {
    return other != store && (other.thread == 0 || what.stamp <= event.stamp || covers(last.caused, other));
  };
  if (event.kind == Kind::fence) return true;
  if (event.reads() && event.spurious) return false;
  bool read = false;
  if (event.writes())
    graph.each(
        [&](EventId other, const Event& load) { read = read || (load.reads() && load.source == id && previous(other, load)); });
  if (read) return false;
  const EventId mine = event.writes() ? id : event.source;
  for (EventId other = graph.at(mine).mo_next; other; other = graph.at(other).mo_next)
    if (previous(other, graph.at(other))) return false;
  return true;
}

void Explorer::revisit(const Graph& graph, EventId load, EventId store) {
  const Event& reader = graph.at(load);
  const Event& writer = graph.at(store);
  std::array<std::size_t, kThreads> kept{};
  kept[0] = graph.size(0);
  bool all_maximal = maximal(graph, load, store);
  graph.each([&](EventId id, const Event& event) {
    if (event.stamp <= reader.stamp || covers(writer.caused, id))
      kept[id.thread] = id.index + 1u;
    else
      all_maximal = all_maximal && maximal(graph, id, store);
  });
  if (!all_maximal) return;
  Graph changed = graph;
  changed.truncate(kept);
  changed.at(load).source = store;
  changed.at(load).spurious = false;
  if (writer.kind != Kind::update_store) return branch_places(changed, store, load);
  if (changed.updates_of(writer.source) != 1 || !changed.not_after(reader.floor, store)) return;
  branch_failure(changed, load);
  pending_.push_back(std::move(changed));
}

Report Explorer::all(const Body& body) {
  Report report;
  while (!pending_.empty() && report.runs < settings_.executions) {
    Graph graph = std::move(pending_.back());
    pending_.pop_back();
    Run run(std::move(graph), *this, settings_.limits);
    const Run::Outcome outcome = run.execute(body);
    ++report.runs;
    report.complete += outcome == Run::Outcome::complete;
    report.blocked += outcome == Run::Outcome::blocked;
    if (outcome == Run::Outcome::complete && settings_.on_complete) settings_.on_complete(run.graph());
    if (outcome != Run::Outcome::failed) continue;
    report.failure = run.failure();
    report.replay = "steps " + run.graph().steps();
    if (run.failed_thread() != 0 && run.failed_thread() < kThreads) report.replay += libabi::format(" {}", run.failed_thread());
    return report;
  }
  report.exhausted = pending_.empty();
  return report;
}

}  // namespace

std::string Report::text() const {
  std::string text = libabi::format("{} complete executions, {} blocked, {} runs{}", complete, blocked, runs,
                                    exhausted ? ", nothing left to try" : "");
  if (!passed()) text += libabi::format("\n{}\n{}replay with ABI_MODEL_REPLAY='{}'", failure, trace, replay);
  return text;
}

Report explore(const Body& body, const Settings& settings) {
  if (const char* const wanted = std::getenv("ABI_MODEL_REPLAY")) return replay(body, wanted, settings);
  Report report = Explorer(settings).all(body);
  if (report.passed()) return report;
  report.trace = replay(body, report.replay, settings).trace;
  return report;
}

}  // namespace libabi::sync::model

// RC11 has no executions in which program order and reads-from form a cycle; the letter of the standard has. Such an execution
// begins with a load that reads a store which follows from it. So where no execution of RC11 has a load and a later store of
// another thread that could form one, nothing is lost by leaving them out.

#include "sync/model/graph.hpp"

namespace libabi::sync::model {

std::optional<std::pair<EventId, EventId>> Graph::load_buffering() const {
  std::optional<std::pair<EventId, EventId>> found;
  // Coherence: an access behind the load that stands before the store in the modification order forbids it.
  const auto kept_apart = [this](EventId load, EventId store) {
    bool apart = false;
    each([&](EventId id, const Event& event) {
      if (id == load || event.kind == Kind::fence || event.location != at(store).location || !covers(event.happened, load))
        return;
      const EventId its = event.writes() ? id : event.source;
      apart = apart || (its != store && not_after(its, store));
    });
    return apart;
  };
  // What is read before a compare-and-swap that then fails is thrown away.
  const auto thrown_away = [this](EventId load) {
    for (std::size_t index = load.index + 1u; index < threads_[load.thread].size(); ++index)
      if (const Event& next = threads_[load.thread][index]; next.conditional) return next.kind == Kind::load;
    return false;
  };
  each([&](EventId load, const Event& event) {
    if (!event.reads() || !at(event.location).data || thrown_away(load)) return;
    for (EventId store = event.location; store; store = at(store).mo_next) {
      const Event& later = at(store);
      if (store.thread != load.thread && covers(later.caused, load) && !covers(later.happened, load) && !kept_apart(load, store))
        found = {load, store};
    }
  });
  return found;
}

}  // namespace libabi::sync::model

#include "map_run.hpp"
#include "reclamation.hpp"

#include <xenium/reclamation/generic_epoch_based.hpp>
#include <xenium/reclamation/hazard_pointer.hpp>
#include <xenium/reclamation/quiescent_state_based.hpp>
#include <xenium/vyukov_hash_map.hpp>

#include <memory>

namespace bench {

namespace {

template <class Reclaimer>
double guards(bool region) {
  struct Node : Reclaimer::template enable_concurrent_ptr<Node> {
    int value = 42;
  };
  using Pointer = typename Reclaimer::template concurrent_ptr<Node, 0>;
  Node node;
  Pointer source{typename Pointer::marked_ptr(&node)};
  return reclamation::nanoseconds(
      region, [] { return typename Reclaimer::region_guard{}; },
      [&] {
        typename Pointer::guard_ptr guard;
        guard.acquire(source, std::memory_order_acquire);
        keep(guard->value);
      });
}

using Hazard = xenium::reclamation::hazard_pointer<>::with<
    xenium::policy::allocation_strategy<xenium::reclamation::hp_allocation::static_strategy<3>>>;
using Epoch = xenium::reclamation::epoch_based<>;

}  // namespace

double reclamation::xenium_hazard(bool region) { return guards<Hazard>(region); }
double reclamation::xenium_epoch(bool region) { return guards<Epoch>(region); }

namespace {

template <class Reclaimer>
double lookups(unsigned threads) {
  struct Map {
    using Table = xenium::vyukov_hash_map<std::uint64_t, std::uint64_t, xenium::policy::reclaimer<Reclaimer>>;
    Table table{map_keys};
    bool get(std::uint64_t key) {
      typename Table::accessor found;
      return table.try_get_value(key, found);
    }
    void insert(std::uint64_t key) { table.emplace(key, key); }
    void erase(std::uint64_t key) { table.erase(key); }
  };
  static Map map;
  return map_rate(map, threads);
}

}  // namespace

double maps::xenium_epoch(unsigned threads) { return lookups<Epoch>(threads); }
double maps::xenium_hazard(unsigned threads) { return lookups<Hazard>(threads); }
double maps::xenium_quiescent(unsigned threads) { return lookups<xenium::reclamation::quiescent_state_based>(threads); }

}  // namespace bench

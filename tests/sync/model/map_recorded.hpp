#pragma once
// A small ConcurrentMap, and the history of what is done to it.

#include "sync/model/scenario.hpp"

#include <abi/sync/concurrent_map.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include <initializer_list>
#include <memory>

namespace libabi::sync::detail {

template <>
inline constexpr std::size_t map_portion<model::ModelAtomics> = 1;  // so that two writers move the buckets of a table of two

}  // namespace libabi::sync::detail

namespace libabi::sync::model {
using Hazards = HazardReclaimer<ModelAtomics, 3, 4>;

/// Keys from 10 on are in the other one of two buckets.
struct TwoHashes {
  std::size_t operator()(int key) const noexcept { return key < 10 ? 0 : 1; }
};

/// Too large for a cell: stands in a node.
struct Large {
  int number = 0;
  int other[3] = {};
  Large(int n = 0) noexcept : number(n) {}
  operator int() const noexcept { return number; }
};

template <class V>
struct Recorded {
  using Map = ConcurrentMap<int, V, Hazards, TwoHashes, ModelAtomics>;
  explicit Recorded(std::size_t buckets = 1) : map(Map::create(buckets).value()) {}

  Hazards::Domain domain;
  Hazards* const a = domain.join();
  Hazards* const b = domain.join();
  Hazards* const c = domain.join();
  std::unique_ptr<Map> map;
  History history;

  void insert(int key, int value, Hazards* mine) {
    history.record({.verb = Verb::insert, .value = value, .key = key},
                   [&](Operation& o) { o.ok = map->insert(key, V(value), *mine).value(); });
  }
  void assign(int key, int value, Hazards* mine) {
    history.record({.verb = Verb::assign, .value = value, .key = key},
                   [&](Operation& o) { o.ok = map->assign(key, V(value), *mine).value(); });
  }
  void update(int key, Hazards* mine) {
    history.record({.verb = Verb::update, .key = key}, [&](Operation& o) {
      o.ok = map->update(key, [&](const V& value) { return V(o.value = value + 1); }, *mine).value();
    });
  }
  void find(int key, Hazards* mine) {
    history.record({.verb = Verb::find, .key = key},
                   [&](Operation& o) { o.ok = map->find(key, [&](const V& value) { o.value = value; }, *mine); });
  }
  void find(int key, Hazards* mine, int times) {
    for (int i = 0; i < times; ++i) find(key, mine);
  }
  void erase(int key, Hazards* mine) {
    history.record({.verb = Verb::erase, .key = key}, [&](Operation& o) { o.ok = map->erase(key, *mine); });
  }
  void fill(int keys) {
    for (int key = 1; key <= keys; ++key) insert(key, 10 * key, a);
  }
  void check(int keys) {
    for (int key = 1; key <= keys; ++key) find(key, a);
    for (const Lanes& key : by_key(history.lanes())) require(linearizable<MapEntry>(key), "the map is not one");
  }
};

}  // namespace libabi::sync::model

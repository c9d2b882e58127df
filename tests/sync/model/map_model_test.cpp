#include "sync/model/map_recorded.hpp"

#include <gtest/gtest.h>

#include <concepts>

namespace libabi::sync::model {
namespace {

template <class V>
void two_insertions(Program& program) {
  Recorded<V> m;
  program.thread([&] { m.insert(1, 10, m.a); });
  program.thread([&] { m.insert(1, 11, m.b); });
  program.run();
  m.check(1);
}

template <class V>
void insertion_and_search(Program& program, int more) {
  Recorded<V> m;
  program.thread([&] { m.insert(1, 10, m.a); });
  program.thread([&] { m.find(1, m.b, 2 + more); });
  program.run();
  m.check(1);
}

// The cell of an erased key is used for another one while a reader looks at it.
template <class V>
void cell_is_used_again(Program& program, int more) {
  Recorded<V> m;
  m.fill(1);
  program.thread([&] {
    m.erase(1, m.a), m.insert(2, 20, m.a);
    m.a->collect();
  });
  program.thread([&] { m.find(1, m.b, 1 + more), m.find(2, m.b); });
  program.run();
  m.check(2);
}

template <class V>
void insertion_and_removal(Program& program, int more) {
  Recorded<V> m;
  program.thread([&] { m.insert(1, 10, m.a), m.erase(1, m.a); });
  program.thread([&] { m.insert(1, 11, m.b), m.find(1, m.b, more); });
  program.run();
  m.check(1);
}

template <class V>
void two_removals(Program& program, int more) {
  Recorded<V> m;
  m.fill(1);
  program.thread([&] { m.erase(1, m.a); });
  program.thread([&] { m.erase(1, m.b), m.find(1, m.b, more); });
  program.run();
  m.check(1);
}

template <class V>
void update_and_search(Program& program, int more) {
  Recorded<V> m;
  m.fill(1);
  program.thread([&] {
    m.update(1, m.a);
    m.a->collect();
  });
  program.thread([&] { m.find(1, m.b, 2 + more); });
  program.run();
  m.check(1);
}

template <class V>
void two_updates(Program& program, int more) {
  Recorded<V> m;
  m.fill(1);
  program.thread([&] { m.update(1, m.a); });
  program.thread([&] { m.update(1, m.b), m.assign(1, 30, m.b), m.find(1, m.b, more); });
  program.run();
  m.check(1);
}

// What the insertion finds as it expects it may have been locked in between, and changed elsewhere.
template <class V>
void update_and_insertion(Program& program) {
  Recorded<V> m;
  m.fill(1);
  program.thread([&] { m.update(1, m.a); });
  program.thread([&] { m.insert(2, 20, m.b), m.update(1, m.b); });
  program.run();
  m.check(2);
}

// What was done before a key came, changed or went is seen by whoever finds it so.
template <class V>
void messages(Program& program) {
  Recorded<V> m;
  m.fill(1);
  ModelPlain<int> letters[3];
  program.thread([&] {
    letters[0].set(1), m.insert(2, 20, m.a);
    letters[1].set(1), m.update(2, m.a);
    letters[2].set(1), m.erase(1, m.a);
  });
  program.thread([&] {
    int value = 0;
    if (!m.map->contains(1, *m.b)) letters[2].get();
    if (m.map->find(2, [&](const V& is) { value = is; }, *m.b)) letters[value - 20].get();
  });
  program.run();
  m.check(2);
}

// The fourth key needs a bucket more.
template <class V>
void chain_becomes_longer(Program& program) {
  Recorded<V> m(4);
  m.fill(3);
  program.thread([&] { m.insert(4, 40, m.a); });
  program.thread([&] { m.find(4, m.b), m.find(3, m.b); });
  program.run();
  m.check(4);
}

template <class V>
void cell_behind_the_first_bucket(Program& program) {
  Recorded<V> m(4);
  m.fill(4);
  program.thread([&] { m.erase(4, m.a), m.insert(5, 50, m.a); });
  program.thread([&] { m.find(4, m.b), m.find(5, m.b); });
  program.run();
  m.check(5);
}

// With four keys in a map of one bucket the next table is there already, and the next writer moves what there is.
template <class V>
void growth_and_search(Program& program, int more) {
  Recorded<V> m;
  m.fill(4);
  program.thread([&] {
    m.insert(5, 50, m.a);
    m.a->collect();
  });
  program.thread([&] { m.find(std::same_as<V, int> ? 5 : 1, m.b, 1 + more); });
  program.run();
  require(m.map->bucket_count(*m.a) > 1, "it has not grown");
  m.check(5);
}

template <class V>
void growth_begins(Program& program) {
  Recorded<V> m;
  m.fill(3);
  program.thread([&] { m.insert(4, 40, m.a); });
  program.thread([&] { m.erase(1, m.b); });
  program.run();
  m.check(4);
}

template <class V>
void growth_and_removal(Program& program, int more) {
  Recorded<V> m;
  m.fill(4);
  program.thread([&] { m.insert(5, 50, m.a); });
  program.thread([&] { m.erase(1, m.b), m.find(1, m.b, more); });
  program.run();
  m.check(5);
}

// Each moves a bucket, and the last one's new root leads to what the first has moved.
template <class V>
void two_movers(Program& program) {
  const auto table = sync::detail::MapTable<ModelAtomics>::make(2);
  require(&table->bucket(sync::detail::spread(0)) != &table->bucket(sync::detail::spread(1)), "TwoHashes is wrong");
  Recorded<V> m(2);
  m.fill(4);
  program.thread([&] { m.erase(1, m.a); });
  program.thread([&] {
    m.insert(10, 100, m.b), m.find(2, m.b);
    m.b->collect();
  });
  program.run();
  require(m.map->bucket_count(*m.a) > 2, "it has not grown");
  m.check(10);
}

// One writer begins a growth and ends it, while another comes from its own insertion to look whether one is needed.
template <class V>
void growth_is_over(Program& program) {
  Recorded<V> m;
  m.fill(3);
  program.thread([&] { m.insert(4, 40, m.a); });
  program.thread([&] { m.insert(5, 50, m.b), m.erase(1, m.b); });
  program.run();
  m.check(5);
}

/// A walk that has to see these keys, which are there throughout, and each once.
template <class V>
void walk(Recorded<V>& m, std::initializer_list<int> keys, Hazards* mine) {
  int count[12] = {};
  const auto see = [&](int key, const V& value) {
    ++count[key];
    require(value == 10 * key, "somebody else's value");
  };
  m.map->for_each(see, *mine);
  for (const int key : keys) require(count[key] == 1, "a walk sees what is there throughout, and once");
}

// A bucket is moved before, and the last one, at which the root changes, while a walk is under way or about to be.
template <class V>
void end_of_growth_and_walk(Program& program) {
  Recorded<V> m(2);
  m.fill(5);
  program.thread([&] { m.insert(10, 100, m.a); });
  program.thread([&] { walk(m, {1, 2, 3, 4, 5}, m.b); });
  program.run();
  m.check(10);
}

template <class V>
void growth_and_walk(Program& program) {
  Recorded<V> m;
  m.fill(4);
  program.thread([&] { m.insert(5, 50, m.a); });
  program.thread([&] { walk(m, {1, 2, 3, 4}, m.b); });
  program.run();
  m.check(5);
}

template <class V>
void walk_and_insertion(Program& program) {
  Recorded<V> m(4);
  m.fill(3);
  m.erase(1, m.a), m.erase(2, m.a);
  m.insert(4, 40, m.a);
  program.thread([&] { m.insert(5, 50, m.a), m.insert(6, 60, m.a); });
  program.thread([&] { walk(m, {3, 4}, m.b); });
  program.run();
  m.check(6);
}

template <class V>
void walk_and_removal(Program& program) {
  Recorded<V> m(4);
  m.fill(4);
  m.erase(2, m.a);
  program.thread([&] { m.erase(1, m.a), m.insert(5, 50, m.a), m.a->collect(); });
  program.thread([&] { walk(m, {3, 4}, m.b); });
  program.run();
  m.check(5);
}

// What a value points to.
void pointers(Program& program) {
  using Pointer = ModelPlain<int>*;
  using Map = ConcurrentMap<int, Pointer, Hazards, TwoHashes, ModelAtomics>;
  ModelPlain<int> numbers[3];
  Hazards::Domain domain;
  Hazards* const a = domain.join();
  Hazards* const b = domain.join();
  auto map = Map::create(1).value();
  program.thread([&] {
    numbers[1].set(1), numbers[2].set(2);
    require(map->insert(1, &numbers[1], *a).value() && !map->assign(1, &numbers[2], *a).value(), "the key is new, then is not");
  });
  program.thread([&] {
    Pointer found = nullptr;
    if (map->get(1, found, *b)) require(found->get() > 0, "somebody else's value");
  });
  program.run();
}

template <class V>
std::vector<Trial> trials(unsigned deeper) {
  std::vector<Trial> trials;
  const auto add = [&](auto scenario) { trials.push_back({scenario, {.limits = {.steps = 2000}}}); };
  const auto add_with = [&](auto scenario) { add([=](Program& program) { scenario(program, static_cast<int>(deeper)); }); };
  add(two_insertions<V>), add_with(insertion_and_search<V>), add_with(cell_is_used_again<V>);
  add_with(insertion_and_removal<V>), add_with(two_removals<V>), add_with(update_and_search<V>), add_with(two_updates<V>);
  add(update_and_insertion<V>), add(messages<V>);
  add(chain_becomes_longer<V>), add(cell_behind_the_first_bucket<V>);
  add_with(growth_and_search<V>), add(growth_begins<V>), add_with(growth_and_removal<V>), add(two_movers<V>);
  add(walk_and_insertion<V>), add(walk_and_removal<V>), add(end_of_growth_and_walk<V>);
  if (!std::same_as<V, int> && deeper == 0) return trials;
  add(pointers), add(growth_is_over<V>), add(growth_and_walk<V>);  // with nodes more executions than a day has time for
  return trials;
}

TEST(ConcurrentMapModel, IsAMapWithItemsInCells) { EXPECT_EQ(failures(trials<int>(depth())), ""); }
TEST(ConcurrentMapModel, IsAMapWithItemsInNodes) { EXPECT_EQ(failures(trials<Large>(depth())), ""); }

TEST(ConcurrentMapModel, NeedsEachOfItsOrders) {
  std::vector<Trial> all = trials<int>(0);
  for (const Trial& trial : trials<Large>(0)) all.push_back(trial);
  EXPECT_EQ(hunt(all, {"concurrent_map.hpp", "map_table.hpp", "map_reading.inc", "map_writing.inc", "map_growing.inc"}).text(),
            "");
}

}  // namespace
}  // namespace libabi::sync::model

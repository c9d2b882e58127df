#pragma once
// What was done to a structure, and which of it was over before which other began.

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace libabi::sync::model {

enum class Verb : std::uint8_t { push, pop, steal, insert, assign, update, erase, find };

/// One call and what came of it.
struct Operation {
  Verb verb;
  bool ok = false;  ///< push: there was room; pop, steal: there was an item; insert and so on: as the map's
  int value = 0;    ///< pushed, popped, stolen, inserted, assigned, found; update: what it became
  int key = 0;      ///< of a map
};

/// A call in a history: before[lane] calls of each other lane were over when it began. A lane holds calls that follow each
/// other: those of one thread.
struct Call {
  Operation operation;
  std::vector<std::uint32_t> before;
};
using Lanes = std::vector<std::vector<Call>>;

/// The calls of one key each: a map is linearizable if and only if each of its keys is (Herlihy and Wing's locality).
std::vector<Lanes> by_key(const Lanes& lanes);

/// Without the calls of these verbs that failed while a call of another lane was not ordered against them: for structures that
/// may look empty or full as long as another thread is inside a call.
Lanes without_excused_failures(const Lanes& lanes, std::initializer_list<Verb> verbs);

}  // namespace libabi::sync::model

#pragma once
// Sequential structures, against which linearizability.hpp holds histories. apply() does an operation and says whether it would
// have come out that way; write() gives the state to a memory of states.

#include "sync/model/operation.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>

namespace libabi::sync::model {

/// First in, first out. A push fails where `capacity` items are inside; capacity 0 is none.
struct Fifo {
  std::size_t capacity = 0;
  std::deque<int> items{};

  bool apply(const Operation& operation) {
    if (operation.verb == Verb::push) {
      const bool room = capacity == 0 || items.size() < capacity;
      if (room && operation.ok) items.push_back(operation.value);
      return room == operation.ok;
    }
    if (items.empty() || !operation.ok) return items.empty() && !operation.ok;
    const int first = items.front();
    items.pop_front();
    return first == operation.value;
  }
  void write(auto&& put) const { std::ranges::for_each(items, put); }
};

/// The owner pushes and pops at one end, thieves steal at the other. Without thieves: a stack.
struct Deque {
  std::deque<int> items{};

  bool apply(const Operation& operation) {
    if (operation.verb == Verb::push) {
      if (operation.ok) items.push_back(operation.value);
      return true;  // it may fail for want of memory
    }
    if (items.empty() || !operation.ok) return items.empty() && !operation.ok;
    const bool newest = operation.verb == Verb::pop;
    const int item = newest ? items.back() : items.front();
    newest ? items.pop_back() : items.pop_front();
    return item == operation.value;
  }
  void write(auto&& put) const { std::ranges::for_each(items, put); }
};

/// One key of a map: insert() succeeds where the key is absent, and assign() says whether it was; erase(), find() and update(),
/// which adds one, succeed where it is there. find() and update() tell its value.
struct MapEntry {
  std::optional<int> value{};

  bool apply(const Operation& operation) {
    const bool there = value.has_value();
    const bool adds = operation.verb == Verb::insert || operation.verb == Verb::assign;
    if (operation.ok != (there != adds)) return false;
    switch (operation.verb) {
      case Verb::insert:
        if (!there) value = operation.value;
        return true;
      case Verb::assign: value = operation.value; return true;
      case Verb::erase: value.reset(); return true;
      case Verb::update:
        if (there) ++*value;
        break;
      default: break;
    }
    return !there || *value == operation.value;
  }
  void write(auto&& put) const { put(value.value_or(0)), put(value.has_value()); }
};

}  // namespace libabi::sync::model

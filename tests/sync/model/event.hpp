#pragma once
// What a thread does to an atomic, as a node of an execution graph (graph.hpp).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace libabi::sync::model {

/// Thread 0 is the body of a scenario, before and after its threads.
inline constexpr std::size_t kThreads = 8;

/// How many events of each thread are known: a vector clock.
struct Clock {
  std::array<std::uint16_t, kThreads> known{};

  void join(const Clock& other) noexcept {
    for (std::size_t i = 0; i < kThreads; ++i) known[i] = std::max(known[i], other.known[i]);
  }
  bool covers(const Clock& other) const noexcept {
    for (std::size_t i = 0; i < kThreads; ++i)
      if (known[i] < other.known[i]) return false;
    return true;
  }
};

/// The index-th event of a thread. An atomic is named by the event that constructed it.
struct EventId {
  std::uint16_t thread = 0xffff;
  std::uint16_t index = 0xffff;

  explicit operator bool() const noexcept { return thread != 0xffff; }
  friend bool operator==(const EventId&, const EventId&) = default;
};

inline bool covers(const Clock& clock, EventId id) noexcept { return id.index < clock.known[id.thread]; }

enum class Kind : std::uint8_t {
  construct,  ///< the first store of an atomic, which is not atomic itself
  load,
  store,
  update_load,   ///< the first half of a read-modify-write
  update_store,  ///< the second: it follows its first half in the thread and what that read in the modification order
  fence,
};

/// The memory orders, and the two asymmetric fences.
enum class Order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst, light, heavy };

inline bool acquires(Order order) noexcept {
  return order == Order::acquire || order == Order::acq_rel || order == Order::seq_cst || order == Order::heavy;
}
inline bool releases(Order order) noexcept {
  return order == Order::release || order == Order::acq_rel || order == Order::seq_cst || order == Order::heavy;
}

struct Event {
  Kind kind = Kind::fence;
  Order order = Order::relaxed;
  bool conditional = false;  ///< a compare-and-swap's load: it updates where it reads `expected`
  bool weak = false;
  bool spurious = false;    ///< a weak compare-and-swap that failed without a reason
  bool ended = false;       ///< of a construct: the atomic's destructor ran
  bool data = false;        ///< of a construct: is_data (atomics.hpp)
  std::uint32_t stamp = 0;  ///< when it was added to the graph
  EventId location;
  EventId source;   ///< of a load: the store it reads; of an update_store: what its first half read
  EventId floor;    ///< the first store in the modification order that a load may read, or that a store may follow
  EventId mo_next;  ///< of a store
  EventId mo_previous;
  std::uint64_t value = 0;  ///< read or written, in this run: pointers differ from run to run
  std::uint64_t expected = 0;
  Clock happened;  ///< what happens before it, itself included
  Clock caused;    ///< what it follows by program order and reads-from, itself included
  Clock message;   ///< of a store: what an acquiring load that reads it comes to know; of a construct: who touched the atomic

  bool reads() const noexcept { return kind == Kind::load || kind == Kind::update_load; }
  bool writes() const noexcept { return kind == Kind::construct || kind == Kind::store || kind == Kind::update_store; }
  bool sequential() const noexcept { return order >= Order::seq_cst; }
};

}  // namespace libabi::sync::model

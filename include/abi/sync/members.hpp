#pragma once
/// The threads that take part in a reclamation domain. Not for users.

#include <abi/sync/atomics.hpp>
#include <abi/sync/capacity.hpp>
#include <abi/sync/reclaimer.hpp>

#include <array>

namespace libabi::sync::detail {

/// A record per thread, in a list that only grows; a record that its thread has left is taken by the next one. `built_in`
/// records need no memory. A record has members `next_member` (its own) and `taken` (an atomic bool).
template <class Record, class Policy, std::size_t built_in>
class Members {
 public:
  constexpr Members() = default;
  ~Members() {
    for (Record* record = first(); record;) {
      Record* const next = record->next_member;
      if (!is_built_in(record)) delete record;
      record = next;
    }
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  /// A record that is the caller's; null where the system has no memory for one more.
  Record* join() noexcept {
    for (Record* record = first(); record; record = record->next_member)
      if (take(*record)) return record;
    Record* record = nullptr;
    // relaxed: a number is all that is shared out.
    if (const std::size_t number = built_in_used_.load(std::memory_order_relaxed) < built_in
                                       ? built_in_used_.fetch_add(1, std::memory_order_relaxed)
                                       : built_in;
        number < built_in)
      record = &built_in_[number];
    else
      record = make_object<Record>().release();
    if (!record) return nullptr;
    record->taken.store(true, std::memory_order_relaxed);  // relaxed: not in the list yet
    Record* next = members_.load(std::memory_order_relaxed);
    do record->next_member = next;
    // release: the record. Those below it come with the chain of read-modify-writes.
    while (!members_.compare_exchange_weak(next, record, std::memory_order_release, std::memory_order_relaxed));
    return record;
  }

  void leave(Record& record) noexcept {
    alone<Policy>(&record);
    record.taken.store(false, std::memory_order_release);  // release: what take() acquires
  }

  /// All records, in use or not. acquire: the records themselves.
  Record* first() const noexcept { return members_.load(std::memory_order_acquire); }

  /// What a thread that leaves could not free.
  void leave_behind(RetiredList& list) noexcept {
    if (!list.first) return;
    alone<Policy>(list.first);
    Retirable* last = list.first;
    while (last->next_retired) last = last->next_retired;
    Retirable* top = orphans_.load(std::memory_order_relaxed);
    do last->next_retired = top;
    // release: the objects and their links.
    while (!orphans_.compare_exchange_weak(top, list.first, std::memory_order_release, std::memory_order_relaxed));
    list = {};
  }
  /// All that was left behind is the caller's to free now.
  Retirable* adopt() noexcept {
    if (!orphans_.load(std::memory_order_relaxed)) return nullptr;
    Retirable* const chain = orphans_.exchange(nullptr, std::memory_order_acquire);  // acquire: what leave_behind() releases
    if (chain) alone<Policy>(chain);
    return chain;
  }

 private:
  bool take(Record& record) noexcept {
    if (record.taken.load(std::memory_order_relaxed)) return false;
    bool taken = false;
    // acquire: the thread before us left the record as it must be found.
    if (!record.taken.compare_exchange_strong(taken, true, std::memory_order_acquire, std::memory_order_relaxed)) return false;
    alone<Policy>(&record);
    return true;
  }
  bool is_built_in(const Record* record) const noexcept {
    for (const Record& each : built_in_)
      if (&each == record) return true;
    return false;
  }

  typename Policy::template Atomic<Record*> members_{nullptr};
  typename Policy::template Atomic<Retirable*> orphans_{nullptr};
  typename Policy::template Atomic<std::size_t> built_in_used_{0};
  std::array<Record, built_in> built_in_{};
};

}  // namespace libabi::sync::detail

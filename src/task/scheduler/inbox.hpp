#pragma once

#include <abi/task/executor.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

namespace libabi::task::detail {

/// The jobs that belong to no worker, first in first out for each priority. Who submits pushes on a stack by one
/// compare-and-swap, whatever the consumers do; a consumer that finds its list empty takes the whole stack and turns it over.
///
/// Not three sync::Inbox: who is about to sleep looks at all of them, so they share a line, are ordered seq_cst with the books of
/// sleepers, and never seem empty while a consumer turns one over.
class Inbox {
 public:
  static constexpr std::size_t priorities = 3;

  void push(Job& job) noexcept {
    std::atomic<Job*>& top = arrived_[static_cast<std::size_t>(job.priority)];
    job.next = top.load(std::memory_order_relaxed);
    // seq_cst: who parks looks here after it has said so, and who submits looks for those afterwards.
    while (!top.compare_exchange_weak(job.next, &job, std::memory_order_seq_cst, std::memory_order_relaxed)) {
    }
  }

  /// Whether there seems to be a job; never false for one that was there before the caller's last full fence.
  bool has(Priority priority) const noexcept {
    const auto index = static_cast<std::size_t>(priority);
    return arrived_[index].load(std::memory_order_seq_cst) || waiting_[index].load(std::memory_order_seq_cst);
  }
  bool empty() const noexcept { return !has(Priority::high) && !has(Priority::normal) && !has(Priority::low); }

  /// The job that has waited longest; null where there is none.
  Job* pop(Priority priority) noexcept {
    if (!has(priority)) return nullptr;
    const auto index = static_cast<std::size_t>(priority);
    const std::lock_guard lock(mutexes_[index]);
    Job* first = waiting_[index].load(std::memory_order_relaxed);
    if (!first) {
      // Something, so that has() is true between the two next steps too.
      waiting_[index].store(arrived_[index].load(std::memory_order_relaxed), std::memory_order_seq_cst);
      first = in_order_of_arrival(arrived_[index].exchange(nullptr, std::memory_order_seq_cst));
    }
    waiting_[index].store(first ? first->next : nullptr, std::memory_order_seq_cst);
    return first;
  }

 private:
  static Job* in_order_of_arrival(Job* last) noexcept {
    Job* first = nullptr;
    while (last) {
      Job* const before = last->next;
      last->next = first;
      first = last;
      last = before;
    }
    return first;
  }

  // One line for what idle workers look at.
  alignas(64) std::array<std::atomic<Job*>, priorities> arrived_{};
  std::array<std::atomic<Job*>, priorities> waiting_{};  // the heads of the consumers' lists
  alignas(64) std::array<std::mutex, priorities> mutexes_;
};

}  // namespace libabi::task::detail

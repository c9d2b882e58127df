#pragma once
/// The loops that every allocator runs, compiled in the file that sees the allocator, so that what it can do inline is inline.
/// An Allocator has `void* take(std::size_t bytes)` and `void give(void* block, std::size_t bytes)`, which any thread may call.

#include "measure.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace bench::memory {

inline constexpr std::size_t kSizes = 4096;

/// Sizes of `least` to `most` bytes, the same in every run.
inline std::array<std::uint16_t, kSizes> sizes(unsigned least, unsigned most) {
  std::mt19937 random(1);
  std::uniform_int_distribution<unsigned> size(least, most);
  std::array<std::uint16_t, kSizes> list;
  for (auto& each : list) each = static_cast<std::uint16_t>(size(random));
  return list;
}

/// 16 to 1024 bytes on one thread: a block picked at random out of 1000 is given back, and one of another size is taken in its
/// place and written to. ns a pair.
template <class Allocator>
double mix(Allocator& allocator) {
  static const auto list = sizes(16, 1024);
  constexpr std::size_t steps = 1'000'000;
  struct Slot {
    void* block;
    std::size_t bytes;
  };
  std::array<Slot, 1000> slots;
  for (std::size_t each = 0; each < slots.size(); ++each) slots[each] = {allocator.take(list[each]), list[each]};
  std::uint64_t random = 0x9e3779b97f4a7c15;
  const auto run = [&](std::size_t count) {
    for (std::size_t step = 0; step < count; ++step) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      Slot& slot = slots[(random >> 32) * slots.size() >> 32];
      allocator.give(slot.block, slot.bytes);
      slot.bytes = list[step % kSizes];
      slot.block = allocator.take(slot.bytes);
      *static_cast<std::uint64_t*>(slot.block) = step;
    }
  };
  run(steps / 10);
  const double taken = seconds([&] { run(steps); });
  for (Slot& slot : slots) allocator.give(slot.block, slot.bytes);
  return taken / steps * 1e9;
}

/// 64-byte blocks: all of 10,000 are taken and written to, then all are given back in the order of their taking. ns a pair.
template <class Allocator>
double same_size(Allocator& allocator) {
  constexpr int rounds = 60;
  static std::vector<void*> blocks(10'000);
  const auto run = [&](int count) {
    for (int round = 0; round < count; ++round) {
      // keep(): what stands between two allocations in a program, which leaves the allocator's state in memory.
      for (void*& each : blocks) {
        each = allocator.take(64);
        *static_cast<void**>(each) = &each;
        keep(allocator);
      }
      for (void* const each : blocks) {
        allocator.give(each, 64);
        keep(allocator);
      }
    }
  };
  run(3);
  return seconds([&] { run(rounds); }) / rounds / static_cast<double>(blocks.size()) * 1e9;
}

/// A ring of block pointers between two threads; each side looks at the other's index only where its own copy does not do.
class Ring {
 public:
  void push(void* block) noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    while (head - tail_seen_ == kSlots) tail_seen_ = tail_.load(std::memory_order_acquire);
    slots_[head % kSlots] = block;
    head_.store(head + 1, std::memory_order_release);
  }
  void* pop() noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    while (head_seen_ == tail) head_seen_ = head_.load(std::memory_order_acquire);
    void* const block = slots_[tail % kSlots];
    tail_.store(tail + 1, std::memory_order_release);
    return block;
  }

 private:
  static constexpr std::size_t kSlots = 4096;
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0;
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0;
  alignas(64) std::array<void*, kSlots> slots_{};
};

/// One thread takes blocks of 16 to 1024 bytes and writes to them, the other reads and gives them back, through a ring. ns a
/// block.
template <class Allocator>
double across(Allocator& allocator) {
  static const auto list = sizes(16, 1024);
  constexpr std::size_t blocks = 1'000'000;
  const auto ring = std::make_unique<Ring>();
  const auto run = [&](std::size_t count) {
    std::jthread taker([&] {
      pin_this_thread(1);
      std::uint64_t sum = 0;
      for (std::size_t step = 0; step < count; ++step) {
        auto* const block = static_cast<std::uint64_t*>(ring->pop());
        sum += *block;
        allocator.give(block, list[step % kSizes]);
      }
      keep(sum);
    });
    pin_this_thread(0);
    for (std::size_t step = 0; step < count; ++step) {
      void* const block = allocator.take(list[step % kSizes]);
      *static_cast<std::uint64_t*>(block) = step;
      ring->push(block);
    }
    taker.join();
    unpin_this_thread();
  };
  run(blocks / 10);
  return seconds([&] { run(blocks); }) / blocks * 1e9;
}

/// A figure of an allocator of its own. It stands where a program's does, behind a pointer: on the loop's own frame a processor
/// can keep its state in registers.
template <class Allocator, class Loop>
double figure(Loop&& loop) {
  const auto allocator = std::make_unique<Allocator>();
  return loop(*allocator);
}

/// What a peer's file gives away; null where the peer is absent.
struct Peer {
  double (*mix)() = nullptr;
  double (*same_size)() = nullptr;
  double (*across)() = nullptr;
};

template <class Allocator>
Peer peer() {
  return {[] { return figure<Allocator>(mix<Allocator>); }, [] { return figure<Allocator>(same_size<Allocator>); },
          [] { return figure<Allocator>(across<Allocator>); }};
}

Peer mimalloc();
Peer snmalloc();
/// boost::pool of 64-byte blocks; the one peer of one size and one thread.
double boost_pool_same_size();

}  // namespace bench::memory

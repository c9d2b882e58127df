#pragma once
/// Hazard pointers: a guard protects one pointer, and what a thread can hold back is bounded. See reclaimer.hpp.
///
///     HazardReclaimer<>& mine = HazardReclaimer<>::local();
///     HazardReclaimer<>::Guard guard(mine);
///     if (Node* node = guard.protect(head_)) use(node->value);
///
/// Michael's scheme (2004): a guard writes the pointer into a slot that all can read, and looks whether the source still holds
/// it; whoever frees leaves out what stands in a slot. The write must not pass the second look. That is an asymmetric fence
/// here: light in the guard, heavy once for every batch of retired objects.
///
/// Guarantees: all calls are noexcept; protect() is lock-free (it repeats when the source changes), the rest wait-free but for
/// retire(), which frees. A guard protects what its last protect() returned, until the next one, reset() or its end. Each
/// thread has `slots` guards at a time; more are had by the records of threads that left, or new ones. At most
/// kBatch + slots * threads objects a thread stay unfreed. Beyond `built_in` records a domain needs memory for each; local() and
/// Guard wait for a thread to end where there is none.
///
/// Cost (rows runtime.guard.*): a guard 1 to 2 ns; retiring a fence by membarrier(2) and a look at all slots every 64 times.

#include <abi/sync/members.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>

namespace libabi::sync {

template <class Policy = StdAtomics, std::size_t built_in = 64, unsigned slots = 8>
class HazardDomain;

/// One thread's part in a domain.
template <class Policy = StdAtomics, std::size_t built_in = 64, unsigned slots = 8>
class HazardReclaimer {
 public:
  using Domain = HazardDomain<Policy, built_in, slots>;
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

  class Guard {
   public:
    explicit Guard(HazardReclaimer& mine) noexcept : owner_(mine.with_free_slot()), slot_(owner_.take_slot()) {}
    ~Guard() {
      reset();
      owner_.free_ |= 1u << slot_;
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    template <class T>
    T* protect(const Atomic<T*>& source) noexcept {
      T* object = source.load(std::memory_order_relaxed);  // relaxed: a guess
      for (;;) {
        show(object);
        T* const now = source.load(std::memory_order_acquire);  // acquire: the object
        if (now == object) return object;
        object = now;
      }
    }
    /// For code that makes sure by itself, by what it loads after this, that the object is not retired yet.
    void show(const Retirable* object) noexcept {
      // release: what was read by the pointer that stood here before, was read.
      owner_.hazards_[slot_].store(object, std::memory_order_release);
      Policy::light_fence();
    }
    void reset() noexcept { owner_.hazards_[slot_].store(nullptr, std::memory_order_release); }  // release: as above

   private:
    HazardReclaimer& owner_;
    unsigned slot_;
  };
  struct Region {
    explicit Region(HazardReclaimer&) noexcept {}
  };

  constexpr HazardReclaimer() = default;
  HazardReclaimer(const HazardReclaimer&) = delete;
  HazardReclaimer& operator=(const HazardReclaimer&) = delete;

  /// This thread's part in the domain of the process.
  static HazardReclaimer& local() noexcept;

  void retire(Retirable& object, Free free) noexcept {
    object.free_retired = free;
    retired_.add(object);
    if (retired_.count >= wait_for_) collect();
  }
  /// Frees all that stands in no slot.
  void collect() noexcept;

  // Of Members.
  HazardReclaimer* next_member = nullptr;
  Atomic<bool> taken{false};

 private:
  friend Domain;
  static_assert(slots <= 32);
  static constexpr unsigned kBatch = 64;  // a fence of a microsecond, divided by that

  unsigned take_slot() noexcept {
    const auto slot = static_cast<unsigned>(std::countr_zero(free_));
    free_ &= free_ - 1;
    return slot;
  }
  HazardReclaimer& with_free_slot() noexcept { return free_ != 0 ? *this : more(); }
  HazardReclaimer& more() noexcept;
  void abandon() noexcept;

  alignas(64) std::array<Atomic<const Retirable*>, slots> hazards_{};
  std::uint32_t free_ = static_cast<std::uint32_t>((std::uint64_t{1} << slots) - 1);  // slots without a guard
  unsigned wait_for_ = kBatch;
  Domain* domain_ = nullptr;
  HazardReclaimer* more_ = nullptr;  // for guards beyond `slots`
  detail::RetiredList retired_;
};

template <class Policy, std::size_t built_in, unsigned slots>
class HazardDomain {
 public:
  using Reclaimer = HazardReclaimer<Policy, built_in, slots>;
  constexpr HazardDomain() = default;
  /// No thread has a guard, and none will. Everything that was retired is freed.
  ~HazardDomain();

  /// A reclaimer for the calling thread until leave(); null where the system has no memory for it.
  Reclaimer* join() noexcept {
    Reclaimer* const mine = members_.join();
    if (mine) mine->domain_ = this;
    return mine;
  }
  /// Without guards. What cannot be freed yet is left to the other threads.
  void leave(Reclaimer& mine) noexcept {
    if (mine.more_) leave(*std::exchange(mine.more_, nullptr));
    mine.collect();
    members_.leave_behind(mine.retired_);
    members_.leave(mine);
  }
  /// In the child of a fork(): only `mine`, which may be null, is still there.
  void forget_others(Reclaimer* mine) noexcept;

 private:
  friend Reclaimer;
  detail::Members<Reclaimer, Policy, built_in> members_;
};

/// The next record of this thread that has a slot; one is taken where none has.
template <class Policy, std::size_t built_in, unsigned slots>
auto HazardReclaimer<Policy, built_in, slots>::more() noexcept -> HazardReclaimer& {
  while (!more_) {
    more_ = domain_->join();
    if (!more_) Policy::pause();
  }
  return more_->with_free_slot();
}

template <class Policy, std::size_t built_in, unsigned slots>
void HazardReclaimer<Policy, built_in, slots>::collect() noexcept {
  retired_.take_over(domain_->members_.adopt());
  // Every guard that saw one of the objects linked shows it from here on.
  Policy::heavy_fence();
  // The slots are looked at in portions, which need no memory; what stands in none of them is freed at the end.
  detail::RetiredList kept;
  std::array<const Retirable*, 128> shown{};
  std::size_t count = 0;
  const auto sift = [&] {
    std::ranges::sort(shown.begin(), shown.begin() + count, std::less<>());
    detail::RetiredList rest;
    for (Retirable* object = std::exchange(retired_, {}).first; object;) {
      Retirable* const next = object->next_retired;
      const bool protects = std::binary_search(shown.begin(), shown.begin() + count, object, std::less<>());
      (protects ? kept : rest).add(*object);
      object = next;
    }
    retired_ = rest;
    count = 0;
  };
  for (const HazardReclaimer* each = domain_->members_.first(); each; each = each->next_member)
    for (const auto& hazard : each->hazards_) {
      // acquire: what was read by pointers that stood there before, was read.
      const Retirable* const object = hazard.load(std::memory_order_acquire);
      if (!object) continue;
      shown[count++] = object;
      if (count == shown.size()) sift();
    }
  sift();
  detail::RetiredList dead = std::exchange(retired_, kept);
  wait_for_ = retired_.count + kBatch;  // so that what is held back is not looked at again and again
  dead.free_all();
}

/// Its thread is gone, perhaps in the middle of anything.
template <class Policy, std::size_t built_in, unsigned slots>
void HazardReclaimer<Policy, built_in, slots>::abandon() noexcept {
  // relaxed: the child of a fork() has one thread.
  for (auto& hazard : hazards_) hazard.store(nullptr, std::memory_order_relaxed);
  free_ = static_cast<std::uint32_t>((std::uint64_t{1} << slots) - 1);
  wait_for_ = kBatch;
  more_ = nullptr;
  retired_ = {};
  taken.store(false, std::memory_order_relaxed);
}

template <class Policy, std::size_t built_in, unsigned slots>
void HazardDomain<Policy, built_in, slots>::forget_others(Reclaimer* mine) noexcept {
  const auto is_mine = [&](const Reclaimer* record) {
    for (const Reclaimer* own = mine; own; own = own->more_)
      if (own == record) return true;
    return false;
  };
  for (Reclaimer* each = members_.first(); each; each = each->next_member)
    if (!is_mine(each)) each->abandon();
}

template <class Policy, std::size_t built_in, unsigned slots>
HazardDomain<Policy, built_in, slots>::~HazardDomain() {
  detail::RetiredList rest;
  rest.take_over(members_.adopt());
  for (Reclaimer* each = members_.first(); each; each = each->next_member)
    rest.take_over(std::exchange(each->retired_, {}).first);
  rest.free_all();
}

namespace detail {
/// This thread's part in the domain of the process, null until it is first asked for.
extern ABI_API constinit thread_local HazardReclaimer<>* local_hazards __attribute__((tls_model("initial-exec")));
ABI_API HazardReclaimer<>& join_process_hazards() noexcept;
}  // namespace detail

template <>
inline HazardReclaimer<>& HazardReclaimer<>::local() noexcept {
  if (HazardReclaimer<>* const mine = detail::local_hazards) [[likely]]
    return *mine;
  return detail::join_process_hazards();
}

}  // namespace libabi::sync

#pragma once
/// A worker's own stack of ready work, from whose other end idle workers steal.
///
///     WorkStealingDeque<Job*> jobs;
///     if (!jobs.push(&job)) run(job);             // owner; false: no memory
///     if (Job* mine = jobs.pop()) run(*mine);     // owner: the newest
///     if (Job* other = jobs.steal()) run(*other); // any thread: the oldest
///
/// The items stand in a ring by ever growing indices, as in Chase and Lev's deque (SPAA 2005; orderings for weak memory: Le,
/// Pop, Cohen and Zappa Nardelli, PPoPP 2013), which is split as in Lace (van Dijk and van de Pol, 2014):
///
///         top            end                     bottom
///      ────┼──── public ──┼─────── private ────────┼────      thieves take at top, the owner pushes and pops at bottom
///
/// Thieves take from the public part alone, by one compare-and-swap of a word that holds `end`, the number of public items and
/// a request. The private part is the owner's, who takes from it without a fence or a read-modify-write. A thief that finds
/// nothing public sets the request; the owner sees it in the word that its next push or pop compares anyway, and makes the
/// older half of its items public. A thief whom the owner does not answer, being busy with a long item, interrupts it by a
/// heavy fence and makes that half public by itself. So the owner pays nothing, and a thief pays one compare-and-swap where
/// work is fine-grained and some microseconds where it is coarse and does not matter.
///
/// Guarantees: push(), pop(), size_hint() are the owner's; steal() is any thread's, the owner's too. Every item comes out once.
/// push() and pop() are lock-free, steal() too; a steal that returns nothing saw a moment at which nothing could be had. What
/// the owner wrote before push() is seen by whoever gets the item. All calls are noexcept; push() alone allocates, when the
/// ring is full, and is false with nothing changed where there is no memory. Rings that were outgrown are kept until the end,
/// together as much memory as the last one. At destruction no other thread is inside a call; items left inside are dropped.
///
/// Cost (rows runtime.deque.*): push and pop together about 1 ns; a steal one contended cache line.

#include <abi/memory/fault.hpp>
#include <abi/sync/atomics.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

namespace libabi::sync {

/// T is what std::atomic holds without a lock: a pointer (then never null) or a small number.
template <class T, class Policy = StdAtomics>
class WorkStealingDeque {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// What may be an item: a pointer that may be null, or an optional (which g++ 12 returns by way of memory, 5 ns).
  using Maybe = std::conditional_t<std::is_pointer_v<T>, T, std::optional<T>>;
  /// How many times a thief looks for the owner's answer before it interrupts it: about a microsecond.
  static constexpr unsigned default_patience = 50;

  /// Allocates nothing yet. The first ring has room for `first_capacity` items, rounded up to a power of two.
  explicit WorkStealingDeque(std::size_t first_capacity = 256, unsigned patience = default_patience) noexcept
      : first_capacity_(std::bit_ceil(std::clamp<std::size_t>(first_capacity, 2, kLargest))), patience_(patience) {}
  ~WorkStealingDeque();
  WorkStealingDeque(const WorkStealingDeque&) = delete;
  WorkStealingDeque& operator=(const WorkStealingDeque&) = delete;

  /// Owner. False, with nothing changed, where the ring is full and cannot grow.
  [[nodiscard]] bool push(T item) noexcept;
  /// Owner. The newest item.
  Maybe pop() noexcept;
  /// The oldest item.
  Maybe steal() noexcept;
  /// Up to half of the items that thieves can have now, oldest first, at most items.size(); how many. As cheap as one.
  std::size_t steal(std::span<T> items) noexcept;

  /// How many items there are, more or less; exact where nobody else is inside a call.
  std::size_t size_hint() const noexcept;
  bool empty_hint() const noexcept { return size_hint() == 0; }

 private:
  // The word: a request in the highest bit, then `end`, then the number of public items. It never returns to an earlier
  // value, which is what a compare-and-swap on it stands on: `end` never falls; while it stays, items leave; a request is set
  // when nothing is public, and taken back only together with a change of `end`. 2^46 items is a century of pushes.
  using Word = std::uint64_t;
  static constexpr unsigned kCountBits = 17;
  static constexpr Word kCountMask = (Word{1} << kCountBits) - 1;
  static constexpr Word kRequest = Word{1} << 63;
  static constexpr std::uint64_t kFirst = 1;  // index, so that the bottom of an empty deque can go one down for a moment
  static constexpr std::size_t kLargest = std::size_t{1} << 40;

  static constexpr Word word(std::uint64_t end, std::uint64_t count) noexcept { return end << kCountBits | count; }
  static constexpr std::uint64_t end_of(Word word) noexcept { return (word & ~kRequest) >> kCountBits; }
  static constexpr std::uint64_t count_of(Word word) noexcept { return word & kCountMask; }
  static constexpr std::uint64_t top_of(Word word) noexcept { return end_of(word) - count_of(word); }
  static constexpr std::uint64_t older_half(std::uint64_t items) noexcept { return std::min((items + 1) / 2, kCountMask); }

  using Slot = typename Policy::template Atomic<T>;  // atomic: a thief that is too late reads it while the owner writes
  struct Ring {
    std::uint64_t mask;
    Ring* outgrown;
    std::unique_ptr<Slot[]> slots;
    Slot& operator[](std::uint64_t index) noexcept { return slots[index & mask]; }
  };

  T take_private(std::uint64_t index) noexcept { return (*own_)[index].load(std::memory_order_relaxed); }
  bool make_room(std::uint64_t bottom) noexcept;
  bool grow(std::uint64_t top, std::uint64_t bottom) noexcept;
  void answer(std::uint64_t bottom) noexcept;
  Maybe pop_slowly(std::uint64_t bottom) noexcept;
  T take_back(std::uint64_t end, std::uint64_t count) noexcept;
  std::size_t take(Word seen, Word next, std::uint64_t first, std::span<T> items) noexcept;
  std::size_t interrupt(Word seen, std::span<T> items) noexcept;

  // The owner's line. Others look at bottom_ only where they found nothing public.
  alignas(64) typename Policy::template Atomic<std::uint64_t> bottom_{kFirst};
  std::uint64_t full_at_ = kFirst;  // the bottom at which slots of items that may still be there would be written
  Ring* own_ = nullptr;
  std::size_t first_capacity_;
  // What thieves change.
  alignas(64) typename Policy::template Atomic<Word> word_{word(kFirst, 0)};
  // What hardly changes.
  alignas(64) typename Policy::template Atomic<Ring*> ring_{nullptr};
  unsigned patience_;
};

template <class T, class Policy>
WorkStealingDeque<T, Policy>::~WorkStealingDeque() {
  for (Ring* ring = own_; ring;) delete std::exchange(ring, ring->outgrown);
}

template <class T, class Policy>
bool WorkStealingDeque<T, Policy>::push(T item) noexcept {
  const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);  // the owner's own
  if (bottom == full_at_ && !make_room(bottom)) [[unlikely]]
    return false;
  // relaxed: whoever takes the item finds it through bottom_ or word_, which release it.
  (*own_)[bottom].store(item, std::memory_order_relaxed);
  // release: a thief that interrupts the owner reads the slots below the bottom that it sees.
  bottom_.store(bottom + 1, std::memory_order_release);
  // relaxed: a request that is seen late is answered by the next call, or the thief interrupts.
  if (word_.load(std::memory_order_relaxed) & kRequest) [[unlikely]]
    answer(bottom + 1);
  return true;
}

template <class T, class Policy>
auto WorkStealingDeque<T, Policy>::pop() noexcept -> Maybe {
  const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
  // The store must not pass the load of the word: a thief sets the request, puts a heavy fence, and looks at bottom_. Either it
  // sees that this item is gone or we see the request. release: a thief may read this very store, and then the slots and the ring
  // that push() wrote before it; since C++20 a plain store does not continue the release sequence of push().
  bottom_.store(bottom - 1, std::memory_order_release);
  Policy::light_fence();
  // relaxed: the item is private and our own. One comparison says that there is no request and that end <= bottom - 1, which an
  // empty deque does not meet.
  const Word seen = word_.load(std::memory_order_relaxed);
  if (seen <= word(bottom - 1, kCountMask)) [[likely]]
    return take_private(bottom - 1);
  return pop_slowly(bottom);
}

template <class T, class Policy>
auto WorkStealingDeque<T, Policy>::pop_slowly(std::uint64_t bottom) noexcept -> Maybe {
  for (;;) {
    // relaxed: what is taken here was written here, and thieves leave nothing behind but smaller numbers.
    Word seen = word_.load(std::memory_order_relaxed);
    const std::uint64_t end = end_of(seen);
    const std::uint64_t count = count_of(seen);
    if (bottom > end + 1) {  // private items, and a request: half of what stays is given away
      const std::uint64_t given = older_half(bottom - 1 - end);
      // release: the thief that acquires the word reads the slots.
      if (!(seen & kRequest) ||
          word_.compare_exchange_strong(seen, word(end + given, given), std::memory_order_release, std::memory_order_relaxed))
        return take_private(bottom - 1);
    } else if (bottom > end) {
      // The last item, and a request, which stays for the next push. The word must change, since a thief may be about to make
      // the item public on the strength of a bottom_ it saw before; so the index is used up. relaxed: nothing is handed on.
      if (!(seen & kRequest) ||
          word_.compare_exchange_strong(seen, word(bottom, 0) | kRequest, std::memory_order_relaxed, std::memory_order_relaxed)) {
        if (seen & kRequest) bottom_.store(bottom, std::memory_order_relaxed);
        return take_private(bottom - 1);
      }
    } else if (count == 0) {
      bottom_.store(bottom, std::memory_order_relaxed);  // back; a thief that saw one less found nothing, rightly
      return Maybe{};
    } else if (word_.compare_exchange_strong(seen, word(end, 0), std::memory_order_acquire, std::memory_order_relaxed)) {
      // All that is public is taken back at once, since an item that only leaves the upper end would let the word return to an
      // earlier value. The items are our own; acquire: as in make_room(), for the slots that take_back() writes.
      return take_back(end, count);
    }
  }
}

/// The newest of the items [end - count, end), which are the owner's now; the others become private, above end.
template <class T, class Policy>
T WorkStealingDeque<T, Policy>::take_back(std::uint64_t end, std::uint64_t count) noexcept {
  // Upwards: a slot that is written here was read before, however full the ring is. relaxed, release: as in push().
  for (std::uint64_t index = end - count; index + 1 < end; ++index)
    (*own_)[index + count].store(take_private(index), std::memory_order_relaxed);
  const T newest = take_private(end - 1);
  full_at_ = end + own_->mask + 1;
  bottom_.store(end + count - 1, std::memory_order_release);
  return newest;
}

/// A thief asked: the older half becomes public. It is the owner who calls, with at least one item private.
template <class T, class Policy>
void WorkStealingDeque<T, Policy>::answer(std::uint64_t bottom) noexcept {
  Word seen = word_.load(std::memory_order_relaxed);
  if (!(seen & kRequest)) return;
  const std::uint64_t given = older_half(bottom - end_of(seen));
  // release: the thief that acquires the word reads the slots. Fails where a thief helped itself.
  word_.compare_exchange_strong(seen, word(end_of(seen) + given, given), std::memory_order_release, std::memory_order_relaxed);
}

template <class T, class Policy>
bool WorkStealingDeque<T, Policy>::make_room(std::uint64_t bottom) noexcept {
  // acquire: a thief reads the slot before its compare-and-swap, and we write the slot after we see that.
  const std::uint64_t top = top_of(word_.load(std::memory_order_acquire));
  if (!own_ || bottom - top > own_->mask) return grow(top, bottom);
  full_at_ = top + own_->mask + 1;
  return true;
}

template <class T, class Policy>
bool WorkStealingDeque<T, Policy>::grow(std::uint64_t top, std::uint64_t bottom) noexcept {
  const std::size_t capacity = own_ ? 2 * (own_->mask + 1) : first_capacity_;
  if (capacity > kLargest || memory::allocation_must_fail()) return false;
  std::unique_ptr<Ring> larger(new (std::nothrow) Ring{capacity - 1, own_, nullptr});
  if (!larger) return false;
  larger->slots.reset(new (std::nothrow) Slot[capacity]);
  if (!larger->slots) return false;
  // The old ring is never written again, so a thief that still reads it finds what was there.
  for (std::uint64_t index = top; index != bottom; ++index)
    (*larger)[index].store((*own_)[index].load(std::memory_order_relaxed), std::memory_order_relaxed);
  full_at_ = top + capacity;
  own_ = larger.release();
  ring_.store(own_, std::memory_order_release);  // release: the copies
  return true;
}

template <class T, class Policy>
auto WorkStealingDeque<T, Policy>::steal() noexcept -> Maybe {
  T item{};
  return steal(std::span<T>(&item, 1)) != 0 ? Maybe(item) : Maybe{};
}

template <class T, class Policy>
std::size_t WorkStealingDeque<T, Policy>::steal(std::span<T> items) noexcept {
  if (items.empty()) return 0;
  for (unsigned looks = 0;;) {
    // acquire: the slots of the public items, and the ring that holds them.
    Word seen = word_.load(std::memory_order_acquire);
    if (const std::uint64_t count = count_of(seen); count != 0) {
      const std::uint64_t wanted = std::min<std::uint64_t>(items.size(), older_half(count));
      if (take(seen, seen - wanted, top_of(seen), items.first(wanted))) return wanted;
      continue;
    }
    // relaxed: a guess, and only one, since the owner works on that line.
    if (looks == 0 && bottom_.load(std::memory_order_relaxed) <= end_of(seen)) return 0;
    if (!(seen & kRequest)) {
      // relaxed: the fences of pop() and interrupt() order it. Whatever came of it, the next look tells.
      word_.compare_exchange_strong(seen, seen | kRequest, std::memory_order_relaxed, std::memory_order_relaxed);
    } else if (looks++ < patience_) {
      Policy::pause();
    } else {
      if (const std::size_t taken = interrupt(seen, items); taken != 0) return taken;
      looks = 0;
    }
  }
}

/// Reads the items from index `first` on, then makes them ours by changing the word; 0 where somebody was faster.
template <class T, class Policy>
std::size_t WorkStealingDeque<T, Policy>::take(Word seen, Word next, std::uint64_t first, std::span<T> items) noexcept {
  Ring& ring = *ring_.load(std::memory_order_acquire);  // acquire: the copies that grow() made
  for (T& item : items) item = ring[first++].load(std::memory_order_relaxed);
  // release: the owner writes these slots again only after it acquired a word in which they are gone (make_room()), so that our
  // loads above cannot see that; and where we make items public, the thief that takes them reads what we acquired from bottom_.
  return word_.compare_exchange_strong(seen, next, std::memory_order_release, std::memory_order_relaxed) ? items.size() : 0;
}

/// Makes half of the private items public while the owner is busy, and takes the first of them.
template <class T, class Policy>
std::size_t WorkStealingDeque<T, Policy>::interrupt(Word seen, std::span<T> items) noexcept {
  // The request is set. From here on the owner's pop() sees it and changes the word before it takes anything, or has told us by
  // bottom_ what it took; so if the word is still the same below, the items between end and the bottom we see are there.
  Policy::heavy_fence();
  const std::uint64_t end = end_of(seen);
  const std::uint64_t bottom = bottom_.load(std::memory_order_acquire);  // acquire: the slots, from push()
  if (bottom <= end) return 0;
  const std::uint64_t given = older_half(bottom - end);
  return take(seen, word(end + given, given - 1), end, items.first(1));
}

template <class T, class Policy>
std::size_t WorkStealingDeque<T, Policy>::size_hint() const noexcept {
  const std::uint64_t top = top_of(word_.load(std::memory_order_relaxed));
  const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
  return bottom > top ? bottom - top : 0;
}

}  // namespace libabi::sync

#pragma once
/// The cells and buckets of a ConcurrentMap. Not for users.
///
/// A bucket is a cache line:   state | 3 x (first word, second word) | more buckets of the same kind
/// The state of the first bucket of a chain has a lock, taken by writers; a mark that the chain has moved to the next table;
/// which cells are in use; a mark that other buckets of the chain are or were; and a version, which changes before anything that
/// a reader may be looking at is used again.

#include <abi/sync/atomics.hpp>
#include <abi/sync/capacity.hpp>
#include <abi/sync/reclaimer.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace libabi::sync::detail {

/// Keys and values of a word or less stand in the cell itself.
template <class K, class V>
inline constexpr bool stands_in_cell =
    std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V> && sizeof(K) <= 8 && sizeof(V) <= 8 &&
    std::has_unique_object_representations_v<K> && std::is_default_constructible_v<K> && std::is_default_constructible_v<V>;

template <class T>
std::uint64_t to_word(const T& value) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  return word;
}
template <class T>
T from_word(std::uint64_t word) noexcept {
  T value{};
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

/// first ? a : b, without a branch.
template <class T>
T choose(bool first, const T& a, const T& b) noexcept {
  std::uint64_t mask = std::uint64_t{0} - static_cast<std::uint64_t>(first);
  asm("" : "+r"(mask));  // clang would see through it, and branch
  return from_word<T>((to_word(a) & mask) | (to_word(b) & ~mask));
}

/// Gives the processor to another thread, where the policy knows of such.
template <class Policy>
void give_way() noexcept {
  if constexpr (requires { Policy::yield(); }) Policy::yield();
}

/// Buckets that a writer moves on its way while a map grows. The model checker's has fewer.
template <class Policy>
inline constexpr std::size_t map_portion = 16;

/// Spreads what std::hash leaves together (Knuth's multiplication by the golden ratio): the upper ones of the 63 bits choose the
/// bucket. Keys that follow one another in even steps spread evenly.
inline std::uint64_t spread(std::uint64_t hash) noexcept { return hash * 0x9e3779b97f4a7c15u >> 1; }

/// Any other key and value stand in a node, which does not change once it can be seen.
template <class K, class V, class Policy>
struct MapNode : Retirable {
  MapNode(K k, V v) noexcept : key(std::move(k)), value(std::move(v)) {}
  typename Policy::template Plain<K> key;
  typename Policy::template Plain<V> value;
};

template <class Policy>
struct MapCell {
  typename Policy::template Atomic<std::uint64_t> first{0};   // the key, or the hash of the node's key
  typename Policy::template Atomic<std::uint64_t> second{0};  // the value, or the node
};

template <class Policy>
struct alignas(64) MapBucket {
  static constexpr unsigned cells_each = 3;
  static constexpr std::uint64_t locked = 1;
  static constexpr std::uint64_t moved = 2;
  static constexpr std::uint64_t chained = 32;
  static constexpr std::uint64_t version_one = 64;
  static constexpr std::uint64_t used(unsigned cell) noexcept { return std::uint64_t{4} << cell; }
  static constexpr unsigned cells_used(std::uint64_t state) noexcept { return static_cast<unsigned>(state >> 2) & 7; }
  static constexpr std::uint64_t all_used = used(0) | used(1) | used(2);
  /// Not zero where a reader that saw one of the states may not believe what it read until the other.
  static constexpr std::uint64_t differ(std::uint64_t a, std::uint64_t b) noexcept { return (a ^ b) & ~(locked | all_used); }

  typename Policy::template Atomic<std::uint64_t> state{0};  // of a bucket that is not the first: used() alone
  std::array<MapCell<Policy>, cells_each> cells{};
  typename Policy::template Atomic<MapBucket*> more{nullptr};

  MapBucket() = default;
  MapBucket(const MapBucket&) = delete;
  MapBucket& operator=(const MapBucket&) = delete;
  ~MapBucket() { delete more.load(std::memory_order_relaxed); }  // chains are short

  /// Waits for other writers of this chain. The state without the lock; with `moved`, nothing was locked.
  std::uint64_t lock() noexcept {
    for (unsigned looks = 0;; ++looks) {
      std::uint64_t now = state.load(std::memory_order_relaxed);
      // acquire: the next table.
      if (now & moved) return state.load(std::memory_order_acquire);
      // acquire: what the writer before us did.
      if (!(now & locked) && state.compare_exchange_weak(now, now | locked, std::memory_order_acquire, std::memory_order_relaxed))
        return now;
      if (looks % kPatience == kPatience - 1) give_way<Policy>();
      Policy::pause();
    }
  }
  /// Whether the chain was in that state, and is locked now.
  bool lock_if(std::uint64_t seen) noexcept {
    return !(seen & locked) &&  // acquire: as in lock()
           state.compare_exchange_strong(seen, seen | locked, std::memory_order_acquire, std::memory_order_relaxed);
  }
  /// release: what the writer did.
  void unlock(std::uint64_t now) noexcept { state.store(now, std::memory_order_release); }

 private:
  static constexpr unsigned kPatience = 64;  // looks, before the writer that holds the lock gets our processor
};

template <class Policy>
struct MapTable : Retirable {
  using Bucket = MapBucket<Policy>;
  MapTable(std::unique_ptr<Bucket[]> all, std::size_t count) noexcept
      : buckets(std::move(all)), shift(63 - static_cast<unsigned>(std::countr_zero(count))) {}

  Bucket& bucket(std::uint64_t hash) noexcept { return buckets[hash >> shift]; }
  std::size_t count() const noexcept { return std::size_t{1} << (63 - shift); }

  std::unique_ptr<Bucket[]> buckets;
  unsigned shift;
  typename Policy::template Atomic<MapTable*> next{nullptr};     // twice as large, while this one is moved there
  typename Policy::template Atomic<std::size_t> claimed{0};      // buckets that somebody moves or has moved
  typename Policy::template Atomic<std::size_t> moved{0};        // buckets that are moved
  typename Policy::template Atomic<std::size_t> overflowing{0};  // buckets that are not the first of their chain

  static std::unique_ptr<MapTable> make(std::size_t count) noexcept {
    auto buckets = make_slots<Bucket>(count);
    return buckets ? make_object<MapTable>(std::move(buckets), count) : nullptr;
  }
};

}  // namespace libabi::sync::detail

#pragma once
/// A hash map for any number of threads, which grows while they work.
///
///     ABI_TRY(auto sessions, (ConcurrentMap<std::uint64_t, Session*>::create()));
///     ABI_TRY(const bool fresh, sessions->insert(id, session));   // false: it was there, and stays as it was
///     Session* found = nullptr;
///     if (sessions->get(id, found)) ...                           // a copy of the value
///     sessions->find(id, [](Session* const& it) { ... });         // the value where it stands, for the time of the call
///     ABI_TRY(sessions->update(id, [](Session* it) { return it->next; }));
///     sessions->erase(id);
///
/// Buckets of a cache line with a version (after Vyukov's map of 2008, which xenium implements): readers take no lock and
/// write nothing but what their guard shows; a reader that finds the version changed looks again. Writers lock the one bucket;
/// an erasure from a bucket with all it needs in it is one compare-and-swap.
/// Keys and values of up to eight trivially copyable bytes stand in the bucket: one cache miss. Others stand in nodes.
/// When a quarter of the buckets overflow, a table twice as large is made, and every writer moves sixteen buckets on its way;
/// readers follow a moved bucket to the next table. Tables and nodes are freed by the Reclaimer R.
///
/// Guarantees: all calls are any thread's. Every call that takes a key is linearizable. get(), find(), contains() are lock-free;
/// writers of one bucket wait for each other, and yield. for_each() sees everything that is there throughout; what is
/// inserted or erased meanwhile it may see or not, and what is erased and inserted again even twice; the map does not grow
/// while one runs. Functions given to update() run under the bucket's lock: they do not use the map. Functions given to find()
/// and for_each() may. An exception of such a function leaves the map as it was. Errors are `exhausted`, with the map as it
/// was; where there is no memory to grow it goes on with longer chains. In the child of a fork() a map is usable unless another
/// thread was writing. K and V move without exceptions; get() is there where V is copied without. At destruction nobody uses
/// the map. The reclaimer is the calling thread's, and a default argument everywhere.
///
/// Cost (rows runtime.map.*): get 7 to 10 ns in a table that fits the cache; 45 bytes an item where they stand in buckets.

#include <abi/base/boundary.hpp>
#include <abi/sync/epoch.hpp>
#include <abi/sync/map_table.hpp>

#include <functional>
#include <optional>

namespace libabi::sync {

template <class K, class V, class R = EpochReclaimer<>, class Hash = std::hash<K>, class Policy = StdAtomics>
class ConcurrentMap {
  static_assert(std::is_nothrow_move_constructible_v<K> && std::is_nothrow_move_constructible_v<V>);
  static constexpr bool kInCell = detail::stands_in_cell<K, V>;
  using Bucket = detail::MapBucket<Policy>;
  using Cell = detail::MapCell<Policy>;
  using Table = detail::MapTable<Policy>;
  using Node = detail::MapNode<K, V, Policy>;
  using Guard = typename R::Guard;

 public:
  /// Room for about twice as many items as `buckets`, rounded up to a power of two, before it grows for the first time.
  /// Errors: invalid_argument (0), exhausted.
  static Result<std::unique_ptr<ConcurrentMap>> create(std::size_t buckets = 64);
  ~ConcurrentMap();
  ConcurrentMap(const ConcurrentMap&) = delete;
  ConcurrentMap& operator=(const ConcurrentMap&) = delete;

  /// Calls use(const V&) with the key's value, if there is one; whether there is.
  template <class Use>
  bool find(const K& key, Use&& use, R& mine = R::local()) const;
  bool get(const K& key, V& value, R& mine = R::local()) const noexcept
    requires std::is_nothrow_copy_assignable_v<V>
  {
    if constexpr (kInCell)
      return look_up(key, [&](const V& found, bool there) noexcept { value = detail::choose(there, found, value); }, mine);
    else
      return find(key, [&](const V& found) noexcept { value = found; }, mine);
  }
  bool contains(const K& key, R& mine = R::local()) const noexcept {
    return look_up(key, [](const V&, bool) noexcept {}, mine);
  }

  /// Whether the key was not there, and is now.
  Result<bool> insert(K key, V value, R& mine = R::local());
  /// Inserts, or replaces the value; whether the key was not there.
  Result<bool> assign(K key, V value, R& mine = R::local());
  /// The value becomes change(const V&); false where there is none.
  template <class Change>
  Result<bool> update(const K& key, Change&& change, R& mine = R::local());
  /// Whether the key was there, and is not now.
  bool erase(const K& key, R& mine = R::local()) noexcept;

  /// Calls use(const K&, const V&) for the items.
  template <class Use>
  void for_each(Use&& use, R& mine = R::local()) const;
  /// Counts them: a walk over the table.
  std::size_t size(R& mine = R::local()) const noexcept;
  /// Buckets of the table, overflowing ones left out.
  std::size_t bucket_count(R& mine = R::local()) const noexcept;

 private:
  explicit ConcurrentMap(std::unique_ptr<Table> table) noexcept : root_(table.release()) {}
  template <class Object, class... Args>
  friend std::unique_ptr<Object> detail::make_object(Args&&... args) noexcept;

  struct Place {
    Bucket* bucket = nullptr;
    unsigned cell = 0;
    explicit operator bool() const noexcept { return bucket != nullptr; }
    Cell& operator*() const noexcept { return bucket->cells[cell]; }
  };
  /// A chain that the caller has locked.
  struct Locked {
    Table* table;
    Bucket* head;
    std::uint64_t state;  // to unlock with
  };
  /// What a chain of one bucket said about a key that would stand in a cell.
  struct Glance {
    std::uint64_t state;
    std::uint64_t second;
    unsigned cell;
    bool there;
    bool settled;  // else the chain has more buckets, or has moved, or was changed meanwhile
  };
  enum class Found : std::uint8_t { no, yes, moved, again };  // no and yes are false and true

  static std::uint64_t hash_of(const K& key) noexcept { return detail::spread(Hash{}(key)); }
  static std::uint64_t first_word(const K& key, std::uint64_t hash) noexcept {
    if constexpr (kInCell)
      return detail::to_word(key);
    else
      return hash;
  }
  static Node* node_of(std::uint64_t word) noexcept { return std::bit_cast<Node*>(word); }
  static void free_node(Retirable* node) noexcept { delete static_cast<Node*>(node); }
  static void free_table(Retirable* table) noexcept { delete static_cast<Table*>(table); }

  // map_reading.inc. A Visit is called with (const K&, const V&) and says whether that was the one.
  template <class Visit>
  bool find_in_both(Guard& root, std::uint64_t hash, std::uint64_t first, R& mine, Visit& visit) const;
  template <class Visit>
  static Found find_in(Table& table, std::uint64_t hash, std::uint64_t first, R& mine, Visit& visit);
  template <class Visit>
  static Found see(Bucket& head, std::uint64_t state, std::uint64_t first, Cell& cell, R& mine, Visit& visit);
  Glance look_closer(Guard& root, std::uint64_t hash, std::uint64_t first, R& mine) const noexcept;
  [[gnu::always_inline]] static inline Glance glance(Bucket& head, std::uint64_t first) noexcept;
  static unsigned matches(const Bucket& bucket, std::uint64_t used, std::uint64_t first) noexcept;
  template <class See>
  [[gnu::always_inline]] inline bool look_up(const K& key, See&& see_value, R& mine) const;
  template <class Visit>
  static void walk(Bucket& head, R& mine, Visit& visit);
  Table* next_of(Table& table, Guard& next) const noexcept;
  struct Walk;

  // map_writing.inc.
  Locked lock(std::uint64_t hash, Guard& root, Guard& next, R& mine) noexcept;
  static Place place_of(const Locked& chain, const K& key, std::uint64_t first) noexcept;
  static Place free_place(Table& table, Bucket& head, std::uint64_t state) noexcept;
  static void fill(Place place, Bucket& head, std::uint64_t& state, std::uint64_t first, std::uint64_t second) noexcept;
  static Found insert_at_once(Table& table, std::uint64_t hash, std::uint64_t first, const V& value) noexcept;
  static Found erase_at_once(Table& table, std::uint64_t hash, std::uint64_t first) noexcept;
  Result<bool> put(K key, V value, bool replace, R& mine);
  bool exchange_value(Locked& chain, Place place, std::uint64_t second, R& mine) noexcept;
  static std::optional<std::uint64_t> second_word(K key, V value) noexcept;
  static void drop(std::uint64_t second) noexcept;

  // map_growing.inc.
  void grow_where_full(Table& table) noexcept;
  void move_some(Table& table, R& mine) const noexcept;
  bool move_bucket(Table& table, Table& next, std::size_t index, std::size_t& moved) const noexcept;
  static bool move_cell(Table& next, const Cell& cell) noexcept;
  static void clear(Bucket& head) noexcept;
  static void drop_nodes(Table& table) noexcept;

  static constexpr std::uint32_t kGrowing = std::uint32_t{1} << 31;
  static constexpr std::size_t kPortion = detail::map_portion<Policy>;  // buckets a writer moves on its way

  mutable typename Policy::template Atomic<Table*> root_;  // moved on by whoever moves the last bucket
  // The number of walks under way, and kGrowing while there is a next table; a growth begins at 0.
  mutable typename Policy::template Atomic<std::uint32_t> growth_{0};
};

}  // namespace libabi::sync

#include <abi/sync/map_growing.inc>
#include <abi/sync/map_reading.inc>
#include <abi/sync/map_writing.inc>

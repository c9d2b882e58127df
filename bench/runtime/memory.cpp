// Do the arena and the slab cost what a bump and a free list cost, and do the general allocators beat the slab at anything?
//
// abi_bench --only runtime.arena, runtime.slab or runtime.account. All contestants run the loops of memory_loops.hpp.
#include "memory_loops.hpp"
#include "report.hpp"

#include <abi/memory/scoped_arena.hpp>
#include <abi/memory/slab_pool.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>

namespace bench {

namespace {

using namespace libabi::memory;

// Bumps of 16 to 256 bytes that fill a buffer, which is then used again: ns a bump.
template <class Take, class Reset>
double bumps(Take&& take, Reset&& reset) {
  static const auto list = memory::sizes(16, 256);
  constexpr int rounds = 400;
  const auto run = [&](int count) {
    for (int round = 0; round < count; ++round) {
      for (const std::size_t bytes : list) keep(*static_cast<std::byte*>(take(bytes)));
      reset();
    }
  };
  run(rounds / 10);
  return seconds([&] { run(rounds); }) / rounds / memory::kSizes * 1e9;
}

constexpr std::size_t kBumpBytes = 1024 * 1024;  // more than the sizes' sum

double arena_bumps() {
  const auto arena = std::make_unique<ScopedArena>(default_account(), ArenaOptions{.block_bytes = kBumpBytes});
  std::optional<ScopedArena::Scope> scope(*arena);
  return bumps([&](std::size_t bytes) { return arena->try_allocate(bytes); }, [&] { scope.emplace(*arena); });
}

double arena_results() {
  const auto arena = std::make_unique<ScopedArena>(default_account(), ArenaOptions{.block_bytes = kBumpBytes});
  return bumps([&](std::size_t bytes) { return arena->allocate(bytes)->data(); }, [&] { arena->reset(); });
}

double pmr_bumps() {
  const auto buffer = std::make_unique<std::byte[]>(kBumpBytes);
  std::pmr::monotonic_buffer_resource resource(buffer.get(), kBumpBytes, std::pmr::null_memory_resource());
  return bumps([&](std::size_t bytes) { return resource.allocate(bytes); }, [&] { resource.release(); });
}

struct HandBump {
  std::unique_ptr<std::byte[]> buffer = std::make_unique<std::byte[]>(kBumpBytes);
  std::byte* next = buffer.get();
  std::byte* end = next + kBumpBytes;

  std::byte* take(std::size_t bytes) {
    bytes = (bytes + 15) & ~std::size_t{15};
    if (bytes > static_cast<std::size_t>(end - next)) return nullptr;
    return std::exchange(next, next + bytes);
  }
};

double hand_bumps() {
  const auto hand = std::make_unique<HandBump>();
  return bumps([&](std::size_t bytes) { return hand->take(bytes); }, [&] { hand->next = hand->buffer.get(); });
}

struct Slab {
  SlabAllocator* slabs;
  void* take(std::size_t bytes) { return slabs->try_allocate(bytes); }
  void give(void* block, std::size_t bytes) { slabs->deallocate(block, bytes); }
};

struct Pool {
  SlabPool* pool;
  void* take(std::size_t) { return pool->try_allocate(); }
  void give(void* block, std::size_t) { pool->deallocate(block); }
};

struct HandList {
  void* free = nullptr;
  std::vector<std::byte> blocks = std::vector<std::byte>(64 * 10'000);
  HandList() {
    for (std::size_t at = blocks.size(); at != 0;) give(&blocks[at -= 64], 64);
  }
  void* take(std::size_t) { return std::exchange(free, *static_cast<void**>(free)); }
  void give(void* block, std::size_t) {
    *static_cast<void**>(block) = free;
    free = block;
  }
};

struct System {
  void* take(std::size_t bytes) { return std::malloc(bytes); }
  void give(void* block, std::size_t) { std::free(block); }
};

memory::Peer mimalloc() {
#if BENCH_HAS_MIMALLOC
  return memory::mimalloc();
#else
  return {};
#endif
}

memory::Peer snmalloc() {
#if BENCH_HAS_SNMALLOC
  return memory::snmalloc();
#else
  return {};
#endif
}

std::optional<double> there(double figure) { return std::isnan(figure) ? std::nullopt : std::optional(figure); }

Row row(std::string name, double value, std::string against, double reference, double bar, std::string note = {}) {
  return {.name = std::move(name),
          .value = value,
          .unit = "ns",
          .against = std::move(against),
          .reference = there(reference),
          .bar = bar,
          .better = Better::lower,
          .note = std::move(note)};
}

Contestant contestant(double (*figure)()) { return figure ? Contestant(figure) : Contestant(); }

void arena(Report& report) {
  if (!report.wants("runtime.arena.bump")) return;
  const auto ns = medians({arena_bumps, arena_results, pmr_bumps, hand_bumps});
  // 1.1 ns of the bar is to the anchor's std::pmr::monotonic, 1.6 ns, as this is.
  report.add(row("runtime.arena.bump", ns[0], "std::pmr::monotonic with a buffer", ns[2], 1.1 / 1.6, "16 to 256 bytes"));
  report.add(row("runtime.arena.bump.hand", ns[0], "hand-written bump", ns[3], 0, "16 to 256 bytes"));
  report.add(row("runtime.arena.bump.result", ns[1], "std::pmr::monotonic with a buffer", ns[2], 0, "as a Result"));
}

void mix(Report& report, SlabAllocator& slabs) {
  if (!report.wants("runtime.slab.mix")) return;
  Slab slab{&slabs};
  System system;
  const auto ns = medians({[&] { return memory::mix(slab); }, contestant(mimalloc().mix), contestant(snmalloc().mix),
                           [&] { return memory::mix(system); }});
  report.add(row("runtime.slab.mix", ns[0], "mimalloc", ns[1], 1, "16 to 1024 bytes, a pair"));
  report.add(row("runtime.slab.mix.snmalloc", ns[0], "snmalloc", ns[2], 0, "16 to 1024 bytes, a pair"));
  report.add(row("runtime.slab.mix.malloc", ns[0], "the C library's malloc", ns[3], 0, "16 to 1024 bytes, a pair"));
}

void same_size(Report& report, SlabAllocator& slabs) {
  if (!report.wants("runtime.slab.one_size")) return;
  Slab slab{&slabs};
#if BENCH_HAS_BOOST_POOL
  const Contestant boost = memory::boost_pool_same_size;
#else
  const Contestant boost;
#endif
  auto made = SlabPool::create(slabs, 64);
  if (!made) return;
  Pool pool{&*made};
  const auto ns = medians({[&] { return memory::same_size(pool); }, boost,
                           [] { return memory::figure<HandList>(memory::same_size<HandList>); },
                           [&] { return memory::same_size(slab); }, contestant(mimalloc().same_size)});
  // 2.3 ns of the bar is to the anchor's boost::pool, 2.4 ns, as this is.
  report.add(row("runtime.slab.one_size", ns[0], "boost::pool", ns[1], 2.3 / 2.4, "SlabPool, 10,000 of 64 bytes, a pair"));
  report.add(row("runtime.slab.one_size.hand", ns[0], "hand-written free list", ns[2], 0, "the same"));
  report.add(row("runtime.slab.one_size.any", ns[3], "mimalloc", ns[4], 0, "SlabAllocator, the same"));
}

void across(Report& report, SlabAllocator& slabs) {
  if (!report.wants("runtime.slab.across.2t")) return;
  Slab slab{&slabs};
  System system;
  const auto ns = medians({[&] { return memory::across(slab); }, contestant(snmalloc().across), contestant(mimalloc().across),
                           [&] { return memory::across(system); }});
  report.add(row("runtime.slab.across.2t", ns[0], "snmalloc", ns[1], 1, "taken on one thread, given back on another"));
  report.add(row("runtime.slab.across.2t.mimalloc", ns[0], "mimalloc", ns[2], 0, "the same"));
  report.add(row("runtime.slab.across.2t.malloc", ns[0], "the C library's malloc", ns[3], 0, "the same"));
}

void account(Report& report) {
  if (!report.wants("runtime.account.charge")) return;
  MemoryAccount root("root");
  MemoryAccount leaf("leaf", unlimited, &root);
  constexpr int count = 1'000'000;
  const auto ns = medians({[&] {
    return seconds([&] {
             for (int each = 0; each < count; ++each) {
               static_cast<void>(leaf.charge(64));
               leaf.release(64);
             }
           }) /
           count * 1e9;
  }});
  report.add(row("runtime.account.charge", ns[0], "", NAN, 0, "charge and release, two levels"));
}

}  // namespace

void run_memory(Report& report) {
  arena(report);
  account(report);
  const auto slabs = SlabAllocator::create();
  if (!slabs) return;
  mix(report, **slabs);
  same_size(report, **slabs);
  across(report, **slabs);
}

}  // namespace bench

// Does the concurrent hash map answer more calls than those of the field, with 90 of 100 looking up?
//
// abi_bench --only runtime.map. 64 Ki keys of 8 bytes with values of 8, two threads on two processors. xenium's map runs over
// three of its reclaimers, and the fastest in the run counts: which one it is depends on the compiler.
#include "map_run.hpp"
#include "report.hpp"

#include <abi/sync/concurrent_map.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace bench {

namespace {

using namespace libabi::sync;

#if BENCH_HAS_TBB_MAP
constexpr double (*tbb)(unsigned) = maps::tbb;
#else
constexpr double (*tbb)(unsigned) = nullptr;
#endif
#if BENCH_HAS_XENIUM
constexpr double (*xenium_epoch)(unsigned) = maps::xenium_epoch;
constexpr double (*xenium_hazard)(unsigned) = maps::xenium_hazard;
constexpr double (*xenium_quiescent)(unsigned) = maps::xenium_quiescent;
#else
constexpr double (*xenium_epoch)(unsigned) = nullptr;
constexpr double (*xenium_hazard)(unsigned) = nullptr;
constexpr double (*xenium_quiescent)(unsigned) = nullptr;
#endif

template <class R>
double ours(unsigned threads) {
  struct Map {
    std::unique_ptr<ConcurrentMap<std::uint64_t, std::uint64_t, R>> map =
        ConcurrentMap<std::uint64_t, std::uint64_t, R>::create(map_keys / 2).value();
    bool get(std::uint64_t key) {
      std::uint64_t value = 0;
      return map->get(key, value);
    }
    void insert(std::uint64_t key) { keep(map->insert(key, key).has_value()); }
    void erase(std::uint64_t key) { map->erase(key); }
  };
  static Map map;
  return map_rate(map, threads);
}

Contestant with(double (*peer)(unsigned), unsigned threads) {
  return peer ? Contestant([=] { return peer(threads); }) : nullptr;
}

void rows(Report& report, unsigned threads, double bar) {
  const std::string name = "runtime.map." + std::to_string(threads) + "t";
  if (!report.wants(name)) return;
  const auto figures = medians({with(ours<EpochReclaimer<>>, threads), with(ours<HazardReclaimer<>>, threads), with(tbb, threads),
                                with(xenium_epoch, threads), with(xenium_hazard, threads), with(xenium_quiescent, threads)},
                               5);
  const double xenium = std::max({figures[3], figures[4], figures[5]});
  const auto add = [&](const std::string& suffix, double value, const char* against, double reference, double least) {
    report.add({.name = name + suffix,
                .value = value,
                .unit = "M/s",
                .against = against,
                .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
                .bar = least,
                .note = {}});
  };
  add("", figures[0], "oneTBB's concurrent_hash_map", figures[2], bar);
  add(".xenium", figures[0], "xenium's vyukov_hash_map", xenium, bar);
  add(".hazard", figures[1], "oneTBB's concurrent_hash_map", figures[2], 0);
}

}  // namespace

void run_map(Report& report) {
  rows(report, 1, 0);
  rows(report, 2, 1.2);
}

}  // namespace bench

// Does protecting a pointer cost less than the fence that it used to need?
//
// abi_bench --only runtime.guard. The bars are 4 ns a guard and 2 ns in a region of 16 where an exchange, which is such a fence,
// takes 2.05; xenium's guards are measured beside them.
#include "reclamation.hpp"

#include "report.hpp"

#include <abi/sync/epoch.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include <atomic>
#include <string>

namespace bench {

namespace {

using namespace libabi::sync;

#if BENCH_HAS_XENIUM
constexpr double (*xenium_hazard)(bool) = reclamation::xenium_hazard;
constexpr double (*xenium_epoch)(bool) = reclamation::xenium_epoch;
#else
constexpr double (*xenium_hazard)(bool) = nullptr;
constexpr double (*xenium_epoch)(bool) = nullptr;
#endif

struct Node : Retirable {
  int value = 42;
};

template <class R>
double guards(bool region) {
  Node node;
  std::atomic<Node*> source{&node};
  return reclamation::nanoseconds(
      region, [] { return typename R::Region(R::local()); },
      [&] {
        typename R::Guard guard(R::local());
        keep(guard.protect(source)->value);
      });
}

double exchanges() {
  std::atomic<int> word{0};
  return reclamation::nanoseconds(false, [] { return 0; }, [&] { keep(word.exchange(1)); });
}

void rows(Report& report, const std::string& kind, double (*ours)(bool), double (*peer)(bool), bool region) {
  const std::string name = "runtime.guard." + kind + (region ? ".region" : "");
  if (!report.wants(name)) return;
  const auto figures =
      medians({[=] { return ours(region); }, exchanges, peer ? Contestant([=] { return peer(region); }) : nullptr});
  report.add({.name = name,
              .value = figures[0],
              .unit = "ns",
              .against = "an atomic exchange",
              .reference = figures[1],
              .bar = region ? 0.98 : 1.95,
              .better = Better::lower,
              .note = {}});
  report.add({.name = name + ".xenium",
              .value = figures[0],
              .unit = "ns",
              .against = "xenium",
              .reference = peer ? std::optional(figures[2]) : std::nullopt,
              .bar = 0,
              .better = Better::lower,
              .note = {}});
}

}  // namespace

void run_reclamation(Report& report) {
  for (const bool region : {false, true}) {
    rows(report, "hazard", guards<HazardReclaimer<>>, xenium_hazard, region);
    rows(report, "epoch", guards<EpochReclaimer<>>, xenium_epoch, region);
  }
}

}  // namespace bench

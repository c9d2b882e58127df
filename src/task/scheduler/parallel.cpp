#include "core.hpp"
#include "loop.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/parallel.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace libabi::task::detail {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// Bites of an even part: enough to leave something for those who finish early or come late.
constexpr std::size_t kBitesPerThread = 32;
// Where there are fewer, one may be long: too long to wait for its end before others are woken.
constexpr std::size_t kFewBites = 8;
// Waking up a worker takes the caller a few microseconds, and the worker some 30 to be there.
constexpr microseconds kBeforeWaking(5);
constexpr microseconds kWorthWaking(30);
constexpr Patience kPatience{.spin = microseconds(30), .yield = microseconds(200)};
constexpr Patience kCrowdedPatience{.yield = microseconds(100)};

/// The caller's side of a loop.
class Leader {
 public:
  Leader(Core& core, Loop& loop) noexcept : core_(core), loop_(loop) {}

  Result<void> lead(unsigned threads, Part* parts_of_more, bool sleepers_too) {
    core_.claim(threads - 1, sleepers_too, crew_);
    if (crew_.count + 1 < threads) {  // a line that all workers change: looked at only where it is needed
      const unsigned asleep = Idlers::parked(core_.idlers.word.load(std::memory_order_relaxed));
      threads = std::min(threads, crew_.count + 1 + asleep);
    }
    loop_.deal_out(threads, crew_.count + 1, parts_of_more);
    loop_.running.set(crew_.count);
    core_.send(crew_, loop_, 1);
    if (crew_.count + 1 >= threads) {
      loop_.take_part_as_caller(nullptr, nullptr);
    } else {
      since_ = Clock::now();
      loop_.take_part_as_caller([](void* self) { static_cast<Leader*>(self)->call_sleepers(); }, this);
    }
    if (!loop_.running.over()) {
      loop_.running.forget(core_.revoke(loop_));
      loop_.running.await(core_.crowded ? kCrowdedPatience : kPatience);
    }
    if (loop_.failed.load(std::memory_order_relaxed)) return std::unexpected(std::move(loop_.error));
    return {};
  }

 private:
  // Where the loop goes on for longer than it takes them to come.
  void call_sleepers() noexcept {
    if (has_called_) return;
    const Clock::duration elapsed = Clock::now() - since_;
    const auto left = static_cast<std::int64_t>(loop_.left());
    const std::int64_t done = std::max<std::int64_t>(loop_.bites - left, 1);
    if (elapsed < kBeforeWaking || elapsed * left < kWorthWaking * done) return;
    has_called_ = true;
    Crew late;
    core_.claim(loop_.threads - 1 - crew_.count, true, late);
    loop_.running.expect(late.count);
    core_.send(late, loop_, crew_.count + 1);
  }

  Core& core_;
  Loop& loop_;
  Crew crew_;
  Clock::time_point since_;
  bool has_called_ = false;
};

}  // namespace

/// What of a Scheduler a loop may see.
struct Region {
  static Core& core_of(Scheduler& scheduler) noexcept { return scheduler.core(); }
};

Result<void> run_range(Scheduler& scheduler, std::size_t begin, std::size_t end, const ParallelOptions& options, RangeFn function,
                       void* context) {
  if (begin >= end) return {};
  Core& core = Region::core_of(scheduler);
  const std::size_t length = end - begin;
  const std::size_t workers = core.is_of_another_process() ? 1 : core.count();
  const std::size_t most_bites = workers * kBitesPerThread;
  Loop loop(begin, end, std::max(options.grain, length / most_bites + (length % most_bites != 0)), function, context);
  auto threads = static_cast<unsigned>(std::min<std::size_t>(workers, loop.bites));
  if (threads == 1)
    return boundary([&]() -> Result<void> {
      function(context, begin, end);
      return {};
    });
  std::unique_ptr<Part[]> more;
  if (threads > Loop::few_threads) more.reset(new (std::nothrow) Part[threads - Loop::few_threads]);
  if (!more) threads = std::min(threads, Loop::few_threads);
  const bool coarse = options.grain != 0 || loop.bites < kFewBites * workers;
  return Leader(core, loop).lead(threads, more.get(), coarse);
}

}  // namespace libabi::task::detail

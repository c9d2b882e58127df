#include <abi/task/pool.hpp>

#include <algorithm>
#include <atomic>

namespace libabi::task {

namespace {

// Ranges a member gets on average: enough for the fast ones to take over from the slow, few enough to claim cheaply.
constexpr std::size_t kRangesPerMember = 8;

struct Loop {
  std::size_t begin;
  std::size_t end;
  std::size_t step;
  std::size_t ranges;
  void (*function)(void* context, std::size_t begin, std::size_t end);
  void* context;
  std::atomic<std::size_t> next{0};

  void work() {
    for (;;) {
      const std::size_t range = next.fetch_add(1, std::memory_order_relaxed);
      if (range >= ranges) return;
      const std::size_t from = begin + range * step;
      try {
        function(context, from, range + 1 == ranges ? end : from + step);
      } catch (...) {
        next.store(ranges, std::memory_order_relaxed);  // nobody claims another one
        throw;
      }
    }
  }
};

}  // namespace

Result<void> Pool::parallel_for_erased(std::size_t begin, std::size_t end, std::size_t grain, RangeFn function, void* context) {
  if (begin >= end) return {};
  const std::size_t length = end - begin;
  const std::size_t step = std::max({grain, length / (threads() * kRangesPerMember), std::size_t{1}});
  const std::size_t ranges = length / step + (length % step != 0);
  Loop loop{.begin = begin, .end = end, .step = step, .ranges = ranges, .function = function, .context = context};
  const auto members = static_cast<unsigned>(std::min<std::size_t>(threads(), ranges));
  return gang_erased([](void* self, GangMember&) { static_cast<Loop*>(self)->work(); }, &loop, members);
}

}  // namespace libabi::task

// A graph as its user holds it, and the thread that waits for a run.
#include "countdown.hpp"
#include "graph_core.hpp"
#include "scheduler/core.hpp"

#include <chrono>
#include <utility>

namespace libabi::task {

namespace {

// The thread that waits must not keep a processor from the workers.
constexpr Patience kPatience{.spin = std::chrono::microseconds(3)};

}  // namespace

Graph::Graph() noexcept : core_(nullptr) {}

Graph::Graph(Graph&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

Graph& Graph::operator=(Graph&& other) noexcept {
  if (this != &other) {
    const Graph old(std::exchange(core_, std::exchange(other.core_, nullptr)));
  }
  return *this;
}

Graph::~Graph() {
  if (core_) core_->close();
}

std::size_t Graph::nodes() const noexcept { return core_ ? core_->count() : 0; }

Result<void> Graph::begin(Scheduler& scheduler, const GraphRunOptions& options, detail::GraphEnd& end) noexcept {
  ABI_TRY(core_->begin(scheduler, options, end));
  core_->submit_start();
  return {};
}

Result<void> Graph::take_result() noexcept { return core_ ? core_->take_result() : Result<void>(); }

Result<void> Graph::run(Scheduler& scheduler, const GraphRunOptions& options) noexcept {
  if (nodes() == 0) return {};
  struct Ended : detail::GraphEnd {
    Countdown running{1};
  } ended;
  ended.call = [](detail::GraphEnd& self) noexcept { static_cast<Ended&>(self).running.down(); };
  ABI_TRY(core_->begin(scheduler, options, ended));
  // All workers may be members of a gang that waits for this thread, so that nobody would come.
  if (Executor::current() == &scheduler || detail::in_a_gang) {
    core_->start();
    if (!ended.running.over()) {
      const BlockingScope blocking;
      ended.running.await(kPatience);
    }
  } else {
    core_->submit_start();
    ended.running.await(kPatience);
  }
  return core_->take_result();
}

}  // namespace libabi::task

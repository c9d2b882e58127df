#include "lazy_engine.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::io {

Result<void> LazyEngine::ensure() {
  return boundary([this]() -> Result<void> {
    const std::lock_guard lock(making_);
    if (engine_) return {};
    EngineKind kind = EngineKind::threads;
    if (options_.engine != EngineKind::threads) {
      Result<std::unique_ptr<Engine>> ring = make_ring_engine(options_);
      if (!ring && options_.engine == EngineKind::io_uring) return std::unexpected(std::move(ring).error());
      if (ring) {
        engine_ = *std::move(ring);
        kind = EngineKind::io_uring;
      }
    }
    if (!engine_) {
      ABI_TRY(engine_, make_thread_engine(options_));
    }
    kind_.store(kind, std::memory_order_relaxed);
    ready_.store(engine_.get(), std::memory_order_release);
    return {};
  });
}

void LazyEngine::start(Operation& operation) noexcept {
  Engine* engine = ready_.load(std::memory_order_acquire);
  if (!engine) {
    if (Result<void> made = ensure(); !made) return operation.finish(std::unexpected(std::move(made).error()));
    engine = ready_.load(std::memory_order_acquire);
  }
  engine->start(operation);
}

void LazyEngine::cancel(Operation& operation) noexcept {
  operation.cancelled.store(true, std::memory_order_relaxed);
  if (Engine* const engine = ready_.load(std::memory_order_acquire)) engine->cancel(operation);
}

}  // namespace libabi::io

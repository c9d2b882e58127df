#pragma once

#include "engine.hpp"

#include <atomic>
#include <mutex>

namespace libabi::io {

/// The engine of a storage, made when the first operation is started.
class LazyEngine {
 public:
  explicit LazyEngine(const DiskOptions& options) noexcept : options_(options) {}

  void start(Operation& operation) noexcept;
  void cancel(Operation& operation) noexcept;
  EngineKind kind() const noexcept { return kind_.load(std::memory_order_relaxed); }
  /// Makes it now. Errors as those of the kind that is asked for.
  Result<void> ensure();

 private:
  const DiskOptions options_;
  std::mutex making_;
  std::unique_ptr<Engine> engine_;
  std::atomic<Engine*> ready_{nullptr};
  std::atomic<EngineKind> kind_{EngineKind::automatic};
};

}  // namespace libabi::io

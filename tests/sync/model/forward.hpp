#pragma once
// Executions step by step: every step is one event of one thread, and the choices come from a random generator, from the text
// of a replay, or are counted through.

#include "sync/model/explore.hpp"

#include <random>
#include <vector>

namespace libabi::sync::model {

class Forward : public Driver {
 public:
  explicit Forward(const Settings& settings) : settings_(settings) {}
  bool stepwise() const noexcept override { return true; }
  std::size_t next_thread(Run& run, std::span<const std::size_t> ready) override;
  void loaded(Run& run, EventId load, std::span<const EventId> options) override;
  void stored(Run& run, EventId store) override;

 protected:
  virtual std::size_t choose_thread(std::span<const std::size_t> ready) = 0;
  /// One of the stores that a load may read. The last is the newest.
  virtual EventId choose_source(std::span<const EventId> options) = 0;
  /// One of the stores that a store may be placed behind. The last is the newest.
  virtual EventId choose_place(std::span<const EventId> options) = 0;
  virtual bool choose_failure() = 0;

  const Settings& settings_;
};

}  // namespace libabi::sync::model

#pragma once

#include "gate.hpp"

namespace libabi::task {

/// A lock that serves in the order of arrival, so that no thread that comes again and again keeps another waiting.
class Turnstile {
 public:
  void enter() noexcept {
    const std::uint32_t ticket = tickets_.fetch_add(1, std::memory_order_relaxed);
    // Hardly any spinning: whoever is inside keeps all processors busy.
    constexpr Patience patience{.spin = std::chrono::microseconds(2)};
    for (std::uint32_t serving = serving_.value(); serving != ticket;) serving = serving_.await_change(serving, patience);
  }
  /// Enters only where nobody is inside or waiting.
  bool try_enter() noexcept {
    std::uint32_t serving = serving_.value();
    return tickets_.compare_exchange_strong(serving, serving + 1, std::memory_order_relaxed);
  }
  void leave() noexcept { serving_.add(1); }

 private:
  std::atomic<std::uint32_t> tickets_{0};
  Gate serving_;
};

}  // namespace libabi::task

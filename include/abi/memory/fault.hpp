#pragma once
/// Allocation failures on demand, for tests: a loop over n makes every allocation of an operation fail once, which shows
/// that each of them is an error and leaves nothing behind.
///
///     for (std::uint64_t n = 0;; ++n) {
///       AllocationFault fault(n);
///       Result<Model> model = Model::open(file);
///       if (!fault.hit()) break;  // n is past the last allocation: model holds
///       EXPECT_EQ(model.error().code, ErrorCode::exhausted);
///     }

#include <abi/base/error.hpp>

#include <cstdint>

namespace libabi::memory {

/// While it lives, the allocation point with number `n` (counted from 0, in any thread and any account) fails as if the
/// memory were used up; those before and after it succeed. A charge to an account is a point, and so is every request to
/// the system for memory (a Buffer is both, in this order) or for a thread. One at a time: a second one waits for the
/// first to end. Costs one relaxed load a point where there is none.
class ABI_API AllocationFault {
 public:
  explicit AllocationFault(std::uint64_t n);
  ~AllocationFault();
  AllocationFault(const AllocationFault&) = delete;
  AllocationFault& operator=(const AllocationFault&) = delete;

  /// Whether point n was reached, and therefore failed.
  bool hit() const noexcept;
  /// Points that were passed since construction.
  std::uint64_t count() const noexcept;
};

/// Whether the allocation that is about to be made must fail now; for code that takes memory from the system by itself.
ABI_API bool allocation_must_fail() noexcept;

}  // namespace libabi::memory

#pragma once

namespace libabi::task::detail {

/// Something that several workers are to do at the same time as its caller, on whose stack it lives.
struct Call {
  /// The worker's part.
  void (*work)(Call& self, unsigned seat) noexcept;
  /// The worker is through, and free for the next call already. The last thing that it does to the call, which may be gone then.
  void (*done)(Call& self) noexcept;
};

}  // namespace libabi::task::detail

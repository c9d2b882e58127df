#pragma once
/// Memory for a kernel of <abi/simd/gemm.hpp>, which it keeps from one call to the next. Fresh memory comes from the system page
/// by page as it is touched: 1100 faults in a product of 1024 x 1024, an eighth of its time on a virtual machine.

#include <abi/memory/account.hpp>
#include <abi/memory/buffer.hpp>

#include <cstddef>
#include <memory>

namespace libabi::compute {

class GemmWorkspace {
 public:
  /// Workspaces that wait for the next product; one that comes back when so many wait goes to the system. Enough for a product
  /// on 32 threads, or 16 at a time on two; none has more than 9 MiB.
  static constexpr std::size_t most_kept = 32;

  /// At least so many bytes, uninitialised, aligned to 64. `account` is charged for them as long as this object lives; what
  /// waits is default_account()'s. Thread-safe. Errors: exhausted. May throw bad_alloc.
  static Result<GemmWorkspace> take(std::size_t bytes, memory::MemoryAccount& account);
  GemmWorkspace(GemmWorkspace&&) noexcept = default;
  GemmWorkspace& operator=(GemmWorkspace&&) = delete;
  ~GemmWorkspace();

  std::byte* data() noexcept { return buffer_->data(); }

  /// Gives all that waits back to the system.
  static void drop_kept() noexcept;

 private:
  GemmWorkspace() = default;

  memory::Charge charge_;
  std::unique_ptr<memory::Buffer> buffer_;
};

}  // namespace libabi::compute

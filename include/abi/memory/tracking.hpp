#pragma once
/// Who took the memory that was never given back?
///
///     TrackingResource tracking;
///     {
///       std::pmr::vector<Session*> sessions(&tracking);
///       ...
///     }
///     std::cout << tracking.report().value_or("");
///     // 2 blocks of 96 bytes in all are not given back
///     //   2 blocks, 96 bytes, taken at
///     //     make_session(std::pmr::memory_resource&)  session.cpp:41
///     //     main  host.cpp:12
///
/// For tests and for hunting: an allocation walks the stack (a microsecond for ten frames) and takes a lock. The unwinder is
/// the compiler's own; functions, files and lines are read by libdw of elfutils, from what the program's files hold (a program
/// built without -g has functions only, a stripped one what it exports). A build without libdw tells addresses.

#include <abi/base/error.hpp>

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

namespace libabi::memory {

struct StackFrame {
  std::uintptr_t address = 0;
  std::string function;  ///< as in the source; empty where it is not known, and so are the others
  std::string file;
  unsigned line = 0;
};

/// Blocks that were taken at the same place and are not given back.
struct Leak {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  std::vector<StackFrame> taken_at;  ///< innermost first, at most 24
};

/// Another resource's memory, and the stack of everything that is not given back. Thread-safe where the other is. allocate()
/// throws std::bad_alloc where there is no memory for the block or for what is kept about it; then neither is taken. At its end
/// it logs a report, as a warning, where something is not given back; those blocks stay the upstream's.
class ABI_API TrackingResource final : public std::pmr::memory_resource {
 public:
  explicit TrackingResource(std::pmr::memory_resource* upstream = std::pmr::new_delete_resource());
  TrackingResource(const TrackingResource&) = delete;
  TrackingResource& operator=(const TrackingResource&) = delete;
  ~TrackingResource() override;

  std::uint64_t live_blocks() const noexcept;
  std::uint64_t live_bytes() const noexcept;
  /// What is not given back now, most bytes first. Errors: exhausted.
  Result<std::vector<Leak>> leaks() const;
  /// The same for a person; empty where there is nothing. Errors: exhausted.
  Result<std::string> report() const;

 private:
  struct Impl;
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t align) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::unique_ptr<Impl> impl_;
};

/// Whether this build can tell more of a frame than its address.
ABI_API bool frames_have_names() noexcept;

}  // namespace libabi::memory

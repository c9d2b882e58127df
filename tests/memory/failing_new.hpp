#pragma once

#include <cstdint>

namespace libabi::test {

/// While it lives, the n-th operator new of this thread (counted from 0) throws bad_alloc, once. For programs that link
/// failing_new.cpp.
class FailingNew {
 public:
  explicit FailingNew(std::uint64_t n) noexcept;
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;
  bool hit() const noexcept;
};

}  // namespace libabi::test

#pragma once
/// How the bounded structures of this layer come to their slots. Not for users.

#include <abi/base/error.hpp>
#include <abi/memory/fault.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace libabi::sync::detail {

/// `wanted` items, at least `least`, as a power of two. Errors: invalid_argument where none are wanted, exhausted where slots
/// of `slot_bytes` for so many are more than memory can address.
ABI_API Result<std::size_t> ring_capacity(std::size_t wanted, std::size_t least, std::size_t slot_bytes);
/// The error of a structure whose memory the system refuses.
ABI_API std::unexpected<Error> no_memory(std::size_t items, std::size_t slot_bytes);

/// Null where the system has no memory. `count` is one that ring_capacity() gave.
template <class Slot>
std::unique_ptr<Slot[]> make_slots(std::size_t count) noexcept {
  static_assert(std::is_nothrow_default_constructible_v<Slot>);
  if (memory::allocation_must_fail()) return nullptr;
  return std::unique_ptr<Slot[]>(new (std::nothrow) Slot[count]);
}

/// Null where the system has no memory.
template <class Object, class... Args>
std::unique_ptr<Object> make_object(Args&&... args) noexcept {
  if (memory::allocation_must_fail()) return nullptr;
  return std::unique_ptr<Object>(new (std::nothrow) Object(std::forward<Args>(args)...));
}

}  // namespace libabi::sync::detail

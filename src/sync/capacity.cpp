#include <abi/sync/capacity.hpp>

#include <algorithm>
#include <bit>
#include <limits>

namespace libabi::sync::detail {

Result<std::size_t> ring_capacity(std::size_t wanted, std::size_t least, std::size_t slot_bytes) {
  if (wanted == 0) return error(ErrorCode::invalid_argument, "a capacity of 0 items is asked for, at least 1 is expected");
  const std::size_t most = std::bit_floor(static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / slot_bytes);
  if (wanted > most)
    return error(ErrorCode::exhausted, "a capacity of {} items is asked for, memory can address {} of {} bytes", wanted, most,
                 slot_bytes);
  return std::bit_ceil(std::max(wanted, least));
}

std::unexpected<Error> no_memory(std::size_t items, std::size_t slot_bytes) {
  return error(ErrorCode::exhausted, "the system has no memory for {} items of {} bytes", items, slot_bytes);
}

}  // namespace libabi::sync::detail

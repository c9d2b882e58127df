#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace libabi::vdb::journal {

using Digest = std::array<std::byte, 16>;

/// XXH3 with 128 and with 64 bits, in the canonical (big-endian) order of bytes: found by accident never, by intent easily.
Digest digest(std::span<const std::byte> bytes) noexcept;
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;

}  // namespace libabi::vdb::journal

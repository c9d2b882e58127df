#pragma once
/// The bytes of the log's files (docs/formats/log.md); all numbers are little-endian.
///
///   <first position, 20 digits>.log      segment header, then frames, each at a multiple of 8
///     0  magic "abi-vlog"  8  version 1 (4)  12  bytes of the header 96 (4)  16  first position (8)
///    24  first position of the segment before, 0 where there was none (8)
///    32  time of the last record before (8)  40  salt (8)  48  chain before (16)  64  zeros (24)  88  checksum of 0..87 (8)
///   record frame
///     0  tag "REC1" (4)  4  bytes of the body (4)  8  position (8)  16  time (8)  24  digest of the body (16)
///    40  chain with this record (16)  56  checksum of 0..55, seeded with the salt + the frame's offset (8)
///    64  body, then zeros to a multiple of 8
///   mark frame: everything before `synced` is on the disk
///     0  tag "MRK1" (4)  4  flags: 1 the segment ends here (4)  8  last position before the frame (8)  16  synced (8)
///    24  zeros (8)  32  checksum of 0..31, seeded as above (8)
///   <first position of the segment>.erased   the records of the segment whose bodies are erased
///     0  magic "abi-vers"  8  version 1 (4)  12  flags: 1 bodies may still be there (4)  16  first position of the segment (8)
///    24  count (8)  32  positions, ascending (8 each)  ..  checksum of all before (8)
///
/// The chain is the digest of {chain before (16), position (8), time (8), bytes of the body (8), digest of the body (16)}.

#include "digest.hpp"

#include <abi/base/error.hpp>
#include <abi/vdb/log.hpp>

namespace libabi::vdb::journal {

inline constexpr std::size_t segment_header_bytes = 96, record_header_bytes = 64, mark_bytes = 40;
inline constexpr std::uint32_t record_tag = 0x31434552, mark_tag = 0x314b524d;  // "REC1", "MRK1"
inline constexpr std::uint32_t mark_seals = 1;

struct SegmentHeader {
  Position first = 1;
  Position previous = 0;
  std::int64_t time_before = 0;
  std::uint64_t salt = 0;
  Digest chain{};
};

struct RecordHeader {
  std::uint32_t bytes = 0;
  Position position = 0;
  std::int64_t time_us = 0;
  Digest digest{};
  Digest chain{};
};

struct Mark {
  std::uint32_t flags = 0;
  Position last = 0;
  std::uint64_t synced = 0;
};

constexpr std::uint64_t padded(std::uint64_t bytes) noexcept { return (bytes + 7) / 8 * 8; }
constexpr std::uint64_t frame_bytes(std::uint64_t body) noexcept { return record_header_bytes + padded(body); }

std::uint32_t load32(std::span<const std::byte> bytes, std::size_t at) noexcept;
std::uint64_t load64(std::span<const std::byte> bytes, std::size_t at) noexcept;
void store32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) noexcept;
void store64(std::span<std::byte> bytes, std::size_t at, std::uint64_t value) noexcept;

Digest chained(const Digest& before, const RecordHeader& record) noexcept;

using SegmentHeaderBytes = std::array<std::byte, segment_header_bytes>;
SegmentHeaderBytes encode(const SegmentHeader& header) noexcept;
/// Errors: corrupt, unsupported (a later version).
Result<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes);

void encode(const RecordHeader& record, std::uint64_t salt, std::uint64_t offset, std::span<std::byte> to) noexcept;
void encode(const Mark& mark, std::uint64_t salt, std::uint64_t offset, std::span<std::byte> to) noexcept;
/// None where the bytes are not such a frame; they are at least as many as it has.
std::optional<RecordHeader> decode_record(std::span<const std::byte> bytes, std::uint64_t salt, std::uint64_t offset) noexcept;
std::optional<Mark> decode_mark(std::span<const std::byte> bytes, std::uint64_t salt, std::uint64_t offset) noexcept;

}  // namespace libabi::vdb::journal

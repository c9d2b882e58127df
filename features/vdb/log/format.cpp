#include "format.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace libabi::vdb::journal {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

constexpr std::uint64_t segment_magic = 0x676f6c762d696261;  // "abi-vlog"
constexpr std::uint32_t version = 1;

void put(std::span<std::byte> bytes, std::size_t at, const Digest& value) noexcept {
  std::ranges::copy(value, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

Digest get(std::span<const std::byte> bytes, std::size_t at) noexcept {
  Digest value;
  std::ranges::copy(bytes.subspan(at, value.size()), value.begin());
  return value;
}

}  // namespace

std::uint32_t load32(std::span<const std::byte> bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t load64(std::span<const std::byte> bytes, std::size_t at) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void store32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value) noexcept {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

void store64(std::span<std::byte> bytes, std::size_t at, std::uint64_t value) noexcept {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

Digest chained(const Digest& before, const RecordHeader& record) noexcept {
  std::array<std::byte, 56> link;
  put(link, 0, before);
  store64(link, 16, record.position);
  store64(link, 24, static_cast<std::uint64_t>(record.time_us));
  store64(link, 32, record.bytes);
  put(link, 40, record.digest);
  return digest(link);
}

SegmentHeaderBytes encode(const SegmentHeader& header) noexcept {
  SegmentHeaderBytes bytes{};
  store64(bytes, 0, segment_magic);
  store32(bytes, 8, version);
  store32(bytes, 12, segment_header_bytes);
  store64(bytes, 16, header.first);
  store64(bytes, 24, header.previous);
  store64(bytes, 32, static_cast<std::uint64_t>(header.time_before));
  store64(bytes, 40, header.salt);
  put(bytes, 48, header.chain);
  store64(bytes, 88, checksum(std::span(bytes).first(88)));
  return bytes;
}

Result<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes) {
  if (bytes.size() < segment_header_bytes)
    return error(ErrorCode::corrupt, "the segment has {} bytes, its header alone has {}", bytes.size(), segment_header_bytes);
  if (load64(bytes, 0) != segment_magic) return error(ErrorCode::corrupt, "the file is no segment of a log");
  if (load32(bytes, 8) > version)
    return error(ErrorCode::unsupported, "the segment has version {}, this library reads up to {}", load32(bytes, 8), version);
  if (load64(bytes, 88) != checksum(bytes.first(88))) return error(ErrorCode::corrupt, "the checksum of the header is wrong");
  const SegmentHeader header{.first = load64(bytes, 16),
                             .previous = load64(bytes, 24),
                             .time_before = static_cast<std::int64_t>(load64(bytes, 32)),
                             .salt = load64(bytes, 40),
                             .chain = get(bytes, 48)};
  if (load32(bytes, 8) == 0 || load32(bytes, 12) != segment_header_bytes || header.first == 0 || header.previous >= header.first)
    return error(ErrorCode::corrupt, "the header says what no log writes");
  return header;
}

void encode(const RecordHeader& record, std::uint64_t salt, std::uint64_t offset, std::span<std::byte> to) noexcept {
  store32(to, 0, record_tag);
  store32(to, 4, record.bytes);
  store64(to, 8, record.position);
  store64(to, 16, static_cast<std::uint64_t>(record.time_us));
  put(to, 24, record.digest);
  put(to, 40, record.chain);
  store64(to, 56, checksum(to.first(56), salt + offset));
}

void encode(const Mark& mark, std::uint64_t salt, std::uint64_t offset, std::span<std::byte> to) noexcept {
  store32(to, 0, mark_tag);
  store32(to, 4, mark.flags);
  store64(to, 8, mark.last);
  store64(to, 16, mark.synced);
  store64(to, 24, 0);
  store64(to, 32, checksum(to.first(32), salt + offset));
}

std::optional<RecordHeader> decode_record(std::span<const std::byte> bytes, std::uint64_t salt, std::uint64_t offset) noexcept {
  if (load32(bytes, 0) != record_tag || load64(bytes, 56) != checksum(bytes.first(56), salt + offset)) return {};
  return RecordHeader{.bytes = load32(bytes, 4),
                      .position = load64(bytes, 8),
                      .time_us = static_cast<std::int64_t>(load64(bytes, 16)),
                      .digest = get(bytes, 24),
                      .chain = get(bytes, 40)};
}

std::optional<Mark> decode_mark(std::span<const std::byte> bytes, std::uint64_t salt, std::uint64_t offset) noexcept {
  if (load32(bytes, 0) != mark_tag || load64(bytes, 32) != checksum(bytes.first(32), salt + offset)) return {};
  const Mark mark{.flags = load32(bytes, 4), .last = load64(bytes, 8), .synced = load64(bytes, 16)};
  if (mark.synced > offset) return {};
  return mark;
}

}  // namespace libabi::vdb::journal

#include "erasures.hpp"

#include "segment_scan.hpp"

#include <algorithm>

namespace libabi::vdb::journal {

namespace {

constexpr std::uint64_t erasures_magic = 0x737265762d696261;  // "abi-vers"
constexpr std::uint32_t version = 1, flag_under_way = 1;
constexpr std::size_t head_bytes = 32, checksum_bytes = 8;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;  // a segment of 4 GiB holds fewer records than this

Result<Erasures> decode(std::span<const std::byte> bytes, Position first) {
  if (bytes.size() < head_bytes + checksum_bytes || bytes.size() % 8 != 0 || load64(bytes, 0) != erasures_magic)
    return error(ErrorCode::corrupt, "{} bytes are no list of erased records", bytes.size());
  if (load32(bytes, 8) > version)
    return error(ErrorCode::unsupported, "the list has version {}, this library reads up to {}", load32(bytes, 8), version);
  const std::size_t content = bytes.size() - checksum_bytes;
  if (load64(bytes, content) != checksum(bytes.first(content)))
    return error(ErrorCode::corrupt, "the checksum of the list is wrong");
  const std::uint64_t count = load64(bytes, 24);
  if (load64(bytes, 16) != first || count != (content - head_bytes) / 8)
    return error(ErrorCode::corrupt, "the list of {} records belongs to segment {}", count, load64(bytes, 16));
  Erasures erasures{.positions = {}, .under_way = (load32(bytes, 12) & flag_under_way) != 0};
  erasures.positions.reserve(count);
  for (std::size_t at = head_bytes; at < content; at += 8) erasures.positions.push_back(load64(bytes, at));
  if (std::ranges::adjacent_find(erasures.positions, std::ranges::greater_equal()) != erasures.positions.end())
    return error(ErrorCode::corrupt, "the list is not in order");
  return erasures;
}

Result<void> write_zeros(io::File& file, std::uint64_t offset, std::uint64_t bytes) {
  static constexpr std::array<std::byte, 4096> zeros{};
  for (std::uint64_t done = 0; done < bytes;) {
    const std::size_t piece = std::min<std::uint64_t>(bytes - done, zeros.size());
    ABI_TRY(file.write(offset + done, std::span(zeros).first(piece)));
    done += piece;
  }
  return {};
}

}  // namespace

bool Erasures::contain(Position position) const { return std::ranges::binary_search(positions, position); }

Result<Erasures> load_erasures(const Folder& folder, Position first) {
  const std::filesystem::path path = folder.erasures(first);
  const Result<std::vector<std::byte>> bytes = folder.storage->read_file(path, most_bytes);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return Erasures();
  if (!bytes) return std::unexpected(bytes.error());
  Result<Erasures> erasures = decode(*bytes, first);
  if (!erasures) return within(path.native(), std::move(erasures).error());
  return erasures;
}

Result<void> store_erasures(const Folder& folder, Position first, const Erasures& erasures) {
  std::vector<std::byte> bytes(head_bytes + erasures.positions.size() * 8 + checksum_bytes);
  store64(bytes, 0, erasures_magic);
  store32(bytes, 8, version);
  store32(bytes, 12, erasures.under_way ? flag_under_way : 0);
  store64(bytes, 16, first);
  store64(bytes, 24, erasures.positions.size());
  for (std::size_t i = 0; i < erasures.positions.size(); ++i) store64(bytes, head_bytes + i * 8, erasures.positions[i]);
  const std::size_t content = bytes.size() - checksum_bytes;
  store64(bytes, content, checksum(std::span(bytes).first(content)));
  return folder.storage->replace_file(folder.erasures(first), bytes);
}

Result<void> overwrite_bodies(const Folder& folder, Position first, std::span<const Position> positions) {
  if (positions.empty()) return {};
  ABI_TRY(SegmentScan scan, SegmentScan::open(folder, first, Bodies::pass));
  ABI_TRY(const std::shared_ptr<io::File> file, folder.storage->open(folder.segment(first), {.access = io::Access::write}));
  for (std::size_t found = 0; found < positions.size();) {
    ABI_TRY(const std::optional<Frame> frame, scan.next(End::allowed));
    if (!frame || frame->seals)
      return error(ErrorCode::corrupt, "{}: record {} is erased, but not in the segment", folder.segment(first),
                   positions[found]);
    if (!frame->record || frame->record->position != positions[found]) continue;
    ABI_TRY(write_zeros(*file, frame->offset + record_header_bytes, frame->record->bytes));
    ++found;
  }
  return file->sync();
}

}  // namespace libabi::vdb::journal

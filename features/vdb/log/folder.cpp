#include "folder.hpp"

#include <algorithm>
#include <charconv>

namespace libabi::vdb::journal {

namespace {

constexpr std::size_t digits = 20;
constexpr std::string_view segment_ending = ".log", erasures_ending = ".erased", fresh_ending = ".new";

std::string name_of(Position first, std::string_view ending) {
  std::string number = std::to_string(first);
  return std::string(digits - number.size(), '0') + number + std::string(ending);
}

std::optional<Position> number_in(std::string_view name, std::string_view ending) {
  if (name.size() != digits + ending.size() || !name.ends_with(ending)) return {};
  Position value = 0;
  const char* const end = name.data() + digits;
  const auto [stop, failure] = std::from_chars(name.data(), end, value);
  if (stop != end || failure != std::errc() || value == 0) return {};
  return value;
}

}  // namespace

std::filesystem::path Folder::segment(Position first) const { return path / name_of(first, segment_ending); }
std::filesystem::path Folder::erasures(Position first) const { return path / name_of(first, erasures_ending); }

Result<Listing> list(const Folder& folder) {
  ABI_TRY(const std::vector<io::Entry> entries, folder.storage->list(folder.path));
  Listing listing;
  for (const io::Entry& entry : entries) {
    const std::string_view name = entry.name;
    if (entry.folder) continue;
    if (const auto segment = number_in(name, segment_ending)) listing.segments.push_back(*segment);
    if (const auto erased = number_in(name, erasures_ending)) listing.erasures.push_back(*erased);
    if (!name.ends_with(fresh_ending)) continue;
    const std::string_view whole = name.substr(0, name.size() - fresh_ending.size());
    if (number_in(whole, segment_ending) || number_in(whole, erasures_ending)) listing.leftovers.push_back(entry.name);
  }
  std::ranges::sort(listing.segments);
  std::ranges::sort(listing.erasures);
  return listing;
}

Result<std::size_t> find_segment(const std::vector<Position>& segments, Position position) {
  const auto after = std::ranges::upper_bound(segments, position);
  if (after != segments.begin()) return static_cast<std::size_t>(after - segments.begin()) - 1;
  return error(ErrorCode::out_of_range, "record {} is not in the log, which begins with {}", position,
               segments.empty() ? 0 : segments.front());
}

Result<SegmentHeader> read_segment_header(const Folder& folder, Position first) {
  const std::filesystem::path path = folder.segment(first);
  ABI_TRY(const std::shared_ptr<io::File> file, folder.storage->open(path));
  SegmentHeaderBytes bytes;
  ABI_TRY(const std::size_t count, file->read(0, bytes));
  Result<SegmentHeader> header = decode_segment_header(std::span(bytes).first(count));
  if (!header) return within(path.native(), std::move(header).error());
  if (header->first != first)
    return error(ErrorCode::corrupt, "{}: the header says that the segment begins with record {}", path, header->first);
  return header;
}

Result<void> make_segment(const Folder& folder, const SegmentHeader& header) {
  return folder.storage->replace_file(folder.segment(header.first), encode(header));
}

}  // namespace libabi::vdb::journal

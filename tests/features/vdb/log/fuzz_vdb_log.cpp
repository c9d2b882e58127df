#include "log/format.hpp"

#include <abi/io/simulated_storage.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

/// A folder of a log from anywhere: an error, or a log that keeps its promises.
///
///     0  1: checksums, digests and the chain are made right before it is opened, so that what is behind them is met too
///     1  bytes of the list of erased records, little-endian (2)      3  the list      ..  the segment of record 1
namespace {

using namespace libabi;
using namespace libabi::vdb;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

void make_right(std::span<std::byte> segment) {
  if (segment.size() < journal::segment_header_bytes) return;
  journal::store64(segment, 88, journal::checksum(segment.first(88)));
  const auto header = journal::decode_segment_header(segment);
  if (!header) return;
  journal::Digest chain = header->chain;
  for (std::size_t at = journal::segment_header_bytes; at + journal::record_header_bytes <= segment.size();) {
    const std::span<std::byte> frame = segment.subspan(at);
    if (journal::load32(frame, 0) == journal::mark_tag) {
      journal::store64(frame, 32, journal::checksum(frame.first(32), header->salt + at));
      at += journal::mark_bytes;
      continue;
    }
    const std::uint64_t bytes = journal::load32(frame, 4);
    if (journal::load32(frame, 0) != journal::record_tag || journal::frame_bytes(bytes) > frame.size()) return;
    journal::RecordHeader record{.bytes = static_cast<std::uint32_t>(bytes),
                                 .position = journal::load64(frame, 8),
                                 .time_us = static_cast<std::int64_t>(journal::load64(frame, 16)),
                                 .digest = journal::digest(frame.subspan(journal::record_header_bytes, bytes)),
                                 .chain = {}};
    chain = record.chain = journal::chained(chain, record);
    journal::encode(record, header->salt, at, frame);
    at += journal::frame_bytes(bytes);
  }
}

void put(io::Storage& disk, const char* name, std::span<const std::byte> bytes) {
  const auto file = disk.open(name, {.access = io::Access::write, .create = true}).value();
  file->write(0, bytes).value();
  file->sync().value();
}

// How many records there are; none where one does not verify.
std::optional<std::uint64_t> count(Log& log) {
  const auto reader = log.read(log.first());
  if (!reader) return {};
  for (std::uint64_t seen = 0;; ++seen) {
    const auto record = (*reader)->next();
    if (!record) return {};
    if (!*record) return seen;
    require((*record)->position == log.first() + seen, "positions follow each other");
    require(!(*record)->erased || (*record)->body.empty(), "an erased record has no body");
  }
}

void exercise(io::Storage& disk) {
  (void)LocalLog::verify_folder(disk, "log");
  const auto follower = LocalLog::open(disk, "log", {.access = io::Access::read});
  require(follower || !follower.error().message.empty(), "an error says what is wrong");
  const auto log = LocalLog::open(disk, "log", {.segment_bytes = 4096, .preallocate_bytes = 0});
  if (!log) return require(!log.error().message.empty(), "an error says what is wrong");
  const std::optional<std::uint64_t> before = count(**log);
  require(before.has_value(), "a log of one segment that opens can be read");
  const std::span<const std::byte> body = std::as_bytes(std::span("more"));
  require((*log)->append(LogBodies(&body, 1)).has_value(), "a log that opens takes records");
  const Position last = (*log)->last();
  require((*log)->erase(std::span(&last, 1)).has_value(), "and erases them");
  require(count(**log) == *before + 1, "and has one more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const bool right = data[0] == 1;
  const std::size_t list = std::min<std::size_t>(data[1] | data[2] << 8, size - 3);
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size)).subspan(3);
  std::vector<std::byte> erased(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(list));
  std::vector<std::byte> segment(input.begin() + static_cast<std::ptrdiff_t>(list), input.end());
  if (right) make_right(segment);
  if (right && erased.size() >= 40)
    journal::store64(erased, erased.size() - 8, journal::checksum(std::span(erased).first(erased.size() - 8)));
  const auto disk = io::SimulatedStorage::create().value();
  disk->create_folder("log").value();
  put(*disk, "log/00000000000000000001.log", segment);
  if (!erased.empty()) put(*disk, "log/00000000000000000001.erased", erased);
  exercise(*disk);
  return 0;
}

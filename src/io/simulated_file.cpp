#include "simulated_file.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace libabi::io {

namespace {

constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t tear_one_in = 8;

// The part of [begin, end) of a write that begins at `offset`, put to its place.
void overlay(std::vector<std::byte>& content, std::uint64_t offset, std::span<const std::byte> bytes, std::uint64_t begin,
             std::uint64_t end) {
  begin = std::max(begin, offset);
  end = std::min(end, offset + bytes.size());
  if (begin >= end) return;
  if (content.size() < end) content.resize(end);
  std::ranges::copy(bytes.subspan(begin - offset, end - begin), content.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace

void SimulatedFile::apply(const Change& change, std::vector<std::byte>& content) {
  if (change.bytes.empty())
    content.resize(change.length);
  else
    overlay(content, change.offset, change.bytes, change.offset, change.offset + change.bytes.size());
}

void SimulatedFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  Change change{.offset = offset,
                .bytes = {bytes.begin(), bytes.end()},
                .length = std::max<std::uint64_t>(content_.size(), offset + bytes.size())};
  changes_.reserve(changes_.size() + 1);
  apply(change, content_);
  changes_.push_back(std::move(change));
}

void SimulatedFile::resize(std::uint64_t bytes) {
  changes_.reserve(changes_.size() + 1);
  content_.resize(bytes);
  changes_.push_back({.offset = 0, .bytes = {}, .length = bytes});
}

void SimulatedFile::sync() {
  for (const Change& change : changes_)
    if (!change.lost) apply(change, durable_);
  changes_.clear();  // the lost ones too: no later sync, and no power cut, lays them over what is durable now
}

void SimulatedFile::lose_changes() noexcept {
  for (Change& change : changes_) change.lost = true;
}

void SimulatedFile::crash(std::mt19937_64& random) {
  if (!changes_.empty()) durable_ = torn_content(random);
  content_ = durable_;
  changes_.clear();
}

std::vector<std::byte> SimulatedFile::torn_content(std::mt19937_64& random) const {
  std::vector<std::byte> content = durable_;
  const std::size_t kept = random() % (changes_.size() + 1);
  const std::uint64_t length = kept == 0 ? durable_.size() : changes_[kept - 1].length;
  std::map<std::uint64_t, std::vector<const Change*>> touching;  // by sector, in the order of the writes
  for (const Change& change : changes_)
    for (std::uint64_t sector = change.offset / sector_bytes;
         !change.bytes.empty() && sector <= (change.offset + change.bytes.size() - 1) / sector_bytes; ++sector)
      touching[sector].push_back(&change);
  for (const auto& [sector, writes] : touching) {
    const std::size_t survive = random() % (writes.size() + 1);
    for (std::size_t i = 0; i < survive; ++i) {
      std::uint64_t end = (sector + 1) * sector_bytes;
      if (i + 1 == survive && random() % tear_one_in == 0) end -= random() % sector_bytes;
      overlay(content, writes[i]->offset, writes[i]->bytes, sector * sector_bytes, end);
    }
  }
  content.resize(length);
  return content;
}

void SimulatedFile::flip_bit(std::uint64_t offset, unsigned bit) {
  for (auto* bytes : {&content_, &durable_})
    if (offset < bytes->size()) (*bytes)[offset] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
}

}  // namespace libabi::io

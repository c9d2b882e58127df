#include "index/hnsw.hpp"

#include "index/score.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/parallel.hpp>

#include <cstring>

namespace libabi::vdb {

namespace {

constexpr std::size_t learned_from = 16384;  // rows, at most
constexpr std::size_t worth_short_codes = 4096;

Result<memory::Buffer> grown(const memory::Buffer& old, std::uint64_t bytes, memory::MemoryAccount& account) {
  ABI_TRY(memory::Buffer fresh, memory::Buffer::allocate_pages(bytes, account));
  if (old.size() != 0) std::memcpy(fresh.data(), old.data(), static_cast<std::size_t>(old.size()));
  return fresh;
}

}  // namespace

Result<void> Hnsw::grow(std::size_t capacity) {
  if (codec_) {
    ABI_TRY(memory::Buffer codes, grown(codes_, capacity * codec_->row_bytes(), house_.account));
    memory::Buffer rows;
    if (!codec_->exact()) {
      ABI_TRY(rows, grown(rows_, capacity * space_.dimension() * sizeof(float), house_.account));
    }
    ABI_TRY(graph_.grow(capacity));
    codes_ = std::move(codes);
    rows_ = std::move(rows);
  }
  capacity_ = capacity;
  return {};
}

Result<void> Hnsw::learn(std::span<const float> vectors) {
  space_.learn(vectors);
  ABI_TRY(codec_, learn_codec(member_, vectors));
  const Result<void> grown = grow(capacity_);
  if (!grown) codec_.reset();
  return grown;
}

/// From rows spread over all that are given.
Result<std::unique_ptr<Codec>> Hnsw::learn_codec(const CodecMember& member, std::span<const float> vectors) const {
  const std::size_t count = vectors.size() / space_.dimension();
  const std::size_t used = std::min(count, learned_from);
  std::vector<float> lifted(used * space_.lifted());
  for (std::size_t i = 0; i < used; ++i)
    space_.lift(&vectors[(i * count / used) * space_.dimension()], &lifted[i * space_.lifted()]);
  return member.learn({.vectors = lifted.data(), .count = used, .dimension = space_.lifted()});
}

Result<void> Hnsw::encode(const Codec& codec, std::byte* codes, std::span<const Row> rows, std::span<const float> vectors) const {
  return task::parallel_for(house_.scheduler, 0, rows.size(), [&](std::size_t begin, std::size_t end) {
    std::vector<float> lifted(space_.lifted());
    std::vector<std::byte> workspace(codec.query_bytes() + 64);
    std::byte* const aligned = workspace.data() + (64 - reinterpret_cast<std::uintptr_t>(workspace.data()) % 64) % 64;
    for (std::size_t i = begin; i < end; ++i) {
      space_.lift(&vectors[i * space_.dimension()], lifted.data());
      codec.encode(lifted.data(), codes + static_cast<std::size_t>(rows[i]) * codec.row_bytes(), aligned);
    }
  });
}

Result<void> Hnsw::add(std::span<const Row> rows, std::span<const float> vectors) {
  ABI_TRY(encode(*codec_, codes_.data(), rows, vectors));
  if (!codec_->exact()) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(row(rows[i]), &vectors[i * space_.dimension()], space_.dimension() * sizeof(float));
  }
  if (codec_->exact() && graph_.empty() && rows.size() >= worth_short_codes) return build_by_short_codes(rows, vectors);
  return graph_.add(codes(), rows);
}

/// Many rows at once are joined by what short codes say of their distances.
Result<void> Hnsw::build_by_short_codes(std::span<const Row> rows, std::span<const float> vectors) {
  ABI_TRY(const std::unique_ptr<Codec> quick, learn_codec(codec_i8, vectors));
  ABI_TRY(memory::Buffer bytes, memory::Buffer::allocate_pages(capacity_ * quick->row_bytes(), house_.account));
  ABI_TRY(encode(*quick, bytes.data(), rows, vectors));
  return graph_.add({quick.get(), bytes.data()}, rows);
}

Result<void> Hnsw::detach(std::span<const std::uint64_t> dead) { return graph_.detach(codes(), dead); }

void Hnsw::forget(std::span<const std::uint64_t> dead) noexcept {
  graph_.forget(dead);
  for_blocks<64>(dead, [&](const Row* rows, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memset(codes().row(rows[i]), 0, codec_->row_bytes());
      if (!codec_->exact()) std::memset(row(rows[i]), 0, space_.dimension() * sizeof(float));
    }
  });
}

void Hnsw::describe(IndexFigures& figures) const noexcept {
  figures.memory_bytes = codes_.size() + rows_.size() + graph_.memory_bytes();
  figures.mean_degree = graph_.mean_degree();
  figures.layers = graph_.layers();
}

constexpr IndexMember index_hnsw{
    .name = "hnsw", .make = [](const IndexOptions& options, const House& house) -> Result<std::unique_ptr<IndexBody>> {
      ABI_TRY(const CodecMember* codec, find_codec(options.codec));
      return std::make_unique<Hnsw>(options, *codec, house);
    }};

}  // namespace libabi::vdb

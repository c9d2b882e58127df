// A code is the row itself, rotated so that its first elements tell the most:
//   offset  bytes  what
//   0       4 * d  f32, the principal coordinates first
//   4 * d   ...    zeros, to a multiple of 64 bytes (32 where d < 16)
// A distance is the sum over a few elements, then over more, and given up where a sum is too large already (Kashyap and
// Karras, Scalable kNN search on vertically stored time series, KDD 2011, and others since).
#include "codec/codec.hpp"
#include "codec/rotation.hpp"

#include <abi/base/boundary.hpp>
#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace libabi::vdb {

namespace {

constexpr std::size_t most_axes = 64;
constexpr std::size_t ends[] = {32, 128, 320};  // of the parts, where a row is longer than that

class F32 final : public Codec {
 public:
  F32(std::size_t dimension, Rotation rotation) : rotation_(std::move(rotation)) {
    dimension_ = dimension;
    stride_ = dimension < 16 ? (dimension + 7) / 8 * 8 : (dimension + 15) / 16 * 16;
    row_bytes_ = query_bytes_ = stride_ * sizeof(float);
    exact_ = true;
  }

  void encode(const float* vector, std::byte* row, std::byte*) const noexcept override { rotate(vector, row); }

  void prepare(const float* vector, PreparedQuery& query) const noexcept override { rotate(vector, query.bytes.data()); }

  const float* values(const std::byte* code) const noexcept override { return reinterpret_cast<const float*>(code); }

  void prepare_row(const std::byte* row, PreparedQuery& query) const noexcept override {
    std::memcpy(query.bytes.data(), row, row_bytes_);
  }

  void distances(const PreparedQuery& query, const CodeRows& rows, float bound, float* out) const noexcept override {
    const auto* const q = reinterpret_cast<const float*>(query.bytes.data());
    std::size_t end = std::min(dimension_, ends[0]);
    part(out, q, rows.data, rows.index, rows.count, 0, end);
    if (end == dimension_) return;
    // Those that are still near enough, by their places in `out`.
    std::array<std::uint32_t, most_rows_at_once> place;
    std::array<std::uint32_t, most_rows_at_once> near;
    std::array<float, most_rows_at_once> more;
    std::size_t left = 0;
    for (std::uint32_t i = 0; i < rows.count; ++i)
      if (out[i] < bound) place[left++] = i;
    for (std::size_t stage = 1; end < dimension_ && left != 0; ++stage) {
      const std::size_t begin = end;
      end = stage < std::size(ends) ? std::min(dimension_, ends[stage]) : dimension_;
      for (std::size_t i = 0; i < left; ++i) near[i] = rows.index[place[i]];
      part(more.data(), q, rows.data, near.data(), left, begin, end);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < left; ++i) {
        const std::uint32_t at = place[i];
        out[at] += more[i];
        if (out[at] < bound) place[kept++] = at;
      }
      left = kept;
    }
  }

 private:
  void rotate(const float* vector, std::byte* to) const noexcept {
    auto* const out = reinterpret_cast<float*>(to);
    std::copy_n(vector, dimension_, out);
    std::fill(out + dimension_, out + stride_, 0.0F);
    rotation_.apply(out);
  }

  void part(float* out, const float* query, const std::byte* data, const std::uint32_t* index, std::size_t count,
            std::size_t begin, std::size_t end) const noexcept {
    simd::kernels().l2_f32_rows(
        out, query + begin,
        {.data = reinterpret_cast<const float*>(data) + begin, .stride = stride_, .count = count, .index = index}, end - begin);
  }

  Rotation rotation_;
  std::size_t stride_ = 0;
};

Result<std::unique_ptr<Codec>> learn(const Sample& sample) {
  return boundary([&]() -> Result<std::unique_ptr<Codec>> {
    Rotation rotation;
    if (sample.dimension > ends[0]) rotation = Rotation(principal_axes(sample, most_axes));
    return std::make_unique<F32>(sample.dimension, std::move(rotation));
  });
}

}  // namespace

constexpr CodecMember codec_f32{.name = "f32", .learn = learn};

}  // namespace libabi::vdb

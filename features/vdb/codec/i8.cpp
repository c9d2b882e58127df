// A code is the row's principal coordinates in steps of one size:
//   offset       bytes  what
//   0            k      i8, coordinates of the row less the mean, in steps; those beyond +-127 steps are cut
//   row_bytes-4  4      f32, the squared length of what these stand for
// k is 28, 60, 124, 252, ... or the dimension itself: the smallest whose axes hold most of the sample's variance. After LeanVec
// (Tepper et al., TMLR 2024), with one scale for all coordinates so that a distance is one product of integers.
#include "codec/axes.hpp"
#include "codec/codec.hpp"

#include <abi/base/boundary.hpp>
#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace libabi::vdb {

namespace {

constexpr double enough = 0.97;  // of the variance
constexpr std::size_t tail_bytes = sizeof(float);

/// Axes that hold enough, or none where the elements themselves are as short.
Axes choose_axes(const Sample& sample) {
  for (std::size_t bytes = 64;; bytes *= 2) {
    const std::size_t count = bytes - tail_bytes;
    if (sample.dimension <= count || count * 4 > sample.dimension * 3) break;
    Axes axes = principal_axes(sample, count);
    if (axes.share >= enough) return axes;
  }
  Axes none = principal_axes(sample, 0);
  none.count = 0;
  return none;
}

class I8 final : public Codec {
 public:
  I8(const Sample& sample, Axes axes) : axes_(std::move(axes)) {
    dimension_ = sample.dimension;
    coordinates_ = axes_.count != 0 ? axes_.count : dimension_;
    const std::size_t needed = coordinates_ + tail_bytes;
    row_bytes_ = needed <= 32 ? 32 : (needed + 63) / 64 * 64;
    // The query in steps, and behind it room for its coordinates (and for the vector less its mean).
    query_bytes_ = row_bytes_ + std::max(coordinates_, dimension_) * sizeof(float);
    const auto& k = simd::kernels();
    for (std::size_t i = 0; i < axes_.count; ++i)
      shift_.push_back(k.dot_f32(&axes_.rows[i * dimension_], axes_.mean.data(), dimension_));
    choose_step(sample);
  }

  void encode(const float* vector, std::byte* row, std::byte* workspace) const noexcept override {
    auto* const z = reinterpret_cast<float*>(workspace + row_bytes_);
    project(vector, true, z);
    auto* const code = reinterpret_cast<std::int8_t*>(row);
    std::memset(row, 0, row_bytes_);
    std::int64_t squares = 0;
    for (std::size_t i = 0; i < coordinates_; ++i) {
      const auto steps = static_cast<std::int32_t>(std::lrintf(std::clamp(z[i] / step_, -127.0F, 127.0F)));
      code[i] = static_cast<std::int8_t>(steps);
      squares += steps * steps;
    }
    const float length = static_cast<float>(squares) * step_ * step_;
    std::memcpy(row + row_bytes_ - tail_bytes, &length, tail_bytes);
  }

  // |q - x|^2 = |q|^2 - 2 q.x + |x|^2, where q.x is a product of the steps, and both are less the mean.
  void prepare(const float* vector, PreparedQuery& query) const noexcept override {
    query.offset = simd::kernels().sum_squares(into_steps(vector, true, query), coordinates_);
    query.weight = 1;
  }

  // Rows are equally long: q.x alone gives their order, and so does q.(x - mean), for which q is in steps of its own size (less
  // the mean, whose last coordinate is as large as the rows are long, it would be in coarser ones).
  void prepare_product(const float* vector, PreparedQuery& query) const noexcept override {
    into_steps(vector, false, query);
    query.offset = 0;
    query.weight = 0;
  }

  void prepare_row(const std::byte* row, PreparedQuery& query) const noexcept override {
    std::memcpy(query.bytes.data(), row, row_bytes_);
    query.offset = squared_length(row);
    query.weight = 1;
    query.factor = 2 * step_ * step_;
  }

  void distances(const PreparedQuery& query, const CodeRows& rows, float, float* out) const noexcept override {
    simd::kernels().dot_i8_rows(
        out, reinterpret_cast<const std::int8_t*>(query.bytes.data()),
        {.data = reinterpret_cast<const std::int8_t*>(rows.data), .stride = row_bytes_, .count = rows.count, .index = rows.index},
        coordinates_);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const std::byte* const row = rows.data + static_cast<std::size_t>(rows.index[i]) * row_bytes_;
      out[i] = query.weight * squared_length(row) - query.factor * out[i] + query.offset;
    }
  }

 private:
  float squared_length(const std::byte* row) const noexcept {
    float length;
    std::memcpy(&length, row + row_bytes_ - tail_bytes, tail_bytes);
    return length;
  }

  /// Returns the coordinates.
  const float* into_steps(const float* vector, bool centred, PreparedQuery& query) const noexcept {
    auto* const z = reinterpret_cast<float*>(query.bytes.data() + row_bytes_);
    project(vector, centred, z);
    query.factor = 2 * step_ * simd::kernels().f32_to_i8(reinterpret_cast<std::int8_t*>(query.bytes.data()), z, coordinates_);
    return z;
  }

  /// [max(coordinates, dimension)] of `z` are written: the coordinates of the vector, or of the vector less the mean.
  void project(const float* vector, bool centred, float* z) const noexcept {
    const float* const mean = axes_.count == 0 ? axes_.mean.data() : shift_.data();
    if (axes_.count == 0)
      std::copy_n(vector, dimension_, z);
    else
      simd::kernels().dot_f32_rows(
          z, vector, {.data = axes_.rows.data(), .stride = dimension_, .count = axes_.count, .index = nullptr}, dimension_);
    for (std::size_t i = 0; centred && i < coordinates_; ++i) z[i] -= mean[i];
  }

  /// So that one coordinate of 10,000 in the sample is cut.
  void choose_step(const Sample& sample) {
    const std::size_t rows = std::min<std::size_t>(sample.count, 2048);
    std::vector<float> z(std::max(coordinates_, dimension_));
    std::vector<float> seen;
    for (std::size_t i = 0; i < rows; ++i) {
      project(sample.vectors + (i * sample.count / rows) * dimension_, true, z.data());
      for (std::size_t j = 0; j < coordinates_; ++j) seen.push_back(std::abs(z[j]));
    }
    if (seen.empty()) return;
    const auto at = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() - 1 - seen.size() / 10'000);
    std::ranges::nth_element(seen, at);
    if (*at > 0) step_ = *at / 127;
  }

  Axes axes_;
  std::size_t coordinates_ = 0;
  std::vector<float> shift_;  ///< [axes], the mean's coordinates
  float step_ = 1;
};

Result<std::unique_ptr<Codec>> learn(const Sample& sample) {
  return boundary([&]() -> Result<std::unique_ptr<Codec>> { return std::make_unique<I8>(sample, choose_axes(sample)); });
}

}  // namespace

constexpr CodecMember codec_i8{.name = "i8", .learn = learn};

}  // namespace libabi::vdb

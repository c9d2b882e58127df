#include "codec/axes.hpp"

#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

namespace libabi::vdb {

namespace {

constexpr std::size_t most_rows = 8192;
constexpr int iterations = 4;

using Matrix = std::vector<float>;

/// c[m, n] = a[m, k] * b[k, n], or with `transposed` b[n, k].
void multiply(Matrix& c, const Matrix& a, const Matrix& b, std::size_t m, std::size_t n, std::size_t k, bool transposed) {
  const simd::GemmShape shape{.m = m,
                              .n = n,
                              .k = k,
                              .a_stride = k,
                              .b_stride = transposed ? k : n,
                              .c_stride = n,
                              .b_transposed = transposed,
                              .accumulate = false};
  std::vector<std::byte> workspace(simd::gemm_workspace_bytes(shape));
  simd::kernels().gemm_f32(c.data(), a.data(), b.data(), shape, workspace.data());
}

/// Rows of `count`, made orthonormal in their order (Gram and Schmidt, twice); those that depend on others become zeros.
void orthonormalise(Matrix& rows, std::size_t count, std::size_t dimension) {
  const auto& k = simd::kernels();
  for (std::size_t i = 0; i < count; ++i) {
    float* const row = &rows[i * dimension];
    const float before = k.norm_l2(row, dimension);
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < i; ++j) {
        const float* const other = &rows[j * dimension];
        k.scale_add(row, other, -k.dot_f32(row, other, dimension), dimension);
      }
    const float length = k.norm_l2(row, dimension);
    if (length <= before * 1e-5F) {
      std::fill_n(row, dimension, 0.0F);
      continue;
    }
    k.scale(row, row, 1 / length, dimension);
  }
}

/// Eigenvalues of a symmetric matrix, and eigenvectors in the rows of `vectors` (Jacobi; Golub and Van Loan, section 8.5).
void diagonalise(std::vector<double>& a, std::vector<double>& vectors, std::size_t n) {
  vectors.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  const auto rotate = [](double& x, double& y, double c, double s) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0;
    double diagonal = 0;
    for (std::size_t i = 0; i < n; ++i) {
      diagonal += a[i * n + i] * a[i * n + i];
      for (std::size_t j = 0; j < i; ++j) off += a[i * n + j] * a[i * n + j];
    }
    if (off <= diagonal * 1e-18) return;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        const double apq = a[p * n + q];
        if (apq == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1);
        const double s = t * c;
        for (std::size_t i = 0; i < n; ++i) rotate(a[i * n + p], a[i * n + q], c, s);
        for (std::size_t i = 0; i < n; ++i) rotate(a[p * n + i], a[q * n + i], c, s);
        for (std::size_t i = 0; i < n; ++i) rotate(vectors[p * n + i], vectors[q * n + i], c, s);
      }
  }
}

/// The sample without its mean, cut to most_rows.
Matrix centred(const Sample& sample, std::size_t rows, std::vector<float>& mean) {
  const std::size_t d = sample.dimension;
  Matrix x(rows * d);
  std::vector<double> sums(d, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* const from = sample.vectors + (i * sample.count / rows) * d;
    std::copy_n(from, d, &x[i * d]);
    for (std::size_t j = 0; j < d; ++j) sums[j] += static_cast<double>(from[j]);
  }
  mean.resize(d);
  for (std::size_t j = 0; j < d; ++j) mean[j] = static_cast<float>(sums[j] / static_cast<double>(std::max<std::size_t>(rows, 1)));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < d; ++j) x[i * d + j] -= mean[j];
  return x;
}

Matrix transposed(const Matrix& x, std::size_t rows, std::size_t columns) {
  Matrix out(x.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = x[i * columns + j];
  return out;
}

/// Numbers in [-1, 1) that are the same everywhere.
Matrix start(std::size_t count) {
  Matrix out(count);
  std::uint64_t state = 0x9E3779B97F4A7C15;
  for (float& value : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31F;
  }
  return out;
}

/// Turns the axes within their subspace to those of largest variance first; returns the variances. `seen` is [rows, count], the
/// sample's coordinates in them.
std::vector<double> sort_axes(Matrix& axes, const Matrix& seen, std::size_t rows, std::size_t count, std::size_t d) {
  std::vector<double> gram(count * count, 0.0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t q = 0; q < count; ++q)
        gram[p * count + q] += static_cast<double>(seen[i * count + p]) * static_cast<double>(seen[i * count + q]);
  std::vector<double> turn;
  diagonalise(gram, turn, count);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-gram[i * count + i], i); });
  Matrix sorted(axes.size());
  Matrix matrix(count * count);
  std::vector<double> variances;
  for (std::size_t i = 0; i < count; ++i) {
    variances.push_back(std::max(0.0, gram[order[i] * count + order[i]]));
    for (std::size_t j = 0; j < count; ++j) matrix[i * count + j] = static_cast<float>(turn[order[i] * count + j]);
  }
  multiply(sorted, matrix, axes, count, d, count, false);
  axes = std::move(sorted);
  return variances;
}

}  // namespace

Axes principal_axes(const Sample& sample, std::size_t count) {
  const std::size_t d = sample.dimension;
  const std::size_t rows = std::min(sample.count, most_rows);
  Axes axes{.dimension = d, .count = std::min(count, d), .mean = {}, .rows = {}, .share = 1};
  const Matrix x = centred(sample, rows, axes.mean);
  const Matrix xt = transposed(x, rows, d);
  double total = 0;
  for (const float value : x) total += static_cast<double>(value) * static_cast<double>(value);

  Matrix v = start(axes.count * d);
  orthonormalise(v, axes.count, d);
  Matrix seen(axes.count * rows);
  for (int i = 0; i < iterations && total > 0; ++i) {
    multiply(seen, v, x, axes.count, rows, d, true);   // [count, rows]
    multiply(v, seen, xt, axes.count, d, rows, true);  // [count, d]
    orthonormalise(v, axes.count, d);
  }
  multiply(seen, v, x, axes.count, rows, d, true);
  const std::vector<double> variances = sort_axes(v, transposed(seen, axes.count, rows), rows, axes.count, d);
  double inside = 0;
  std::size_t used = 0;
  for (const double variance : variances) {
    if (variance <= total * 1e-12) break;
    inside += variance;
    ++used;
  }
  axes.count = used;
  v.resize(used * d);
  orthonormalise(v, used, d);
  axes.rows = std::move(v);
  if (total > 0) axes.share = std::min(1.0, inside / total);
  return axes;
}

}  // namespace libabi::vdb

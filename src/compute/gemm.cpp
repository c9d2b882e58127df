#include "gemm_workspace.hpp"

#include <abi/base/boundary.hpp>
#include <abi/compute/gemm.hpp>
#include <abi/simd/kernels.hpp>
#include <abi/task/parallel.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace libabi::compute {

namespace {

/// How c is cut up: into so many rows and columns of parts, as nearly square as the threads allow, since a part packs all
/// rows of a and all columns of b that it needs.
struct Grid {
  std::size_t rows = 1, columns = 1;
  std::size_t parts() const noexcept { return rows * columns; }
};

// Below this many multiply-adds a part, handing it over costs more than it saves.
constexpr double least_work = 200'000;

Grid grid_for(const GemmShape& shape, unsigned threads) {
  const double work = static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k);
  const auto worthwhile = static_cast<std::size_t>(std::min(work / least_work + 1, 1e6));
  const std::size_t parts = std::min<std::size_t>(threads, worthwhile);
  Grid best;
  double least = std::numeric_limits<double>::max();
  for (std::size_t rows = 1; rows <= parts; ++rows) {
    const Grid grid{rows, parts / rows};
    if (grid.parts() != parts || grid.rows > shape.m || grid.columns > shape.n) continue;
    const double packed = static_cast<double>(shape.m) / static_cast<double>(grid.rows) +
                          static_cast<double>(shape.n) / static_cast<double>(grid.columns);
    if (packed < least) {
      least = packed;
      best = grid;
    }
  }
  return best;
}

/// Part `index` of a product, at whole tiles and panels but for the end.
struct Part {
  std::size_t row, column;
  GemmShape shape;
};

std::size_t begin_of(std::size_t index, std::size_t count, std::size_t length, std::size_t step) {
  const std::size_t steps = (length + step - 1) / step;
  return std::min(length, steps * index / count * step);
}

Part part_of(const GemmShape& shape, const Grid& grid, std::size_t index) {
  constexpr std::size_t tile = 12;
  const std::size_t y = index / grid.columns, x = index % grid.columns;
  Part part{begin_of(y, grid.rows, shape.m, tile), begin_of(x, grid.columns, shape.n, simd::gemm_panel_columns), shape};
  part.shape.m = begin_of(y + 1, grid.rows, shape.m, tile) - part.row;
  part.shape.n = begin_of(x + 1, grid.columns, shape.n, simd::gemm_panel_columns) - part.column;
  return part;
}

Result<void> check(const char* name, std::size_t rows, std::size_t columns, std::size_t stride, std::size_t element_bytes) {
  if (columns > stride && rows > 1)
    return error(ErrorCode::invalid_argument, "rows of {} have {} elements, {} lie between their beginnings", name, columns,
                 stride);
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
  if (rows == 0 || std::max(stride, columns) <= most / element_bytes / rows) return {};
  return error(ErrorCode::invalid_argument, "{} has {} rows of {} elements, more than memory can hold", name, rows, stride);
}

template <class Sum, class Element>
using Kernel = void (*)(Sum*, const Element*, const Element*, const GemmShape&, std::byte*);

template <class Sum, class Element>
Result<void> multiply(task::Scheduler& scheduler, Kernel<Sum, Element> kernel, Sum* c, const Element* a, const Element* b,
                      const GemmShape& shape, memory::MemoryAccount& account) {
  ABI_TRY(check("a", shape.m, shape.k, shape.a_stride, sizeof(Element)));
  ABI_TRY(check("b", shape.b_transposed ? shape.n : shape.k, shape.b_transposed ? shape.k : shape.n, shape.b_stride,
                sizeof(Element)));
  ABI_TRY(check("c", shape.m, shape.n, shape.c_stride, sizeof(Sum)));
  const Grid grid = grid_for(shape, scheduler.threads());
  std::vector<GemmWorkspace> workspaces;
  workspaces.reserve(grid.parts());
  for (std::size_t index = 0; index < grid.parts(); ++index) {
    const std::size_t bytes = simd::gemm_workspace_bytes(part_of(shape, grid, index).shape);
    ABI_TRY(GemmWorkspace workspace, GemmWorkspace::take(bytes, account));
    workspaces.push_back(std::move(workspace));
  }
  const auto multiply_parts = [&](std::size_t from, std::size_t to) {
    for (std::size_t index = from; index < to; ++index) {
      const Part part = part_of(shape, grid, index);
      kernel(c + part.row * shape.c_stride + part.column, a + part.row * shape.a_stride,
             b + (shape.b_transposed ? part.column * shape.b_stride : part.column), part.shape, workspaces[index].data());
    }
  };
  return task::parallel_for(scheduler, 0, grid.parts(), multiply_parts, {.grain = 1});
}

}  // namespace

Result<void> gemm_f32(task::Scheduler& scheduler, float* c, const float* a, const float* b, const GemmShape& shape,
                      memory::MemoryAccount& account) {
  return boundary([&] { return multiply(scheduler, simd::kernels().gemm_f32, c, a, b, shape, account); });
}

Result<void> gemm_bf16(task::Scheduler& scheduler, float* c, const std::uint16_t* a, const std::uint16_t* b,
                       const GemmShape& shape, memory::MemoryAccount& account) {
  return boundary([&] { return multiply(scheduler, simd::kernels().gemm_bf16, c, a, b, shape, account); });
}

Result<void> gemm_i8(task::Scheduler& scheduler, std::int32_t* c, const std::int8_t* a, const std::int8_t* b,
                     const GemmShape& shape, memory::MemoryAccount& account) {
  return boundary([&] { return multiply(scheduler, simd::kernels().gemm_i8, c, a, b, shape, account); });
}

}  // namespace libabi::compute

#pragma once
/// One query to many rows: tiles of rows that share the chunks of the query.

#include "distance.hpp"

namespace libabi::simd::ABI_ISA_NS {
namespace {

/// Rows that are not in the caches are asked for so far ahead: enough lines for the memory's latency, few enough for the
/// first-level cache.
constexpr std::size_t bytes_ahead = 8192;
/// Of rows one after another the processor knows by itself what comes next, unless each is a line or a few, of which a tile
/// takes its vectors out of order. Those that are together smaller than near_bytes are taken to be near already; asking would
/// cost as much as loading. Longer ones that are together larger than stream_bytes come from memory, which is the fastest when
/// they are read in its order, row after row.
constexpr std::size_t few_bytes = 256;
constexpr std::size_t near_bytes = 256 * 1024;
constexpr std::size_t stream_bytes = 512 * 1024;

template <class Op, std::size_t ways, bool far>
class Scan {
  using Element = typename Op::Element;
  using Number = decltype(number(typename Op::Vector{}[0]));
  using Four = decltype(numbers(ABI_ISA_NS::Four<typename Op::Vector>{}));
  static constexpr std::size_t own_count = at_least_one<Op::own_sums>, most = tile_rows<Op>;

 public:
  ABI_INLINE Scan(float* out, const Element* query, const Rows<Element>& rows, std::size_t n)
      : out_(out), query_(query), rows_(rows), n_(n) {
    if constexpr (Op::own_sums == 0) return;
    Sweep<Op, 0, ways, true> sweep;
    sweep.run(query, {nullptr}, n);
    Number own[own_count];
    each<Op::own_sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own[s] = number(reduce_add(sweep.template own_sum<s>())); });
    if constexpr (exact<Op>) Op::correct_own(own, padded<Op>(n));
    each<Op::own_sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own_[s] = Four{} + own[s]; });
  }

  ABI_INLINE void run() {
    const std::size_t ahead = far ? round_up(bytes_ahead / (n_ * sizeof(Element) + 64) + 1, most) : 0;
    if constexpr (far)
      for (std::size_t i = 0; i < least(ahead, rows_.count); ++i) ask_for(i);
    std::size_t i = 0;
    for (; i + most <= rows_.count; i += most) {
      if constexpr (far)
        for (std::size_t r = i + ahead; r < least(i + ahead + most, rows_.count); ++r) ask_for(r);
      tile<most>(i);
    }
    if (i > 0 && i + most / 2 < rows_.count)
      tile<most>(rows_.count - most);  // the rows that it has seen before give the same again
    else
      rest<most / 2>(i);
  }

  /// Row after row, with what is bytes_ahead of each vector asked for beside it.
  ABI_INLINE void run_in_order() {
    for (std::size_t i = 0; i < rows_.count; ++i) tile<1, bytes_ahead>(i);
  }

 private:
  ABI_INLINE static std::size_t round_up(std::size_t a, std::size_t step) { return (a + step - 1) / step * step; }

  ABI_INLINE const Element* row(std::size_t i) const {
    if constexpr (far)
      if (rows_.index) i = rows_.index[i];
    return rows_.data + i * rows_.stride;
  }

  ABI_INLINE void ask_for(std::size_t i) const {
    const auto* line = reinterpret_cast<const std::byte*>(row(i));
    for (const auto* end = line + n_ * sizeof(Element); line < end; line += 64) prefetch(line);
  }

  template <std::size_t rows>
  ABI_INLINE void rest(std::size_t i) const {
    if (i + rows <= rows_.count) {
      tile<rows>(i);
      i += rows;
    }
    if constexpr (rows > 1) rest<rows / 2>(i);
  }

  template <std::size_t rows, std::size_t ahead = 0>
  ABI_INLINE void tile(std::size_t i) const {
    const Element* at[rows];
    at[0] = row(i);
    each<rows - 1>([&]<std::size_t r>() ABI_INLINE_LAMBDA { at[r + 1] = far ? row(i + r + 1) : at[r] + rows_.stride; });
    using Vector = typename Op::Vector;
    Vector all[Op::sums][rows];
    constexpr bool twice = rows * ways * Op::sums > sum_registers;
    Sweep<Op, rows, ways, false, twice ? Part::first : Part::both, ahead> first;
    first.run(query_, at, n_);
    each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA {
      each<rows>([&]<std::size_t r>() ABI_INLINE_LAMBDA { all[s][r] = first.template sum<r, s>(); });
    });
    if constexpr (twice) {
      Sweep<Op, rows, ways, false, Part::second> second;
      second.run(query_, at, n_);
      each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA {
        each<rows>([&]<std::size_t r>() ABI_INLINE_LAMBDA { all[s][r] = all[s][r] + second.template sum<r, s>(); });
      });
    }
    Four sums[Op::sums * fours<rows> + 1];  // those of rows 0 .. 3, of rows 4 .. 7; then the second sums
    each<(Op::sums * fours<rows> + 1) / 2>([&]<std::size_t pair>() ABI_INLINE_LAMBDA {
      constexpr std::size_t low = 2 * pair, high = low + 1;
      if constexpr (high < Op::sums * fours<rows>) {
        ABI_ISA_NS::Four<typename Op::Vector> two[2];
        reduce_add(nth<rows, low, 0>(all), nth<rows, low, 1>(all), nth<rows, low, 2>(all), nth<rows, low, 3>(all),
                   nth<rows, high, 0>(all), nth<rows, high, 1>(all), nth<rows, high, 2>(all), nth<rows, high, 3>(all), two[0],
                   two[1]);
        sums[low] = numbers(two[0]), sums[high] = numbers(two[1]);
      } else {
        sums[low] =
            numbers(reduce_add(nth<rows, low, 0>(all), nth<rows, low, 1>(all), nth<rows, low, 2>(all), nth<rows, low, 3>(all)));
      }
    });
    each<fours<rows>>([&]<std::size_t group>() ABI_INLINE_LAMBDA {
      Four row[Op::sums];
      each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { row[s] = sums[s * fours<rows> + group]; });
      if constexpr (exact<Op>) Op::correct(row, own_, Four{} + padded<Op>(n_));
      F32x4 values[Op::sums], own[own_count];
      each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { values[s] = floats(row[s]); });
      each<own_count>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own[s] = floats(own_[s]); });
      const F32x4 distances = Op::finish(values, own);
      __builtin_memcpy(out_ + i + 4 * group, &distances, least(rows - 4 * group, 4) * sizeof(float));
    });
  }

  template <std::size_t rows>
  static constexpr std::size_t fours = (rows + 3) / 4;
  /// Of the rows' first sums, then of their second ones: number `place` of four number `four`, or where there is none, the last.
  template <std::size_t rows, std::size_t four, std::size_t place, class Sums>
  ABI_INLINE static auto nth(const Sums& sums) {
    return sums[four / fours<rows>][least(four % fours<rows> * 4 + place, rows - 1)];
  }

  float* out_;
  const Element* query_;
  const Rows<Element> rows_;  // a copy: what is written to `out` cannot change it
  std::size_t n_;
  Four own_[own_count] = {};
};

template <class Op, std::size_t ways>
ABI_INLINE void scan(float* out, const typename Op::Element* query, const Rows<typename Op::Element>& rows, std::size_t n) {
  const std::size_t row_bytes = n * sizeof(typename Op::Element), bytes = rows.count * row_bytes;
  if (!rows.index && row_bytes > few_bytes && bytes > stream_bytes)
    Scan<Op, ways, false>(out, query, rows, n).run_in_order();
  else if (rows.index || (row_bytes <= few_bytes && bytes > near_bytes))
    Scan<Op, ways, true>(out, query, rows, n).run();
  else
    Scan<Op, ways, false>(out, query, rows, n).run();
}

template <class Op>
ABI_INLINE void many(float* out, const typename Op::Element* query, const Rows<typename Op::Element>& rows, std::size_t n) {
  if constexpr (exact<Op>)
    if (n > block_elements) {
      for (std::size_t i = 0; i < rows.count; ++i)
        out[i] = static_cast<float>(one<Op>(query, rows.data + (rows.index ? rows.index[i] : i) * rows.stride, n));
      return;
    }
  if (exact<Op> || is_short<Op>(n))  // integers give the same in any order
    scan<Op, 2>(out, query, rows, n);
  else
    scan<Op, 4>(out, query, rows, n);
}

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS

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
/// cost as much as loading.
constexpr std::size_t few_bytes = 256;
constexpr std::size_t near_bytes = 256 * 1024;

template <class Op, std::size_t ways, bool far>
class Scan {
  using Element = typename Op::Element;
  using Number = decltype(number(typename Op::Vector{}[0]));
  typedef Number Four __attribute__((vector_size(16)));
  static constexpr std::size_t own_count = at_least_one<Op::own_sums>, most = tile_rows<Op, ways>;

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
    const std::size_t ahead = far ? round_up(bytes_ahead / (n_ * sizeof(Element) + 64), most) + most : 0;
    if constexpr (far)
      for (std::size_t i = 0; i < least(ahead, rows_.count); ++i) ask_for(i);
    std::size_t i = 0;
    for (; i + most <= rows_.count; i += most) {
      if constexpr (far)
        for (std::size_t r = i + ahead; r < least(i + ahead + most, rows_.count); ++r) ask_for(r);
      tile<most>(i);
    }
    for (; i < rows_.count; ++i) tile<1>(i);
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
  ABI_INLINE void tile(std::size_t i) const {
    const Element* at[rows];
    each<rows>([&]<std::size_t r>() ABI_INLINE_LAMBDA { at[r] = row(i + r); });
    Sweep<Op, rows, ways, false> sweep;
    sweep.run(query_, at, n_);
    each<(rows + 3) / 4>([&]<std::size_t group>() ABI_INLINE_LAMBDA {
      constexpr std::size_t first = 4 * group, last = rows - 1;
      Four sums[Op::sums];
      each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA {
        sums[s] =
            numbers(reduce_add(sweep.template sum<first, s>(), sweep.template sum<least(first + 1, last), s>(),
                               sweep.template sum<least(first + 2, last), s>(), sweep.template sum<least(first + 3, last), s>()));
      });
      if constexpr (exact<Op>) Op::correct(sums, own_, Four{} + padded<Op>(n_));
      F32x4 values[Op::sums], own[own_count];
      each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { values[s] = floats(sums[s]); });
      each<own_count>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own[s] = floats(own_[s]); });
      const F32x4 distances = Op::finish(values, own);
      __builtin_memcpy(out_ + i + first, &distances, least(rows - first, 4) * sizeof(float));
    });
  }

  float* out_;
  const Element* query_;
  const Rows<Element>& rows_;
  std::size_t n_;
  Four own_[own_count] = {};
};

template <class Element>
ABI_INLINE bool are_far(const Rows<Element>& rows, std::size_t n) {
  if (rows.index) return true;
  return n * sizeof(Element) <= few_bytes && rows.count * rows.stride * sizeof(Element) > near_bytes;
}

template <class Op, std::size_t ways>
ABI_INLINE void scan(float* out, const typename Op::Element* query, const Rows<typename Op::Element>& rows, std::size_t n) {
  if (are_far(rows, n))
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

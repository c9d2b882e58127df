#pragma once
/// How every distance goes over its rows; distance_<type>.cpp say what is added up. See <abi/simd/distance.hpp>.
///
/// A measure is a type:
///   Element          what rows are made of
///   Chunk            the vector that is loaded at once
///   Query            what a chunk of the query is made into, once for all the rows that pass by
///   Vector           of sums: F32, or U32 of integers modulo 2^32
///   sums, own_sums   how many a row needs, and how many the query by itself
///   most_rows        of a tile, where a step needs many registers
///   short_chunks     up to so many of them a row is short
///   ready(chunk)                    -> Query
///   take(own, query)                adds a chunk of the query to its own sums
///   step(sums, query, chunk)        adds a chunk of a row
///   correct_own(own, padded), correct(sums, own, padded)    of integers: from sums to what they stand for; `padded` elements
///                                                           were looked at, zeros behind the row included
///   finish(sums, own)               -> the distance, of floats or of vectors of four
///
/// Every row has a few independent sums for each of its own, which hide the latency of an addition: two where the row is short,
/// since they have to be added up in the end, else four. They meet in one order whatever the tile: one to many gives the bits of
/// one to one.

#include "declarations.hpp"
#include "distance_sum.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {
namespace {

typedef std::int32_t I32x4 __attribute__((vector_size(16)));

/// Registers that hold sums; the others take the query, a chunk and what a step needs.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr std::size_t sum_registers = 24;
#else
constexpr std::size_t sum_registers = 12;
#endif
/// Integers: the sums of so many elements stay within 31 bits for every measure.
constexpr std::size_t block_elements = 32768;

constexpr std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }

template <class Op>
constexpr bool exact = sizeof(typename Op::Vector) == sizeof(U32) && !__is_same(typename Op::Vector, F32);
/// The query's sums that a distance is finished with: one or none.
template <class Op>
constexpr std::size_t kept = Op::sums == 2 ? Op::own_sums > 0 : 0;
template <class Op>
constexpr std::size_t width = sizeof(typename Op::Chunk) / sizeof(typename Op::Element);
template <class Op>
ABI_INLINE bool is_short(std::size_t n) {
  return n / width<Op> <= Op::short_chunks;
}
/// Two sums at work and one set aside for each of a row's own.
template <class Op>
constexpr std::size_t tile_rows = least(Op::most_rows, sum_registers / (3 * Op::sums));

/// f<0>() ... f<count - 1>(), written out: sums that a loop picks by its counter would go to memory.
template <std::size_t count, class F>
ABI_INLINE void each(const F& f) {
  if constexpr (count > 0) {
    each<count - 1>(f);
    f.template operator()<count - 1>();
  }
}

template <std::size_t count>
constexpr std::size_t at_least_one = count > 0 ? count : 1;

/// The last bytes % sizeof(V) bytes of a row of `bytes` bytes, zeros in the other lanes; nothing outside the row is read.
template <class V>
ABI_INLINE V load_rest(const void* row, std::size_t bytes) {
  const std::size_t rest = bytes % sizeof(V);
#if defined(__AVX512BW__)
  const auto mask = _bzhi_u64(~0ull, static_cast<unsigned>(rest));
  const auto* from = static_cast<const std::byte*>(row) + bytes - rest;
  if constexpr (sizeof(V) == 64)
    return bits<V>(_mm512_maskz_loadu_epi8(mask, from));
  else
    return bits<V>(_mm256_maskz_loadu_epi8(static_cast<__mmask32>(mask), from));
#else
  if (bytes >= sizeof(V)) {  // a whole vector that ends with the row, without what was counted before
    static constexpr struct Window {
      std::uint8_t off[64] = {};
      std::uint8_t on[64];
      constexpr Window() : on() {
        for (std::uint8_t& each : on) each = 0xff;
      }
    } window;
    V v, mask;
    __builtin_memcpy(&v, static_cast<const std::byte*>(row) + bytes - sizeof(V), sizeof v);
    __builtin_memcpy(&mask, window.on + rest - sizeof(V), sizeof mask);
    typedef std::uint8_t Bytes __attribute__((vector_size(sizeof(V))));
    return bits<V>(bits<Bytes>(v) & bits<Bytes>(mask));
  }
  V v = {};
  __builtin_memcpy(&v, row, bytes);
  return v;
#endif
}

/// Four sums of each row of a tile would take too many registers: it goes over its rows twice, for two of the four each time.
enum class Part { both, first, second };

/// The sums of `rows` rows, of none for the query's own alone. What lies bytes_ahead of them, if anywhere, is asked for.
template <class Op, std::size_t rows, std::size_t ways, bool with_own, Part part = Part::both, std::size_t bytes_ahead = 0>
class Sweep {
 public:
  using Element = typename Op::Element;
  using Chunk = typename Op::Chunk;
  using Vector = typename Op::Vector;
  static constexpr std::size_t row_count = at_least_one<rows>, own_count = at_least_one<Op::own_sums>;

  Vector sums[row_count][ways][Op::sums] = {};
  Vector own[ways][own_count] = {};

  struct Whole {
    std::size_t at;
    ABI_INLINE std::size_t place() const { return at; }
    ABI_INLINE Chunk operator()(const Element* row) const { return load_as<Chunk>(row + at); }
  };
  struct Rest {
    std::size_t n;
    ABI_INLINE std::size_t place() const { return n / width<Op> * width<Op>; }
    ABI_INLINE Chunk operator()(const Element* row) const { return load_rest<Chunk>(row, n * sizeof(Element)); }
  };

  template <std::size_t way, class Load>
  ABI_INLINE void step(const Element* query, const Element* const (&row)[row_count], Load load) {
    const typename Op::Query chunk = Op::ready(load(query));
    if constexpr (with_own && Op::own_sums > 0) Op::take(own[way], chunk);
    each<rows>([&]<std::size_t r>() ABI_INLINE_LAMBDA {
      if constexpr (bytes_ahead > 0) prefetch(reinterpret_cast<const std::byte*>(row[r] + load.place()) + bytes_ahead);
      Op::step(sums[r][way], chunk, load(row[r]));
    });
  }

  ABI_INLINE void run(const Element* query, const Element* const (&row)[row_count], std::size_t n) {
    std::size_t i = 0;
    for (; i + ways * width<Op> <= n; i += ways * width<Op>)
      each<ways>([&]<std::size_t way>() ABI_INLINE_LAMBDA {
        if constexpr (mine(way)) step<way>(query, row, Whole{i + way * width<Op>});
      });
    const std::size_t rest = n - i;
    each<ways - 1>([&]<std::size_t way>() ABI_INLINE_LAMBDA {
      if constexpr (mine(way))
        if (rest >= (way + 1) * width<Op>) step<way>(query, row, Whole{i + way * width<Op>});
    });
    if constexpr (mine(ways - 1))
      if (rest % width<Op> > 0) step<ways - 1>(query, row, Rest{n});
  }

  template <std::size_t r, std::size_t s>
  ABI_INLINE Vector sum() const {
    return meet([&]<std::size_t way>() ABI_INLINE_LAMBDA { return sums[r][way][s]; });
  }
  template <std::size_t s>
  ABI_INLINE Vector own_sum() const {
    return meet([&]<std::size_t way>() ABI_INLINE_LAMBDA { return own[way][s]; });
  }

 private:
  static constexpr bool mine(std::size_t way) { return part == Part::both || (way < 2) == (part == Part::first); }

  template <class Get>
  ABI_INLINE static Vector meet(const Get& get) {
    if constexpr (ways == 2 || part == Part::first)
      return get.template operator()<0>() + get.template operator()<1>();
    else if constexpr (part == Part::second)
      return get.template operator()<2>() + get.template operator()<3>();
    else
      return (get.template operator()<0>() + get.template operator()<1>()) +
             (get.template operator()<2>() + get.template operator()<3>());
  }
};

/// A sum as the number that it is: signed, for integers.
ABI_INLINE float number(float x) { return x; }
ABI_INLINE std::int32_t number(std::uint32_t x) { return bits<std::int32_t>(x); }
ABI_INLINE F32x4 numbers(F32x4 x) { return x; }
template <class V>
ABI_INLINE I32x4 numbers(V x) {
  return bits<I32x4>(x);
}
ABI_INLINE F32x4 floats(F32x4 x) { return x; }
ABI_INLINE F32x4 floats(I32x4 x) { return __builtin_convertvector(x, F32x4); }

template <class Op>
ABI_INLINE std::int32_t padded(std::size_t n) {
  return static_cast<std::int32_t>((n + width<Op> - 1) / width<Op> * width<Op>);
}

template <class Op, std::size_t ways, class Sums, class Own>
ABI_INLINE void sum_up_by(const typename Op::Element* a, const typename Op::Element* b, std::size_t n, Sums& sums, Own& own) {
  using Vector = typename Op::Vector;
  Sweep<Op, 1, ways, true> sweep;
  sweep.run(a, {b}, n);
  Vector of_row[Op::sums], of_query[at_least_one<Op::own_sums>];
  each<Op::own_sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { of_query[s] = sweep.template own_sum<s>(); });
  each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { of_row[s] = sweep.template sum<0, s>(); });
  if constexpr (exact<Op>) {  // while they are vectors: what they share is then added up once
    const Vector each_lane = Vector{} + static_cast<std::uint32_t>(padded<Op>(n)) / static_cast<std::uint32_t>(lanes);
    Op::correct_own(of_query, each_lane);
    Op::correct(of_row, of_query, each_lane);
  }
  if constexpr (Op::sums == 2 && kept<Op> > 0) {
    const auto all = numbers(reduce_add(of_row[0], of_row[1], of_query[0], of_query[0]));
    sums[0] = all[0], sums[1] = all[1], own[0] = all[2];
  } else {
    each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { sums[s] = number(reduce_add(of_row[s])); });
  }
}

template <class Op, class Sums, class Own>
ABI_INLINE void sum_up(const typename Op::Element* a, const typename Op::Element* b, std::size_t n, Sums& sums, Own& own) {
  if (is_short<Op>(n))
    sum_up_by<Op, 2>(a, b, n, sums, own);
  else
    sum_up_by<Op, 4>(a, b, n, sums, own);
}

/// Integers of any length, block after block.
template <class Op>
ABI_INLINE auto one_exact(const typename Op::Element* a, const typename Op::Element* b, std::size_t n) {
  if constexpr (Op::sums == 1)
    if (n <= block_elements) {
      std::int32_t sums[1], own[at_least_one<Op::own_sums>];
      sum_up<Op>(a, b, n, sums, own);
      return std::int64_t{sums[0]};
    }
  std::int64_t sums[Op::sums] = {}, own[at_least_one<Op::own_sums>] = {};
  for (std::size_t i = 0; i < n; i += block_elements) {
    const std::size_t length = n - i < block_elements ? n - i : block_elements;
    std::int32_t block[Op::sums], own_block[at_least_one<Op::own_sums>] = {};
    sum_up<Op>(a + i, b + i, length, block, own_block);
    each<kept<Op>>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own[s] += own_block[s]; });
    each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { sums[s] += block[s]; });
  }
  if constexpr (Op::sums == 1) {
    return sums[0];
  } else {
    float values[Op::sums], own_values[at_least_one<Op::own_sums>] = {};
    each<kept<Op>>([&]<std::size_t s>() ABI_INLINE_LAMBDA { own_values[s] = static_cast<float>(own[s]); });
    each<Op::sums>([&]<std::size_t s>() ABI_INLINE_LAMBDA { values[s] = static_cast<float>(sums[s]); });
    return Op::finish(values, own_values);
  }
}

template <class Op>
ABI_INLINE auto one(const typename Op::Element* a, const typename Op::Element* b, std::size_t n) {
  if constexpr (exact<Op>) {
    return one_exact<Op>(a, b, n);
  } else {
    float sums[Op::sums], own[at_least_one<Op::own_sums>] = {};
    sum_up<Op>(a, b, n, sums, own);
    return Op::finish(sums, own);
  }
}

}  // namespace
}  // namespace libabi::simd::ABI_ISA_NS

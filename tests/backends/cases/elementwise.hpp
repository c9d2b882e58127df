#pragma once
/// Shapes that the generators of elementwise operations share: rows of all lengths around a vector's width, on inputs of
/// the caller, and on intermediates that die there and may be overwritten.

#include "parity/bounds.hpp"

namespace libabi::parity {

inline constexpr std::int64_t elementwise_columns[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 257, 1023};
inline constexpr std::int64_t elementwise_tokens[] = {0, 1, 2, 5};

/// `add` puts the operation on fresh tensors: a(columns) makes one, of the caller or dying.
template <class Add>
void elementwise_cases(Cases& cases, Op op, Range range, const Bound& bound, Add add) {
  for (const std::int64_t columns : elementwise_columns)
    for (const std::int64_t tokens : elementwise_tokens)
      for (const bool dying : {false, true}) {
        CaseBuilder b(cases.random, 6);
        const auto fresh = [&] {
          const TensorId x = b.reals(columns, range);
          return dying ? b.graph.scale(x, 0.5f) : x;
        };
        const TensorId y = add(b.graph, fresh);
        cases.out.push_back(b.finish(op, format("f32 [{}, {}]{}", tokens, columns, dying ? " of intermediates" : ""), y,
                                     {{.tokens = tokens}}, bound));
      }
}

}  // namespace libabi::parity

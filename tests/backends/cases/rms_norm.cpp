#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

void norm(Cases& cases, std::int64_t heads, std::int64_t width, std::int64_t tokens, FormatId format) {
  CaseBuilder b(cases.random, 6);
  const TensorId weight = b.weight(format, {.columns = width}, {0.5, 1.5});
  const TensorId y = b.graph.rms_norm(b.reals(heads * width, {-4, 4}), weight, 1e-5f);
  // A sum of squares has no cancellation: n u at most, and a root, a division and two products.
  cases.out.push_back(b.finish(Op::rms_norm,
                               libabi::format("[{}, {} of {}], weight {}", tokens, heads, width, format_name(format)), y,
                               {{.tokens = tokens}}, relative(static_cast<double>(width) + 8)));
}

}  // namespace

void cases::rms_norm(Cases& cases) {
  for (const FormatId format : {FormatId::f32, FormatId::f16})
    for (const std::int64_t tokens : {0, 1, 5})
      for (const std::int64_t width : {1, 7, 8, 9, 15, 16, 17, 32, 64, 1023}) {
        norm(cases, 1, width, tokens, format);
        norm(cases, 3, width, tokens, format);
      }
}

}  // namespace libabi::parity

#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

using compute::RopeAttributes;

void rotation(Cases& cases, const std::string& label, const RopeAttributes& a, std::int64_t heads, std::int32_t first,
              bool factors) {
  CaseBuilder b(cases.random, 6);
  const TensorId x = b.reals(heads * a.head_dim, {-2, 2});
  const TensorId positions = b.integers(
      1, [first](const RunShape&, std::int64_t row, std::int64_t) { return first + static_cast<std::int32_t>(row * 3); });
  const TensorId divisors = factors ? b.weight(FormatId::f32, {.columns = a.rotary_dim / 2}, {1, 8}) : no_tensor;
  // The angle is a product of a position, a power and a factor in f32, so that it is off by some units of itself; the pair
  // (at most 2 * 1.5 long) turns by that much.
  const auto bound = [=](const Element& e) {
    const auto position = static_cast<double>(e.operands[positions].id(e.row));
    return (position * 8 + 24) * u * 3 * std::max(1.0, static_cast<double>(a.attention_factor)) * 1.5;
  };
  const TensorId y = b.graph.rope(x, positions, a, divisors);
  const std::string text = format("{}, {} heads of {}, {} turned, {} from {}{}", label, heads, a.head_dim, a.rotary_dim,
                                  a.neox ? "halves" : "neighbours", first, factors ? ", factors" : "");
  cases.out.push_back(b.finish(Op::rope, text, y, {{.tokens = 5}, {.tokens = 0}, {.tokens = 1}}, bound));
}

}  // namespace

void cases::rope(Cases& cases) {
  for (const bool neox : {false, true})
    for (const bool factors : {false, true})
      for (const std::int32_t first : {0, 77, 4001})
        for (const auto& [head, rotary] : {std::pair{2, 2}, {64, 64}, {80, 32}, {34, 18}}) {
          RopeAttributes a{.head_dim = head, .rotary_dim = rotary, .neox = neox};
          rotation(cases, "plain", a, 3, first, factors);
          a.base = 500000;
          a.frequency_scale = 0.25f;
          rotation(cases, "linear", a, 1, first, factors);
          a.base = 10000;
          a.extension = 1;
          a.original_context = 512;
          rotation(cases, "yarn", a, 2, first, factors);
          a.extension = 0.5f;
          a.attention_factor = 1.2f;
          a.beta_fast = 16;
          a.beta_slow = 2;
          rotation(cases, "half yarn", a, 1, first, factors);
        }
}

}  // namespace libabi::parity

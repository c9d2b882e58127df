#include "parity/bounds.hpp"

namespace libabi::parity {

namespace {

void choice(Cases& cases, std::int64_t experts, std::int32_t used, std::int64_t tokens, bool ties) {
  CaseBuilder b(cases.random, 8);
  TensorId logits = b.reals(experts, {-5, 5});
  if (ties) {  // rows of a table with few different values
    const TensorId table = b.weight(FormatId::f32, {.rows = 4, .columns = experts}, {1, 1 + 1e-7});
    logits = b.graph.get_rows(table, b.integers_below(1, 4));
  }
  cases.out.push_back(b.finish(Op::top_experts,
                               format("{} of {} for {} tokens{}", used, experts, tokens, ties ? ", equal logits" : ""),
                               b.graph.top_experts(logits, used), {{.tokens = tokens}}, exactly()));
}

}  // namespace

void cases::top_experts(Cases& cases) {
  for (const bool ties : {false, true})
    for (const std::int64_t tokens : {0, 1, 8})
      for (const std::int64_t experts : {1, 2, 8, 17, 64, 129})
        for (const std::int32_t used : {1, 2, 8})
          if (used <= experts) choice(cases, experts, used, tokens, ties);
  choice(cases, 60, 60, 3, false);
}

}  // namespace libabi::parity

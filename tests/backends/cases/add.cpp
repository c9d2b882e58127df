#include "cases/elementwise.hpp"

namespace libabi::parity {

void cases::add(Cases& cases) {
  elementwise_cases(cases, Op::add, {-10, 10}, relative(2), [](GraphBuilder& g, const auto& fresh) {
    const TensorId a = fresh();
    return g.add(a, fresh());
  });
  elementwise_cases(cases, Op::add, {-10, 10}, relative(2), [](GraphBuilder& g, const auto& fresh) {
    const TensorId a = fresh();
    return g.add(a, a);
  });
  for (const FormatId format : {FormatId::f32, FormatId::f16})
    for (const std::int64_t columns : elementwise_columns)
      for (const bool dying : {false, true}) {
        CaseBuilder b(cases.random, 4);
        const TensorId row = b.weight(format, {.columns = columns}, {-10, 10});
        const TensorId x = b.reals(columns, {-10, 10});
        const TensorId y = b.graph.add(dying ? b.graph.scale(x, 0.5f) : x, row);
        cases.out.push_back(b.finish(Op::add, libabi::format("f32 [3, {}] with a row of {}", columns, format_name(format)), y,
                                     {{.tokens = 3}}, relative(2)));
      }
}

}  // namespace libabi::parity

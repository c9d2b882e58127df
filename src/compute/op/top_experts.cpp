#include "rules.hpp"

namespace libabi::compute {

namespace {

Result<OpResult> infer(const OpCall& call) {
  ABI_TRY(rules::activation(call, 0, "logits"));
  const Shape& logits = call.inputs[0]->shape;
  const std::int32_t used = std::get<RouteAttributes>(call.attributes).used;
  if (used < 1 || used > logits.columns)
    return rules::refuse_attribute(call, "used", used, format("1 to {}, the columns of logits", logits.columns));
  return OpResult{.format = quant::FormatId::i32, .shape = rules::with_columns(logits, used)};
}

Result<void> reference(const ReferenceCall& call) {
  const auto used = static_cast<std::size_t>(call.attributes<RouteAttributes>().used);
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::vector<double> logits = call.input(0).row(t);
    std::vector<bool> taken(logits.size());
    std::vector<double> y;
    while (y.size() < used) {
      std::size_t best = logits.size();
      for (std::size_t e = 0; e < logits.size(); ++e)
        if (!taken[e] && (best == logits.size() || logits[e] > logits[best])) best = e;
      taken[best] = true;
      y.push_back(static_cast<double>(best));
    }
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// The indices of the `used` greatest logits, best first, the lower index first among equals.
constinit const OpDescriptor descriptor::top_experts = {
    .op = Op::top_experts, .name = "top_experts", .required = 1, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute

#include "rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace libabi::compute {

namespace {

Result<void> check_attributes(const OpCall& call, const AttentionAttributes& a) {
  if (a.heads < 1) return rules::refuse_attribute(call, "heads", a.heads, "1 or more");
  if (a.kv_heads < 1 || a.heads % a.kv_heads != 0)
    return rules::refuse_attribute(call, "kv_heads", a.kv_heads, format("a divisor of the {} heads", a.heads));
  if (a.head_dim < 1) return rules::refuse_attribute(call, "head_dim", a.head_dim, "1 or more");
  if (a.value_dim < 1) return rules::refuse_attribute(call, "value_dim", a.value_dim, "1 or more");
  if (!std::isfinite(a.scale)) return rules::refuse_attribute(call, "scale", a.scale, "a finite number");
  return {};
}

Result<OpResult> infer(const OpCall& call) {
  const auto& a = std::get<AttentionAttributes>(call.attributes);
  ABI_TRY(check_attributes(call, a));
  ABI_TRY(rules::activation(call, 0, "q"));
  const Shape& q = call.inputs[0]->shape;
  const std::int64_t heads = a.heads, kv_heads = a.kv_heads;
  ABI_TRY(rules::activation(call, 0, "q", q, heads * a.head_dim));
  const TensorDesc& k = *call.inputs[1];
  const TensorDesc& v = *call.inputs[2];
  if (k.role == Role::state) {
    if (k.shape.columns != kv_heads * a.head_dim)
      return rules::refuse(call, 1, "k", format("{} columns, head_dim for each of {} kv_heads", kv_heads * a.head_dim, kv_heads));
    const bool fits = v.role == Role::state && v.shape.rows == k.shape.rows && v.shape.columns == kv_heads * a.value_dim;
    if (!fits) return rules::refuse(call, 2, "v", format("a state [{}, {}], as k has", k.shape.rows, kv_heads * a.value_dim));
  } else {
    ABI_TRY(rules::activation(call, 1, "k", q, kv_heads * a.head_dim));
    ABI_TRY(rules::activation(call, 2, "v", q, kv_heads * a.value_dim));
  }
  ABI_TRY(rules::ids(call, 3, "positions", q, 1));
  return OpResult{.shape = rules::with_columns(q, heads * a.value_dim)};
}

/// The softmax of `scores`, in place.
void softmax(std::vector<double>& scores) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& s : scores) sum += s = std::exp(s - greatest);
  for (double& s : scores) s /= sum;
}

struct Cells {
  std::vector<std::vector<double>> k, v;
};

Cells cells_of(const ReferenceCall& call) {
  const std::int64_t count = call.desc(1).role == Role::state ? call.shape.cached : call.input(1).rows();
  Cells out;
  for (std::int64_t s = 0; s < count; ++s) {
    out.k.push_back(call.input(1).row(s));
    out.v.push_back(call.input(2).row(s));
  }
  return out;
}

Result<void> reference(const ReferenceCall& call) {
  const auto& a = call.attributes<AttentionAttributes>();
  const auto heads = static_cast<std::size_t>(a.heads), shared = static_cast<std::size_t>(a.heads / a.kv_heads);
  const auto head_dim = static_cast<std::size_t>(a.head_dim), value_dim = static_cast<std::size_t>(a.value_dim);
  const Cells cells = cells_of(call);
  if (cells.k.empty() && call.output().rows() > 0)
    return error(ErrorCode::invalid_argument, "attention: the run looks at no cells, expected at least 1");
  for (std::int64_t t = 0; t < call.output().rows(); ++t) {
    const std::vector<double> q = call.input(0).row(t);
    const std::int64_t position = call.input(3).id(t);
    ABI_TRY(rules::in_range(call, "position", position, std::numeric_limits<std::int32_t>::max(), t));
    const std::size_t all = cells.k.size();
    const std::size_t seen = a.causal ? std::min(all, static_cast<std::size_t>(position) + 1) : all;
    std::vector<double> y(heads * value_dim, 0.0);
    for (std::size_t h = 0; h < heads; ++h) {
      std::vector<double> p(seen, 0.0);
      for (std::size_t s = 0; s < seen; ++s)
        for (std::size_t i = 0; i < head_dim; ++i) p[s] += a.scale * q[h * head_dim + i] * cells.k[s][h / shared * head_dim + i];
      softmax(p);
      for (std::size_t s = 0; s < seen; ++s)
        for (std::size_t i = 0; i < value_dim; ++i) y[h * value_dim + i] += p[s] * cells.v[s][h / shared * value_dim + i];
    }
    call.output().set_row(t, y);
  }
  return {};
}

}  // namespace

/// p = softmax over the cells s that row t sees of scale q[t][h] . k[s][h / (heads / kv_heads)]; y[t][h] = sum over s of
/// p[s] v[s][h / (heads / kv_heads)]  (Vaswani et al., 2017; Ainslie et al., 2023).
constinit const OpDescriptor descriptor::attention = {
    .op = Op::attention, .name = "attention", .required = 4, .infer = &infer, .reference = &reference};

}  // namespace libabi::compute

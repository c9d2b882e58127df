#include "parity/case.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <cstring>

namespace libabi::parity {

namespace {

std::vector<float> random_values(std::mt19937& random, std::size_t n, Range range) {
  std::uniform_real_distribution<float> values(static_cast<float>(range.low), static_cast<float>(range.high));
  std::vector<float> out(n);
  for (float& v : out) v = values(random);
  return out;
}

Bytes encoded(FormatId id, const std::vector<float>& values) {
  const quant::Format& format = quant::format(id);
  Bytes out(values.size() / format.block_length * format.block_bytes);
  format.encode(values.data(), out.data(), values.size());
  return out;
}

/// Values that the format holds, and that its encoder finds again.
std::vector<float> rounded(FormatId id, std::vector<float> values) {
  for (int i = 0; i < 2; ++i) quant::format(id).decode(encoded(id, values).data(), values.data(), values.size());
  return values;
}

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes out(values.size() * sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

}  // namespace

std::int32_t last_positions(const RunShape& run, std::int64_t row, std::int64_t) {
  return static_cast<std::int32_t>(run.cached - run.tokens + row);
}

TensorId CaseBuilder::weight(FormatId format, const Shape& shape, Range range) {
  const TensorId id = graph.weight(libabi::format("weight{}", weights_.size()), format, shape);
  const auto count = static_cast<std::size_t>(shape.planes * shape.rows * shape.columns);
  weights_.emplace_back(id, encoded(format, random_values(random_, count, range)));
  return id;
}

TensorId CaseBuilder::state(FormatId format, const Shape& shape) {
  return graph.state(libabi::format("state{}", states_++), format, shape);
}

TensorId CaseBuilder::input(FormatId format, std::int64_t columns, Rows rows, Fill fill) {
  const std::int64_t count = rows == Rows::fixed ? 1 : tokens_max_;
  const TensorId id =
      graph.input(libabi::format("input{}", inputs_.size()), format, {.rows = count, .columns = columns, .dynamic = rows});
  inputs_.emplace_back(id, std::move(fill));
  return id;
}

TensorId CaseBuilder::reals(std::int64_t columns, Range range, Rows rows) {
  return input(FormatId::f32, columns, rows, [this, columns, range](const RunShape&, std::int64_t n) {
    return bytes_of(random_values(random_, static_cast<std::size_t>(n * columns), range));
  });
}

TensorId CaseBuilder::representable(FormatId format, std::int64_t columns) {
  return input(FormatId::f32, columns, Rows::tokens, [this, format, columns](const RunShape&, std::int64_t n) {
    return bytes_of(rounded(format, random_values(random_, static_cast<std::size_t>(n * columns), {})));
  });
}

TensorId CaseBuilder::integers(std::int64_t columns, Integers values, Rows rows) {
  return input(FormatId::i32, columns, rows, [columns, values = std::move(values)](const RunShape& run, std::int64_t n) {
    std::vector<std::int32_t> out;
    for (std::int64_t row = 0; row < n; ++row)
      for (std::int64_t column = 0; column < columns; ++column) out.push_back(values(run, row, column));
    return bytes_of(out);
  });
}

TensorId CaseBuilder::integers_below(std::int64_t columns, std::int32_t limit, Rows rows) {
  return integers(
      columns,
      [this, limit](const RunShape&, std::int64_t, std::int64_t) {
        return std::uniform_int_distribution<std::int32_t>(0, limit - 1)(random_);
      },
      rows);
}

Case CaseBuilder::finish(Op op, std::string label, TensorId result, const std::vector<RunShape>& runs, Bound bound) {
  graph.output(result, "result");
  auto built = std::move(graph).finish();
  EXPECT_TRUE(built) << name(op) << " " << label << ": " << (built ? "" : built.error().text());
  Case out{.op = op, .label = std::move(label), .bound = std::move(bound)};
  if (!built) return out;
  out.graph = *std::move(built);
  const std::size_t count = out.graph.tensors().size();
  out.weights.resize(count);
  for (auto& [id, bytes] : weights_) out.weights[id] = std::move(bytes);
  for (const RunShape& shape : runs) {
    out.runs.push_back({shape, std::vector<Bytes>(count)});
    for (const auto& [id, fill] : inputs_) out.runs.back().inputs[id] = fill(shape, rows_of(out.graph.tensor(id).shape, shape));
  }
  return out;
}

std::vector<Case> cases_of(Op op, std::uint32_t seed) {
  using Generator = void (*)(Cases&);
  constexpr Generator generators[] = {
#define ABI_OP(name) &cases::name,
#include <abi/compute/ops.def>
#undef ABI_OP
  };
  std::mt19937 random(seed + static_cast<std::uint32_t>(op));
  std::vector<Case> out;
  Cases list{random, out};
  generators[static_cast<std::size_t>(op)](list);
  return out;
}

std::vector<FormatId> real_formats() {
  std::vector<FormatId> out;
  for (const quant::Format* format : quant::formats())
    if (format->decode) out.push_back(format->id);
  return out;
}

std::string format_name(FormatId format) {
  std::string out(quant::format(format).name);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace libabi::parity

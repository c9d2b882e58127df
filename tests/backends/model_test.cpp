// Graphs of whole small models on every device: operations behind one another, over shared places and a cache.

#include "devices.hpp"
#include "parity/run_case.hpp"

#include <gtest/gtest.h>

#include <abi/simd/isa.hpp>

#include <cmath>

namespace libabi::parity {
namespace {

struct ModelShape {
  FormatId matrices = FormatId::f32;
  FormatId cache = FormatId::f16;
  std::int64_t width = 64, inner = 96, vocabulary = 50, layers = 3, context = 40;
  std::int32_t heads = 4, kv_heads = 2, head_dim = 16;
  std::int32_t experts = 0, experts_used = 2;
};

/// A decoder as LLaMA's.
class Decoder {
 public:
  Decoder(CaseBuilder& b, const ModelShape& s) : b_(b), s_(s) {}

  TensorId build() {
    positions_ = b_.integers(1, last_positions);
    TensorId x =
        b_.graph.get_rows(matrix(s_.vocabulary, s_.width), b_.integers_below(1, static_cast<std::int32_t>(s_.vocabulary)));
    for (std::int64_t layer = 0; layer < s_.layers; ++layer) {
      x = b_.graph.add(x, attended(norm(x)));
      x = b_.graph.add(x, s_.experts > 0 ? mixed(norm(x)) : fed_forward(norm(x)));
    }
    const TensorId wanted = b_.integers(
        1,
        [](const RunShape& run, std::int64_t row, std::int64_t) {
          return static_cast<std::int32_t>(run.tokens - run.outputs + row);
        },
        Rows::outputs);
    return b_.graph.matmul(matrix(s_.vocabulary, s_.width), norm(b_.graph.get_rows(x, wanted)));
  }

 private:
  TensorId matrix(std::int64_t rows, std::int64_t columns, std::int64_t planes = 1) {
    const double most = 1.5 / std::sqrt(static_cast<double>(columns));
    return b_.weight(s_.matrices, {.planes = planes, .rows = rows, .columns = columns}, {-most, most});
  }
  TensorId norm(TensorId x) { return b_.graph.rms_norm(x, b_.weight(FormatId::f32, {.columns = s_.width}, {0.5, 1.5}), 1e-5f); }

  TensorId attended(TensorId x) {
    const std::int64_t kv = s_.kv_heads * s_.head_dim;
    const compute::RopeAttributes rope{.head_dim = s_.head_dim, .rotary_dim = s_.head_dim};
    const TensorId q = b_.graph.rope(b_.graph.matmul(matrix(s_.heads * s_.head_dim, s_.width), x), positions_, rope);
    const TensorId k = b_.graph.rope(b_.graph.matmul(matrix(kv, s_.width), x), positions_, rope);
    const TensorId v = b_.graph.matmul(matrix(kv, s_.width), x);
    const TensorId kept_k = b_.graph.store_rows(k, b_.state(s_.cache, {.rows = s_.context, .columns = kv}), positions_);
    const TensorId kept_v = b_.graph.store_rows(v, b_.state(s_.cache, {.rows = s_.context, .columns = kv}), positions_);
    const TensorId y = b_.graph.attention(
        q, kept_k, kept_v, positions_,
        {.heads = s_.heads, .kv_heads = s_.kv_heads, .head_dim = s_.head_dim, .value_dim = s_.head_dim, .scale = 0.25f});
    return b_.graph.matmul(matrix(s_.width, s_.heads * s_.head_dim), y);
  }
  TensorId fed_forward(TensorId x) {
    const TensorId gate = b_.graph.matmul(matrix(s_.inner, s_.width), x);
    const TensorId up = b_.graph.matmul(matrix(s_.inner, s_.width), x);
    return b_.graph.matmul(matrix(s_.width, s_.inner), b_.graph.swiglu(gate, up));
  }
  TensorId mixed(TensorId x) {
    const TensorId logits = b_.graph.matmul(b_.weight(FormatId::f32, {.rows = s_.experts, .columns = s_.width}), x);
    const TensorId chosen = b_.graph.top_experts(logits, s_.experts_used);
    const TensorId weights = b_.graph.expert_weights(logits, chosen, true);
    const TensorId gate = b_.graph.expert_matmul(matrix(s_.inner, s_.width, s_.experts), x, chosen);
    const TensorId up = b_.graph.expert_matmul(matrix(s_.inner, s_.width, s_.experts), x, chosen);
    return b_.graph.expert_sum(b_.graph.expert_matmul(matrix(s_.width, s_.inner, s_.experts), b_.graph.swiglu(gate, up), chosen),
                               weights);
  }
  CaseBuilder& b_;
  const ModelShape& s_;
  TensorId positions_ = no_tensor;
};

Case decoder_case(std::mt19937& random, const std::string& label, const ModelShape& shape, double bound) {
  CaseBuilder b(random, 24);
  const TensorId logits = Decoder(b, shape).build();
  return b.finish(Op::matmul, label, logits,
                  {{.tokens = 24, .outputs = 1, .cached = 24},
                   {.tokens = 1, .outputs = 1, .cached = 25},
                   {.tokens = 3, .outputs = 3, .cached = 28},
                   {.tokens = 1, .outputs = 1, .cached = 29}},
                  [bound](const Element&) { return bound; });
}

/// Logits are of magnitude 1 to 3. f32 and an f16 cache: rounding of the cache, that two devices may do one step apart, is
/// 2^-11 and is averaged; x in signed bytes: half a step of 1/127 per product, through every layer.
std::vector<Case> model_cases(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Case> out;
  out.push_back(decoder_case(random, "dense f32", {}, 5e-3));
  out.push_back(decoder_case(random, "dense f32, cache f32", {.cache = FormatId::f32}, 5e-5));
  out.push_back(decoder_case(random, "dense q8_0", {.matrices = FormatId::q8_0}, 0.25));
  out.push_back(decoder_case(random, "dense q4_0", {.matrices = FormatId::q4_0}, 0.25));
  out.push_back(decoder_case(random, "experts f32", {.cache = FormatId::f32, .experts = 8}, 5e-5));
  return out;
}

TEST(Model, EveryDeviceAgreesWithTheReferenceOverAPromptAndSteps) {
  const char* asked = std::getenv("ABI_ISA");
  if (asked && name(simd::isa()) != asked) GTEST_SKIP() << "this machine does not run " << asked;
  const std::uint32_t seed = test_seed();
  for (const unsigned threads : {1u, 2u})
    for (TestDevice& device : open_devices(threads))
      for (const Case& test : model_cases(seed)) {
        const Outcome outcome = run_case(test, *device.device);
        std::cout << test.label << " on " << device.backend << ": "
                  << (outcome.supported ? libabi::format("{}", outcome.worst) : std::string("unsupported")) << "\n";
        EXPECT_EQ(outcome.failure, "") << test.label << " on " << device.backend << " with " << threads << " threads";
      }
}

}  // namespace
}  // namespace libabi::parity

// What a run promises: the same bits on any number of threads and in any cut of a batch, and those of the reference.
#include "little_model.hpp"

#include <gtest/gtest.h>

#include <abi/compute/reference.hpp>

#include <algorithm>
#include <cmath>

namespace libabi::backends::cpu::test {
namespace {

constexpr std::size_t prompt = 90;
constexpr const char* states[] = {"cache_k.0", "cache_v.0", "cache_k.1", "cache_v.1"};

struct Variant {
  RigOptions options;
  std::vector<std::size_t> batches;
};

/// Every variant must give the logits and states of one thread that takes the prompt in two batches.
void expect_same_bits(const LittleModel& model, simd::Isa isa, std::uint32_t s, const std::vector<Variant>& variants) {
  const auto tokens = random_tokens(s, prompt);
  const Graph graph = model.graph();
  const auto weights = random_weights(graph, s);
  Rig one(graph, weights, tables_for(isa), {.threads = 1});
  const auto expected = logits_of(one, tokens, {48, 42});
  ASSERT_TRUE(std::all_of(expected.begin(), expected.end(), [](float v) { return std::isfinite(v); }));
  for (const auto& [options, batches] : variants) {
    SCOPED_TRACE(format("{}, {}, {} threads, first batch {}, solo below {} ns", name(isa), quant::format(model.matrix).name,
                        options.threads, batches[0], options.solo_ns));
    Rig rig(graph, weights, tables_for(isa), options);
    ASSERT_EQ(logits_of(rig, tokens, batches), expected);
    for (const char* state : states) ASSERT_EQ(rig.state(state), one.state(state)) << state;
  }
}

const std::vector<std::size_t> uneven = {1, 1, 1, 40, 2, 45};

TEST(CpuRun, ThreadsAndBatchesChangeNoBit) {
  const std::uint32_t s = seed();
  for (const simd::Isa isa : simd::runnable_isas())
    for (const FormatId matrix : {FormatId::q8_0, FormatId::q4_0, FormatId::f16, FormatId::f32}) {
      const LittleModel model{.matrix = matrix, .cache = matrix == FormatId::q4_0 ? FormatId::q8_0 : FormatId::f16};
      expect_same_bits(model, isa, s, {{{.threads = 1}, uneven}, {{.threads = 2}, uneven}, {{.threads = 3}, {30, 30, 30}}});
    }
}

TEST(CpuRun, OneTokenAtATimeGivesTheBitsOfABatch) {
  const std::vector<std::size_t> singles(prompt, 1);
  expect_same_bits({}, simd::isa(), seed(), {{{.threads = 1}, singles}, {{.threads = 2}, singles}});
}

TEST(CpuRun, WhatOneMemberDoesAloneChangesNoBit) {
  std::vector<Variant> variants;
  for (const double solo_ns : {500.0, 2000.0, 1e12}) variants.push_back({{.threads = 2, .solo_ns = solo_ns}, uneven});
  expect_same_bits({}, simd::isa(), seed(), variants);
}

/// Runs the graph by the reference; states stay in `states`.
class ReferenceModel {
 public:
  ReferenceModel(const Graph& graph, const std::map<std::string, Bytes>& weights) : graph_(graph), weights_(weights) {
    for (const TensorDesc& desc : graph.tensors())
      if (desc.role == Role::state) states_[desc.name].resize(compute::tensor_bytes(desc).value());
  }
  std::vector<double> run(const std::vector<std::int32_t>& tokens, const std::vector<std::int32_t>& positions,
                          const std::vector<std::int32_t>& wanted, const RunShape& shape) {
    const std::map<std::string, const std::vector<std::int32_t>*> inputs = {
        {"tokens", &tokens}, {"positions", &positions}, {"wanted", &wanted}};
    std::vector<compute::Operand> operands;
    std::vector<std::vector<double>> doubles(graph_.tensors().size());
    for (std::size_t id = 0; id < graph_.tensors().size(); ++id) {
      const TensorDesc& desc = graph_.tensors()[id];
      Shape now = desc.shape;
      now.rows = compute::rows_of(now, shape);
      if (desc.role == Role::weight)
        operands.push_back(compute::Operand::readable(desc.format, now, weights_.at(desc.name).data()));
      if (desc.role == Role::state) operands.push_back(compute::Operand::writable(desc.format, now, states_[desc.name].data()));
      if (desc.role == Role::input)
        operands.push_back(
            compute::Operand::readable(desc.format, now, reinterpret_cast<const std::byte*>(inputs.at(desc.name)->data())));
      if (desc.role != Role::intermediate) continue;
      doubles[id].resize(static_cast<std::size_t>(now.rows * now.columns));
      operands.push_back(compute::Operand::writable(now, doubles[id].data()));
    }
    take(reference_run(graph_, operands, shape));
    return doubles[graph_.find("logits")];
  }

 private:
  const Graph& graph_;
  const std::map<std::string, Bytes>& weights_;
  std::map<std::string, Bytes> states_;
};

/// The greatest difference, as a part of the greatest magnitude expected.
double greatest_miss(const std::vector<float>& found, const std::vector<double>& expected) {
  double miss = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    miss = std::max(miss, std::abs(found[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return miss / size;
}

TEST(CpuRun, AModelAgreesWithTheReference) {
  const std::uint32_t s = seed();
  const auto tokens = random_tokens(s, 20);
  std::vector<std::int32_t> all(20);
  for (std::int32_t i = 0; i < 20; ++i) all[static_cast<std::size_t>(i)] = i;
  for (const FormatId format : {FormatId::f32, FormatId::f16, FormatId::q8_0}) {
    const LittleModel model{.matrix = format, .cache = FormatId::f32};
    const Graph graph = model.graph();
    const auto weights = random_weights(graph, s);
    const auto expected = ReferenceModel(graph, weights).run(tokens, all, all, {.tokens = 20, .outputs = 20, .cached = 20});
    Rig rig(graph, weights, best_tables(), {.threads = 2});
    // A matrix in blocks is multiplied with inputs rounded to 8 bits.
    EXPECT_LT(greatest_miss(logits_of(rig, tokens, {20}), expected), format == FormatId::q8_0 ? 0.05 : 1e-4)
        << quant::format(format).name;
  }
}

TEST(CpuRun, AFormatWithoutAKernelIsDecodedAndRight) {
  const std::uint32_t s = seed();
  const auto tokens = random_tokens(s, 12);
  std::vector<std::int32_t> all(12);
  for (std::int32_t i = 0; i < 12; ++i) all[static_cast<std::size_t>(i)] = i;
  const std::vector<const quant::MatrixKernel*> none(quant::formats().size(), nullptr);
  quant::Kernels without = quant::kernels();
  without.matrix = none.data();
  const KernelTables tables{simd::kernels(), without, kernels()};
  for (const FormatId format : real_formats()) {
    const LittleModel model{.matrix = format, .cache = FormatId::f32};
    const Graph graph = model.graph();
    const auto weights = random_weights(graph, s);
    const auto expected = ReferenceModel(graph, weights).run(tokens, all, all, {.tokens = 12, .outputs = 12, .cached = 12});
    Rig rig(graph, weights, tables, {.threads = 2});
    EXPECT_LT(greatest_miss(logits_of(rig, tokens, {12}), expected), 1e-4) << quant::format(format).name;
  }
}

// --- callers ---------------------------------------------------------------------------------------------------------

TEST(CpuRun, ARunInsideAGangOfItsPoolIsRight) {
  const std::uint32_t s = seed();
  const auto tokens = random_tokens(s, 10);
  const Graph graph = LittleModel{}.graph();
  const auto weights = random_weights(graph, s);
  Rig rig(graph, weights, best_tables(), {.threads = 2});
  const auto expected = logits_of(rig, tokens, {10});
  std::vector<float> found;
  ASSERT_TRUE(rig.scheduler().gang([&](task::GangMember& member) {
    if (member.index() == 0) found = logits_of(rig, tokens, {10});
  }));
  EXPECT_EQ(found, expected);
}

TEST(CpuRun, GraphsThatTakeTurnsOnOneDeviceDoNotMeet) {
  const std::uint32_t s = seed();
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  Device device(*scheduler, best_tables(), 0);
  memory::MemoryAccount account("two");
  // Two graphs that differ in one attribute alone, more often in turn than programs are kept.
  const auto scaled = [](float factor) {
    GraphBuilder b;
    b.output(b.scale(b.input("x", FormatId::f32, {.rows = 3, .columns = 64}), factor), "y");
    return take(std::move(b).finish());
  };
  std::vector<Executor> executors;
  for (int i = 0; i < 20; ++i) executors.push_back(Executor::create(scaled(static_cast<float>(i)), device, account).value());
  std::mt19937 random(s);
  for (int round = 0; round < 200; ++round) {
    const auto i = random() % executors.size();
    executors[i].input<float>(0)[5] = 2;
    ASSERT_TRUE(executors[i].run({}));
    ASSERT_EQ(executors[i].output<float>(1)[5], 2 * static_cast<float>(i));
  }
}

TEST(CpuRun, AWorkspaceThatIsTooSmallIsRefused) {
  GraphBuilder b;
  b.output(b.scale(b.input("x", FormatId::f32, {.rows = 2, .columns = 16}), 2), "y");
  const Graph graph = take(std::move(b).finish());
  const auto scheduler = take(task::Scheduler::create({.threads = 2}));
  Device device(*scheduler, best_tables());
  std::vector<float> x(32), y(32);
  const compute::Bindings bindings{.tensors = {nullptr, nullptr},
                                   .places = {reinterpret_cast<std::byte*>(x.data()), reinterpret_cast<std::byte*>(y.data())}};
  memory::MemoryAccount account("workspace");
  const std::uint64_t needed = take(device.workspace_bytes(graph));
  auto workspace = take(memory::Buffer::allocate(needed, account));
  const auto ran = device.run(graph, bindings, workspace.bytes().first(needed - 1), {}, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument) << ran.error().text();
  EXPECT_TRUE(device.run(graph, bindings, workspace.bytes(), {}, {}));
}

TEST(CpuRun, AWeightThatWasPreparedForAnotherUseIsRefused) {
  GraphBuilder b;
  const TensorId w = b.weight("w", FormatId::q8_0, {.rows = 4, .columns = 64});
  b.output(b.matmul(w, b.input("x", FormatId::f32, {.rows = 2, .columns = 64})), "y");
  const Graph product = take(std::move(b).finish());
  const auto scheduler = take(task::Scheduler::create({.threads = 2}));
  Device device(*scheduler, best_tables());
  const Bytes bytes = encoded(FormatId::q8_0, std::vector<float>(256, 1.0f));
  memory::MemoryAccount account("misused");
  const auto table = take(device.prepare(product.tensor(w), compute::Op::get_rows, bytes, account));
  auto executor = take(Executor::create(product, device, account));
  ASSERT_TRUE(executor.bind("w", *table));
  const auto ran = executor.run({});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument) << ran.error().text();
}

TEST(CpuDevice, DescribesItself) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  EXPECT_EQ(Device(*scheduler, best_tables()).description(), std::string(name(simd::isa())) + ", 2 threads");
  const compute::DeviceMemory memory = Device(*scheduler, best_tables()).memory();
  EXPECT_GT(memory.free_bytes, 0u);
  EXPECT_LE(memory.free_bytes, memory.total_bytes);
}

}  // namespace
}  // namespace libabi::backends::cpu::test

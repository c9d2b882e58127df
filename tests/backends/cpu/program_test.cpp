// Schedules: what is shared between nodes, where members must meet.
#include "little_model.hpp"

#include <gtest/gtest.h>

#include <abi/compute/memory_plan.hpp>

#include <algorithm>

namespace libabi::backends::cpu::test {
namespace {

constexpr RunShape one_token{.tokens = 1, .outputs = 1, .cached = 100};

/// A program for a graph whose tensors stand where the memory plan puts them.
class Planned {
 public:
  Planned(const Graph& graph, const RunShape& shape, double solo_ns, unsigned members = 2) : graph_(graph) {
    const auto scheduler = task::Scheduler::create({.threads = 1}).value();
    Device device(*scheduler, best_tables());
    const auto plan = compute::plan_memory(graph).value();
    memory_.resize(plan.bytes + 64);
    for (TensorId id = 0; id < graph.tensors().size(); ++id) {
      const TensorDesc& desc = graph.tensor(id);
      bindings_.places.push_back(plan.offsets[id] == compute::no_place ? nullptr : memory_.data() + plan.offsets[id]);
      if (desc.role == Role::state) tensors_.push_back(device.make_state(desc, account_).value());
      bindings_.tensors.push_back(desc.role == Role::state ? tensors_.back().get() : nullptr);
    }
    const Machine machine{.kernels = best_tables(), .members = members, .solo_ns = solo_ns};
    workspace_.resize(make_schedule(graph, machine.kernels, members).value().workspace_bytes);
    program_ = Program::make(graph, bindings_, shape, machine, workspace_.data()).value();
  }
  const Program& operator*() const { return *program_; }
  std::ptrdiff_t count(const Operation& operation) const {
    return std::ranges::count_if(program_->schedule().steps, [&](const Step& step) { return step.operation == &operation; });
  }
  std::ptrdiff_t barriers() const { return std::ranges::count_if(program_->moves(), &Move::barrier); }
  /// Of the step that stands for the node which makes a tensor.
  const Move& move_of(TensorId output) const {
    for (std::size_t i = 0; i < program_->moves().size(); ++i) {
      const Step& step = program_->schedule().steps[i];
      if (step.writes == no_region && graph_.nodes()[step.node].output == output) return program_->moves()[i];
    }
    throw std::runtime_error("no step makes the tensor");
  }

 private:
  const Graph& graph_;
  std::vector<std::byte> memory_, workspace_;
  memory::MemoryAccount account_{"planned"};
  std::vector<std::unique_ptr<compute::DeviceTensor>> tensors_;
  compute::Bindings bindings_;
  std::shared_ptr<const Program> program_;
};

TEST(CpuProgram, WhatSeveralNodesReadIsMadeOnce) {
  const Graph graph = LittleModel{}.graph();
  const Planned planned(graph, one_token, 0);
  // Inputs of q, k, v together, o, gate and up together, down; layer 1 has experts: its router is f32; the head.
  EXPECT_EQ(planned.count(shared_step::quantize), 4 + 2 + 1);
  EXPECT_EQ(planned.count(shared_step::rope_table), 2);  // the layers differ in it
  EXPECT_EQ(planned.count(shared_step::expert_order), 1);
  EXPECT_EQ(planned.count(shared_step::expert_inputs), 2);  // of gates and ups together, of downs
}

TEST(CpuProgram, ProductsOfOneInputDoNotWaitForEachOther) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 8, .columns = 256, .dynamic = Rows::tokens});
  const auto product = [&](const char* name) {
    return b.matmul(b.weight(name, FormatId::q8_0, {.rows = 512, .columns = 256}), x);
  };
  const TensorId q = product("q"), k = product("k"), sum = b.add(q, k);
  b.output(sum, "sum");
  const Graph graph = take(std::move(b).finish());
  const Planned planned(graph, {.tokens = 8}, 0);
  EXPECT_TRUE(planned.move_of(q).barrier);  // the input has to be quantised
  EXPECT_FALSE(planned.move_of(k).barrier);
  EXPECT_TRUE(planned.move_of(sum).barrier);
}

TEST(CpuProgram, RowByRowChainsNeedNoBarrier) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 8, .columns = 256, .dynamic = Rows::tokens});
  TensorId y = b.add(b.silu(b.scale(x, 2)), x);
  y = b.rms_norm(y, b.weight("norm", FormatId::f32, {.columns = 256}), 1e-5f);
  b.output(y, "y");
  const Graph graph = take(std::move(b).finish());
  EXPECT_EQ(Planned(graph, {.tokens = 8}, 0).barriers(), 0);
}

TEST(CpuProgram, SmallStepsAreLeftToOneMember) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 512, .columns = 1024, .dynamic = Rows::tokens});
  const TensorId y = b.silu(b.scale(x, 2));
  b.output(y, "y");
  const Graph graph = take(std::move(b).finish());
  const Planned few(graph, {.tokens = 1}, 2000), many(graph, {.tokens = 512}, 2000);
  EXPECT_EQ(few.move_of(y).mode, Mode::solo);
  EXPECT_EQ(few.barriers(), 0);
  EXPECT_EQ(many.move_of(y).mode, Mode::rows);
}

TEST(CpuProgram, OneRowOfManyColumnsIsSharedByColumns) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 4, .columns = 1 << 16, .dynamic = Rows::tokens});
  const TensorId y = b.silu(x);
  b.output(y, "y");
  const Graph graph = take(std::move(b).finish());
  EXPECT_EQ(Planned(graph, {.tokens = 1}, 2000).move_of(y).mode, Mode::columns);
}

TEST(CpuProgram, AMemberAloneMeetsNobody) {
  const Graph graph = LittleModel{}.graph();
  EXPECT_EQ(Planned(graph, one_token, 0, 1).barriers(), 0);
}

/// Two tensors whose lives overlap never share bytes; regions are tensors of the workspace.
TEST(CpuSchedule, RegionsThatLiveTogetherStandApart) {
  const Graph graph = LittleModel{}.graph();
  const Schedule schedule = make_schedule(graph, best_tables(), 3).value();
  const auto end = [](const Region& r) { return r.offset + static_cast<std::uint64_t>(r.shape.rows * r.shape.columns); };
  for (const Region& a : schedule.regions) {
    EXPECT_EQ(a.offset % 64, 0u);
    EXPECT_GE(a.offset, schedule.steps.size() * sizeof(Claims));
    EXPECT_LE(end(a), schedule.scratch_offset);
    for (const Region& b : schedule.regions) {
      const bool together = a.first_step <= b.last_step && b.first_step <= a.last_step;
      if (&a == &b || !together) continue;
      EXPECT_TRUE(end(a) <= b.offset || end(b) <= a.offset);
    }
  }
  EXPECT_EQ(schedule.workspace_bytes, schedule.scratch_offset + 3 * schedule.scratch_bytes);
}

TEST(CpuSchedule, AWorkspaceBeyond63BitsIsRefused) {
  GraphBuilder b;
  // The slots of all tokens, each with a row of its own, exceed what the graph's tensors hold.
  const TensorId x = b.input("x", FormatId::f32, {.rows = 1 << 20, .columns = 1 << 20, .dynamic = Rows::tokens});
  const TensorId ids = b.input("ids", FormatId::i32, {.rows = 1 << 20, .columns = 1 << 24, .dynamic = Rows::tokens});
  b.output(b.expert_matmul(b.weight("w", FormatId::f32, {.planes = 2, .rows = 1, .columns = 1 << 20}), x, ids), "y");
  const auto graph = std::move(b).finish();
  ASSERT_TRUE(graph) << graph.error().text();
  const auto schedule = make_schedule(*graph, best_tables(), 2);
  ASSERT_FALSE(schedule);
  EXPECT_EQ(schedule.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace libabi::backends::cpu::test

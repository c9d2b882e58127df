// How weights and states are held.
#include "rig.hpp"

#include <gtest/gtest.h>

namespace libabi::backends::cpu::test {
namespace {

constexpr compute::Op uses[] = {compute::Op::matmul, compute::Op::expert_matmul, compute::Op::get_rows, compute::Op::add};

TensorDesc weight_of(FormatId format, const Shape& shape) {
  return {.name = "w", .format = format, .shape = shape, .role = Role::weight};
}

TEST(CpuTensor, TakesWhatItAnnouncesFromTheAccountAndGivesItBack) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  Device device(*scheduler, best_tables());
  for (const FormatId format : real_formats())
    for (const compute::Op use : uses)
      for (const Shape& shape :
           {Shape{.rows = 1, .columns = 64}, Shape{.planes = 3, .rows = 37, .columns = 96}, Shape{.rows = 64, .columns = 32}}) {
        const TensorDesc desc = weight_of(format, shape);
        const Bytes bytes =
            encoded(format, std::vector<float>(static_cast<std::size_t>(shape.planes * shape.rows * shape.columns), 0.5f));
        memory::MemoryAccount account("weight");
        const std::uint64_t announced = device.prepared_bytes(desc, use).value();
        {
          const auto tensor = device.prepare(desc, use, bytes, account).value();
          EXPECT_EQ(tensor->owned_bytes(), announced);
          EXPECT_EQ(account.live_bytes(), announced);
        }
        EXPECT_EQ(account.live_bytes(), 0u);
        EXPECT_EQ(account.peak_bytes(), announced);
        if (announced == 0) continue;
        memory::MemoryAccount small("small", announced - 1);
        const auto refused = device.prepare(desc, use, bytes, small);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
        EXPECT_EQ(small.live_bytes(), 0u);
      }
}

TEST(CpuTensor, AMatrixIsPackedPanelByPanelOnAnyNumberOfThreads) {
  std::mt19937 random(seed());
  for (const simd::Isa isa : simd::runnable_isas())
    for (const FormatId format : real_formats()) {
      const quant::MatrixKernel* kernel = quant::kernels_for(isa)->matrix[static_cast<std::size_t>(format)];
      if (!kernel || !kernel->packed) continue;
      const std::int64_t rows = 5 * kernel->panel_rows + 3, columns = 1024;
      const TensorDesc desc = weight_of(format, {.planes = 2, .rows = rows, .columns = columns});
      const Bytes bytes = encoded(format, random_floats(random, static_cast<std::size_t>(2 * rows * columns)));
      const std::uint64_t panel_bytes = kernel->panel_bytes(static_cast<std::size_t>(columns)),
                          row_bytes = bytes.size() / static_cast<std::size_t>(2 * rows);
      Bytes expected(12 * panel_bytes);
      for (std::size_t plane = 0; plane < 2; ++plane)
        for (std::size_t panel = 0; panel < 6; ++panel)
          kernel->pack(&bytes[(plane * static_cast<std::size_t>(rows) + panel * kernel->panel_rows) * row_bytes], row_bytes,
                       panel < 5 ? kernel->panel_rows : 3, static_cast<std::size_t>(columns),
                       &expected[(plane * 6 + panel) * panel_bytes]);
      for (const unsigned threads : {1u, 3u}) {
        const auto scheduler = task::Scheduler::create({.threads = threads}).value();
        memory::MemoryAccount account("packed");
        const auto tensor =
            Tensor::prepare(desc, compute::Op::expert_matmul, bytes, *quant::kernels_for(isa), *scheduler, account).value();
        ASSERT_EQ(tensor->owned_bytes(), expected.size());
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor->data()) % 64, 0u);
        ASSERT_EQ(std::memcmp(tensor->data(), expected.data(), expected.size()), 0)
            << name(isa) << ", " << quant::format(format).name;
      }
    }
}

TEST(CpuTensor, TablesStandInTheFileAndSmallVectorsAreDecoded) {
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  Device device(*scheduler, best_tables());
  memory::MemoryAccount account("held");
  const TensorDesc desc = weight_of(FormatId::q8_0, {.columns = 64});
  const Bytes bytes = encoded(FormatId::q8_0, std::vector<float>(64, 0.75f));
  const auto table = device.prepare(desc, compute::Op::get_rows, bytes, account).value();
  EXPECT_EQ(static_cast<const Tensor&>(*table).data(), bytes.data());
  const auto vector = device.prepare(desc, compute::Op::rms_norm, bytes, account).value();
  std::vector<float> expected(64);
  quant::format(FormatId::q8_0).decode(bytes.data(), expected.data(), 64);
  EXPECT_EQ(std::memcmp(static_cast<const Tensor&>(*vector).data(), expected.data(), 256), 0);
}

TEST(CpuTensor, BytesThatDoNotFitAreRefused) {
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  Device device(*scheduler, best_tables());
  memory::MemoryAccount account("refused");
  const auto code_of = [&](const TensorDesc& desc, std::span<const std::byte> bytes) {
    const auto made = device.prepare(desc, compute::Op::matmul, bytes, account);
    return made ? ErrorCode::ok : made.error().code;
  };
  alignas(64) std::byte bytes[260]{};
  EXPECT_EQ(code_of(weight_of(FormatId::f32, {.rows = 2, .columns = 32}), std::span(bytes, 256)), ErrorCode::ok);
  EXPECT_EQ(code_of(weight_of(FormatId::f32, {.rows = 2, .columns = 32}), std::span(bytes, 255)), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(weight_of(FormatId::f32, {.rows = 2, .columns = 32}), std::span(bytes + 1, 256)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(weight_of(FormatId::i32, {.rows = 2, .columns = 32}), std::span(bytes, 256)), ErrorCode::unsupported);
  EXPECT_EQ(code_of(weight_of(FormatId::q8_0, {.rows = 2, .columns = 33}), std::span(bytes, 68)), ErrorCode::invalid_argument);
  const Shape huge{.planes = 1 << 20, .rows = std::int64_t{1} << 40, .columns = 1 << 10};
  EXPECT_EQ(code_of(weight_of(FormatId::q8_0, huge), std::span(bytes, 68)), ErrorCode::invalid_argument);
  EXPECT_FALSE(device.prepared_bytes(weight_of(FormatId::q8_0, huge), compute::Op::matmul));
}

TEST(CpuTensor, AStateIsZeroed) {
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  Device device(*scheduler, best_tables());
  memory::MemoryAccount account("state");
  for (const FormatId format : real_formats()) {
    const TensorDesc desc{.name = "s", .format = format, .shape = {.rows = 7, .columns = 64}, .role = Role::state};
    const auto state = device.make_state(desc, account).value();
    EXPECT_EQ(state->owned_bytes(), compute::tensor_bytes(desc).value());
    const std::byte* data = static_cast<const Tensor&>(*state).data();
    EXPECT_TRUE(std::all_of(data, data + state->owned_bytes(), [](std::byte b) { return b == std::byte{0}; }));
  }
}

}  // namespace
}  // namespace libabi::backends::cpu::test

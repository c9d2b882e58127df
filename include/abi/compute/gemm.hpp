#pragma once
/// Products of matrices on all threads of a scheduler: the kernels of <abi/simd/gemm.hpp>, each thread with its part of c.
///
///     ABI_TRY(compute::gemm_f32(scheduler, c, a, b, {.m = 512, .n = 4096, .k = 4096, .a_stride = 4096, .b_stride = 4096,
///                                               .c_stride = 4096}));
///
/// The result has the same bits at any number of threads. Errors: exhausted (each thread takes up to 9 MiB of workspace from
/// the account for the time of the call), invalid_argument (a stride shorter than its row, a matrix that no memory can hold).
/// Thread-safe for distinct c.

#include <abi/memory/account.hpp>
#include <abi/simd/gemm.hpp>
#include <abi/task/scheduler.hpp>

#include <cstdint>

namespace libabi::compute {

using simd::GemmShape;

ABI_API Result<void> gemm_f32(task::Scheduler& scheduler, float* c, const float* a, const float* b, const GemmShape& shape,
                              memory::MemoryAccount& account = memory::default_account());
ABI_API Result<void> gemm_bf16(task::Scheduler& scheduler, float* c, const std::uint16_t* a, const std::uint16_t* b,
                               const GemmShape& shape, memory::MemoryAccount& account = memory::default_account());
ABI_API Result<void> gemm_i8(task::Scheduler& scheduler, std::int32_t* c, const std::int8_t* a, const std::int8_t* b,
                             const GemmShape& shape, memory::MemoryAccount& account = memory::default_account());

}  // namespace libabi::compute

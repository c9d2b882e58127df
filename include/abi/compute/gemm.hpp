#pragma once
/// Products of matrices on all threads of a scheduler: the kernels of <abi/simd/gemm.hpp>, each thread with its part of c.
///
///     ABI_TRY(compute::gemm_f32(scheduler, c, a, b, {.m = 512, .n = 4096, .k = 4096, .a_stride = 4096, .b_stride = 4096,
///                                               .c_stride = 4096}));
///
/// The result has the same bits at any number of threads. Thread-safe for distinct c. c is untouched where there is an error.
/// Errors: exhausted (see below), invalid_argument (a stride shorter than its row, a matrix that no memory can hold).
///
/// Each thread takes up to 9 MiB of workspace, and `account` is charged for it for the time of the call. The memory itself stays
/// for later products, since a system that hands it out page by page takes an eighth of the time of a product of 1024 x 1024
/// for that: up to 32 workspaces, never more than were in use at once, charged to default_account().
///
/// c is cut into one part a thread, as nearly square as possible: a part packs all rows of a and all columns of b that it
/// needs. Rows runtime.gemm.* of `./dev bench`, beside oneDNN.

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

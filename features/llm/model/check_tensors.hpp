#pragma once

#include "model/load_progress.hpp"

#include <abi/llm/gguf.hpp>
#include <abi/task/scheduler.hpp>

namespace libabi::llm {

/// Bytes that check_tensors() reads.
std::uint64_t checked_bytes(const GgufFile& file);

/// Looks for NaN and infinity in every tensor of the file. Errors: failed_precondition (names the first tensor that has
/// one and its first such element), unsupported (a format that this build does not know), cancelled.
Result<void> check_tensors(const GgufFile& file, task::Scheduler& scheduler, LoadProgress& progress);

}  // namespace libabi::llm

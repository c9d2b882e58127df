#pragma once

#include "model/model_file.hpp"

namespace libabi::llm {

/// The limits of a session's graph. Errors: invalid_argument (an option out of its range; a cache format that cannot be
/// one, or whose blocks do not fit the model's heads).
Result<GraphLimits> session_limits(const ModelFile& model, const SessionOptions& options);

/// The graph of a session. Errors: as session_limits(), and invalid_argument where the context is longer than the positions
/// that the model has learned.
Result<compute::Graph> session_graph(const ModelFile& model, const GraphLimits& limits);

/// Bytes of a session beside its graph's memory and cache: the list of its tokens.
std::uint64_t token_list_bytes(const GraphLimits& limits);

}  // namespace libabi::llm

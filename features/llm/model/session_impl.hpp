#pragma once

#include "model/limits.hpp"
#include "model/model_impl.hpp"

#include <abi/compute/executor.hpp>
#include <abi/llm/session.hpp>

namespace libabi::llm {

/// The inputs and outputs that a graph has; no_tensor for those it has not.
struct Terminals {
  explicit Terminals(const compute::Graph& graph)
      : tokens(graph.find(input_tokens)),
        positions(graph.find(input_positions)),
        types(graph.find(input_types)),
        wanted(graph.find(input_outputs)),
        logits(graph.find(output_logits)),
        embedding(graph.find(output_embedding)) {}
  TensorId tokens, positions, types, wanted, logits, embedding;
};

// Hidden: as a part of an exported class it would be exported too.
struct [[gnu::visibility("hidden")]] Session::Impl {
  Impl(const Model& of, const GraphLimits& within, compute::Executor&& made)
      : model(of), limits(within), executor(std::move(made)), terminals(executor.graph()) {}

  const ModelFile& file() const noexcept { return model.impl()->model; }
  bool embeds() const noexcept { return model.info().kind == ModelKind::embedding; }
  std::int64_t past() const noexcept { return static_cast<std::int64_t>(tokens.size()); }

  /// Session::evaluate().
  Result<std::span<const float>> evaluate(std::span<const TokenId> ids, const EvaluateOptions& options);
  /// Errors: invalid_argument (none), out_of_range (an id outside the vocabulary; more than the context holds).
  Result<void> check_ids(std::span<const TokenId> ids) const;
  /// Session::embed().
  Result<std::vector<float>> embed(std::span<const TokenId> ids, const task::StopToken& cancel);

  Model model;
  GraphLimits limits;
  memory::Charge token_list;
  std::vector<std::unique_ptr<compute::DeviceTensor>> states;  // outlive the executor
  compute::Executor executor;
  Terminals terminals;
  std::vector<TokenId> tokens;
  Generation generation;

  /// Fills the inputs that the graph has: the ids, their positions from `first` on, segments of zero.
  void fill_inputs(std::span<const TokenId> ids, std::int64_t first);

 private:
  Result<void> run_batch(std::span<const TokenId> ids, std::int64_t outputs, const task::StopToken& cancel);
  Result<std::span<const float>> logits(std::int64_t rows) const;
};

}  // namespace libabi::llm

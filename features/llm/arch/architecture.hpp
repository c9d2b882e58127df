#pragma once

#include "arch/blueprint.hpp"

namespace libabi::llm {

/// A member of arch.def.
struct Architecture {
  std::string_view name;
  ModelKind kind;
  bool rope_neox;  ///< pairs (i, i + n/2); else (2i, 2i+1)
  /// Adds the whole model to the blueprint: from the input tokens to the output "logits" [outputs, vocabulary] of a
  /// generative model or "embedding" [1, embedding_width] of an embedding model.
  void (*build)(Blueprint& model);
};

#define ABI_ARCH(name) extern const Architecture arch_##name;
#include "arch/arch.def"
#undef ABI_ARCH

/// Errors: unsupported (names the known ones).
Result<const Architecture*> find_architecture(std::string_view name);

/// Reads the numbers of a model and finds its architecture.
struct ModelDescription {
  const Architecture* architecture = nullptr;
  HyperParameters hyper;
};
Result<ModelDescription> describe_model(const GgufFile& file);

/// The model's graph for these limits, with the tensors of the file that its weights are bound to.
Result<Blueprint::Built> build_model(const GgufFile& file, const ModelDescription& description, const GraphLimits& limits);

}  // namespace libabi::llm

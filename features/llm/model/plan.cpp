#include "model/limits.hpp"
#include "model/weights.hpp"

#include <abi/base/boundary.hpp>
#include <abi/compute/executor.hpp>

namespace libabi::llm {

namespace {

Result<MemoryNeed> need_of(const ModelFile& model, const compute::Device& device, const SessionOptions& options) {
  MemoryNeed need;
  ABI_TRY(const WeightSurvey survey, survey_weights(model, device));
  need.weights_mapped = survey.mapped_bytes;
  need.weights_owned = survey.owned_bytes;
  need.vocabulary = model.tokenizer.memory_bytes();
  ABI_TRY(const GraphLimits limits, session_limits(model, options));
  ABI_TRY(const compute::Graph graph, session_graph(model, limits));
  for (const compute::TensorDesc& tensor : graph.tensors()) {
    if (tensor.role != compute::Role::state) continue;
    ABI_TRY(const std::uint64_t bytes, compute::tensor_bytes(tensor));
    need.cache += bytes;
  }
  ABI_TRY(need.activations, compute::Executor::required_bytes(graph, device));
  need.activations += token_list_bytes(limits);
  return need;
}

}  // namespace

Result<MemoryNeed> plan(const std::filesystem::path& path, const ModelOptions& model, const SessionOptions& session) {
  return boundary([&]() -> Result<MemoryNeed> {
    ABI_TRY(const ModelFile file, open_model_file(path));
    ABI_TRY(const Runtime runtime, open_runtime(model));
    auto need = need_of(file, *runtime.device, session);
    if (!need) return within(path.native(), std::move(need).error());
    return need;
  });
}

}  // namespace libabi::llm

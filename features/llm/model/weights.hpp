#pragma once
/// The weights of a model on a device.

#include "model/load_progress.hpp"
#include "model/model_file.hpp"

#include <vector>

namespace libabi::llm {

/// A weight of the graph: the bytes of the file that it is, and what the device makes of them.
struct WeightPlace {
  const compute::TensorDesc* desc;
  const GgufTensor* tensor;
  compute::Op use;
  std::span<const std::byte> bytes;
  std::uint64_t owned_bytes;  ///< 0: it is used where it stands in the file
};

struct WeightSurvey {
  std::vector<WeightPlace> places;  ///< in the order of the file
  std::uint64_t mapped_bytes = 0;   ///< of the file's bytes, those that stay in use; what two weights share counts once
  std::uint64_t owned_bytes = 0;
  std::uint64_t read_bytes = 0;  ///< that loading goes through
};

/// Looks at all weights without touching their data. Views into `model`. Errors: unsupported, out of the device.
Result<WeightSurvey> survey_weights(const ModelFile& model, const compute::Device& device);

struct LoadedWeight {
  std::string_view name;  ///< in the graph; of the model file's skeleton
  std::unique_ptr<compute::DeviceTensor> tensor;
};

/// Gives every weight to the device. Pages of tensors that were repacked are given back to the system.
Result<std::vector<LoadedWeight>> load_weights(const ModelFile& model, const WeightSurvey& survey, compute::Device& device,
                                               memory::MemoryAccount& account, LoadProgress& progress);

}  // namespace libabi::llm

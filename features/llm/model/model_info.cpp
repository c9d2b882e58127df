#include "model/model_file.hpp"

#include <map>

namespace libabi::llm {

namespace {

/// The format that most elements have.
std::string_view file_type(const GgufFile& file) {
  std::map<std::string_view, std::uint64_t> elements;
  for (const GgufTensor& tensor : file.tensors())
    if (tensor.format) elements[tensor.format->name] += tensor.elements;
  std::string_view most;
  std::uint64_t count = 0;
  for (const auto& [name, each] : elements)
    if (each > count) {
      most = name;
      count = each;
    }
  return most;
}

std::int64_t embedding_width(const ModelDescription& description) {
  if (description.architecture->kind != ModelKind::embedding) return 0;
  return description.hyper.pooling == PoolingType::rank ? 1 : description.hyper.width;
}

}  // namespace

ModelInfo model_info(const ModelFile& model, const compute::Device& device) {
  const HyperParameters& h = model.description.hyper;
  ModelInfo info{.architecture = h.architecture,
                 .kind = model.description.architecture->kind,
                 .pooling = h.pooling,
                 .context_length = h.context_length,
                 .width = h.width,
                 .layers = h.layers,
                 .vocabulary = h.vocabulary,
                 .embedding_width = embedding_width(model.description),
                 .file_bytes = model.file.file_bytes(),
                 .file_type = std::string(file_type(model.file)),
                 .device = format("{}: {}", device.name(), device.description())};
  if (const auto name = model.file.string_or("general.name", "")) info.name = *name;
  for (const GgufTensor& tensor : model.file.tensors()) info.parameters += tensor.elements;
  return info;
}

}  // namespace libabi::llm

#include "model/weights.hpp"

#include <abi/base/check.hpp>

#include <algorithm>
#include <map>

namespace libabi::llm {

namespace {

/// The part of a tensor's bytes that a weight is.
Result<std::span<const std::byte>> bytes_of(const GgufFile& file, const WeightSource& source, const compute::TensorDesc& desc) {
  ABI_TRY(const auto all, file.data(*source.tensor));
  ABI_TRY(const std::uint64_t row, quant::row_bytes(quant::format(desc.format), static_cast<std::uint64_t>(desc.shape.columns)));
  ABI_TRY(const std::uint64_t length, compute::tensor_bytes(desc));
  const std::uint64_t first = static_cast<std::uint64_t>(source.first_row) * row;
  ABI_CHECK(first <= all.size() && length <= all.size() - first);
  return all.subspan(first, length);
}

/// What stays mapped of each tensor: parts of it, or all where weights share it.
std::uint64_t mapped_bytes(const std::vector<WeightPlace>& places) {
  std::map<const GgufTensor*, std::uint64_t> mapped;
  for (const WeightPlace& place : places)
    if (place.owned_bytes == 0) mapped[place.tensor] += place.bytes.size();
  std::uint64_t total = 0;
  for (const auto& [tensor, bytes] : mapped) total += std::min(bytes, tensor->bytes);
  return total;
}

}  // namespace

Result<WeightSurvey> survey_weights(const ModelFile& model, const compute::Device& device) {
  const compute::Graph& graph = model.skeleton.graph;
  WeightSurvey survey;
  for (const WeightSource& source : model.skeleton.weights) {
    const compute::TensorDesc& desc = graph.tensor(source.id);
    const auto use = graph.use(source.id);
    ABI_CHECK(use.has_value());
    ABI_TRY(const auto bytes, bytes_of(model.file, source, desc));
    ABI_TRY(const std::uint64_t owned, device.prepared_bytes(desc, *use));
    survey.places.push_back({&desc, source.tensor, *use, bytes, owned});
    survey.owned_bytes += owned;
    survey.read_bytes += bytes.size();
  }
  survey.mapped_bytes = mapped_bytes(survey.places);
  // Shards are mapped one by one, so addresses are in the file's order within each, and that is all that reading wants.
  std::ranges::sort(survey.places, std::less<>(), [](const WeightPlace& place) { return place.bytes.data(); });
  return survey;
}

Result<std::vector<LoadedWeight>> load_weights(const ModelFile& model, const WeightSurvey& survey, compute::Device& device,
                                               memory::MemoryAccount& account, LoadProgress& progress) {
  std::map<const GgufTensor*, bool> stays;  // whether any weight uses the tensor where it stands
  for (const WeightPlace& place : survey.places) stays[place.tensor] |= place.owned_bytes == 0;
  std::vector<LoadedWeight> loaded;
  for (std::size_t i = 0; i < survey.places.size(); ++i) {
    const WeightPlace& place = survey.places[i];
    if (place.owned_bytes > 0) model.file.will_need(*place.tensor);
    auto prepared = device.prepare(*place.desc, place.use, place.bytes, account);
    if (!prepared) return within(format("tensor '{}'", place.tensor->name), std::move(prepared).error());
    loaded.push_back({place.desc->name, *std::move(prepared)});
    const bool last_use = i + 1 == survey.places.size() || survey.places[i + 1].tensor != place.tensor;
    if (last_use && !stays.at(place.tensor)) model.file.done_with(*place.tensor);
    ABI_TRY(progress.add(place.bytes.size()));
  }
  return loaded;
}

}  // namespace libabi::llm

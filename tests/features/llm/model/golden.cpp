#include "features/llm/model/golden.hpp"

#include <abi/backends/registry.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace libabi::llm::test {

namespace {

using Json = nlohmann::json;

std::vector<float> read_floats(const std::filesystem::path& file, std::size_t count) {
  std::vector<float> values(count);
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(float)));
  if (static_cast<std::size_t>(in.gcount()) != count * sizeof(float)) throw std::runtime_error(file.string() + " is too short");
  return values;
}

GoldenCase read_case(const std::filesystem::path& file, const std::filesystem::path& models) {
  std::ifstream in(file);
  const Json json = Json::parse(in);
  GoldenCase golden{.name = file.stem().string(),
                    .model = models / json["model"].get<std::string>(),
                    .architecture = json["arch"],
                    .kind = json["kind"],
                    .prompt = json["prompt_tokens"],
                    .greedy = json["greedy_tokens"],
                    .margins = json["greedy_margin"],
                    .columns = json["shape"][1]};
  const std::size_t count = json["shape"][0];
  for (std::size_t i = 0; i < count; ++i) golden.rows.push_back(json.contains("rows") ? json["rows"][i].get<std::size_t>() : i);
  golden.values = read_floats(std::filesystem::path(file).replace_extension(".f32"), count * golden.columns);
  return golden;
}

}  // namespace

std::filesystem::path golden_dir() { return ABI_SOURCE_DIR "/tests/data/golden/llm"; }

std::vector<GoldenCase> golden_cases(const std::string& folder, const std::string& models) {
  std::vector<GoldenCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(golden_dir() / folder))
    if (entry.path().extension() == ".json") cases.push_back(read_case(entry.path(), golden_dir() / models));
  std::ranges::sort(cases, {}, &GoldenCase::name);
  return cases;
}

std::vector<std::filesystem::path> golden_models() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"models", "quantmodels"})
    for (const auto& entry : std::filesystem::directory_iterator(golden_dir() / folder))
      if (entry.path().extension() == ".gguf") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

double tolerance(const GoldenCase& golden) {
  const bool gelu = golden.architecture == "gpt2" || golden.architecture == "bert";
  return gelu ? 1e-3 : 1e-4;
}

std::vector<std::string> devices() {
  std::vector<std::string> names;
  for (const char* name : {"null", "cpu"})
    for (const auto& backend : backends::list())
      if (backend.name == name && backend.in_build) names.push_back(name);
  return names;
}

Model open(const std::filesystem::path& file, const std::string& device, unsigned threads) {
  auto model = Model::open(file, {.backend = device, .threads = threads});
  if (!model) throw std::runtime_error(model.error().text());
  return *std::move(model);
}

Session start(const Model& model, std::int64_t context, std::int64_t batch) {
  auto session = Session::create(
      model,
      {.context = context, .batch = batch, .outputs = batch, .cache_k = quant::FormatId::f32, .cache_v = quant::FormatId::f32});
  if (!session) throw std::runtime_error(session.error().text());
  return *std::move(session);
}

std::vector<std::vector<float>> all_rows(Session& session, const GoldenCase& golden, std::size_t batch) {
  std::vector<std::vector<float>> rows;
  const auto evaluate = [&](std::span<const TokenId> tokens) {
    const auto logits = session.evaluate(tokens, {.all = true});
    if (!logits) throw std::runtime_error(golden.name + ": " + logits.error().text());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto row = logits->subspan(i * golden.columns, golden.columns);
      rows.emplace_back(row.begin(), row.end());
    }
  };
  const std::span prompt(golden.prompt);
  for (std::size_t at = 0; at < prompt.size(); at += batch) evaluate(prompt.subspan(at, std::min(batch, prompt.size() - at)));
  for (std::size_t i = 0; i + 1 < golden.greedy.size(); ++i) evaluate(std::span(golden.greedy).subspan(i, 1));
  return rows;
}

}  // namespace libabi::llm::test

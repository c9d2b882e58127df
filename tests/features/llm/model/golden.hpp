#pragma once
/// Reference answers under tests/data/golden/llm: `<name>.json` says what was run, `<name>.f32` holds the rows.

#include <abi/llm/session.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace libabi::llm::test {

struct GoldenCase {
  std::string name;  ///< of the case: the stem of its files
  std::filesystem::path model;
  std::string architecture;
  std::string kind;  ///< "logits" or "embedding"
  std::vector<TokenId> prompt;
  std::vector<TokenId> greedy;    ///< the first follows from the last prompt row; each is fed to get the next row
  std::vector<double> margins;    ///< between the best two logits, one for each greedy token
  std::vector<std::size_t> rows;  ///< which positions `values` has, one row each
  std::size_t columns = 0;
  std::vector<float> values;

  std::span<const float> row(std::size_t i) const { return std::span(values).subspan(i * columns, columns); }
};

std::filesystem::path golden_dir();
/// All cases of a folder, by name; models stand in `models`. Throws where a file is missing or does not fit.
std::vector<GoldenCase> golden_cases(const std::string& folder, const std::string& models);
std::vector<std::filesystem::path> golden_models();

/// What a float32 forward may differ by: the README of the reference data. GELU is steeper than SiLU.
double tolerance(const GoldenCase& golden);

/// The devices that tests of models run on: the scalar reference and the CPU.
std::vector<std::string> devices();

/// A model on a device and a session with a float32 cache.
Model open(const std::filesystem::path& file, const std::string& device, unsigned threads = 1);
Session start(const Model& model, std::int64_t context, std::int64_t batch);

/// Logits of every position: the prompt in batches of `batch`, then the greedy tokens one by one.
std::vector<std::vector<float>> all_rows(Session& session, const GoldenCase& golden, std::size_t batch);

}  // namespace libabi::llm::test

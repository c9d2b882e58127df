#pragma once

#include "command.hpp"

#include <abi/llm/sampler.hpp>

namespace app {

/// Flags of sampling, named as llama.cpp's users know them.
struct SamplingFlags {
  libabi::llm::SamplingOptions options;
  std::vector<std::string> biases;

  void declare(CLI::App& cli);
  /// Errors: invalid_argument (a bias that cannot be read).
  Result<libabi::llm::SamplingOptions> read() const;
};

}  // namespace app

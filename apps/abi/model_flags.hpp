#pragma once
/// Flags that every command with a model has.

#include "command.hpp"

#include <abi/llm/session.hpp>

#include <optional>

namespace app {

/// The stories that come with the program: in share/abi/models, of the installed tree or of the build tree. Empty where
/// they are not.
std::string bundled_model();

struct ModelFlags {
  std::string file = bundled_model();
  unsigned threads = 0;
  std::string device = "cpu";
  bool check_tensors = false;
  std::int64_t context = 0;
  std::int64_t batch = 512;
  std::string cache_k = "f16";
  std::string cache_v = "f16";
  std::int64_t gpu_layers = 0;
  std::string flash_attention = "auto";

  /// -m, -t, --device, --check-tensors.
  void declare(CLI::App& cli);
  /// -c, -b, --cache-type-k, --cache-type-v, and llama.cpp's -ngl and -fa.
  void declare_session(CLI::App& cli);

  /// Opens the model behind a progress bar on a terminal. Errors: those of Model::open.
  Result<libabi::llm::Model> open(const libabi::task::StopToken& stop, bool quiet) const;
  /// Errors: invalid_argument (an unknown cache format).
  Result<libabi::llm::SessionOptions> session_options() const;
};

/// Text given by -p, from a file by -f, or from standard input when it is "-".
struct TextFlags {
  std::string text;
  std::string file;
  void declare(CLI::App& cli);
  /// Errors: invalid_argument (neither is given), not_found and so on.
  Result<std::string> read() const;
};

}  // namespace app

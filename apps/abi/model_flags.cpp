#include "model_flags.hpp"

#include "progress_bar.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace app {

using libabi::error;
using libabi::llm::Model;
using libabi::llm::ModelOptions;
using libabi::llm::SessionOptions;

std::string bundled_model() {
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  for (const char* up : {"..", "../.."}) {  // bin/abi of an installed tree, apps/abi/abi of a build tree
    const std::filesystem::path file = program.parent_path() / up / "share/abi/models/stories.gguf";
    if (!failure && std::filesystem::exists(file, failure)) return file.lexically_normal().string();
  }
  return {};
}

void ModelFlags::declare(CLI::App& cli) {
  cli.add_option("-m,--model", file, "GGUF file; the stories in the box unless given")->required(file.empty())->type_name("FILE");
  cli.add_option("-t,--threads", threads, "threads; 0 takes what the process may use")->capture_default_str();
  cli.add_option("--device", device, "backend to run on (abi list backends)")->capture_default_str();
  cli.add_flag("--check-tensors", check_tensors, "look for NaN and infinity in every weight first");
}

void ModelFlags::declare_session(CLI::App& cli) {
  cli.add_option("-c,--ctx-size", context, "tokens of context; 0 takes the model's, at most 4096")->capture_default_str();
  cli.add_option("-b,--batch-size,--ubatch-size", batch, "tokens evaluated at once")->capture_default_str();
  cli.add_option("--cache-type-k,--ctk", cache_k, "format of cached keys: f32, f16, bf16 or q8_0")->capture_default_str();
  cli.add_option("--cache-type-v,--ctv", cache_v, "format of cached values")->capture_default_str();
  cli.add_option("--gpu-layers", gpu_layers, "layers to put on a GPU; this build has none, so only 0 changes nothing");
  cli.add_option("--flash-attn", flash_attention, "attention is always computed in one pass; on and auto are accepted")
      ->expected(0, 1)
      ->default_str("on")
      ->check(CLI::IsMember({"on", "auto", "1"}));
}

Result<Model> ModelFlags::open(const libabi::task::StopToken& stop, bool quiet) const {
  if (gpu_layers != 0) std::fprintf(stderr, "abi: no GPU backend in this build, all layers run on %s\n", device.c_str());
  ProgressBar bar("loading", quiet);
  ModelOptions options;
  options.threads = threads;
  options.backend = device;
  options.check_tensors = check_tensors;
  options.progress = [&](double fraction) {
    bar.update(fraction);
    return !stop.stop_requested();
  };
  return Model::open(file, options);
}

Result<SessionOptions> ModelFlags::session_options() const {
  SessionOptions options{.context = context, .batch = batch};
  for (const auto& [name, id] : {std::pair{&cache_k, &options.cache_k}, std::pair{&cache_v, &options.cache_v}}) {
    const libabi::quant::Format* format = libabi::quant::find_format(*name);
    if (!format)
      return error(ErrorCode::invalid_argument, "cache format '{}' is unknown, expected f32, f16, bf16 or q8_0", *name);
    *id = format->id;
  }
  return options;
}

void TextFlags::declare(CLI::App& cli) {
  auto* text_option = cli.add_option("-p,--prompt", text, "the text")->type_name("TEXT");
  cli.add_option("-f,--file", file, "the text from a file; - is standard input")->type_name("FILE")->excludes(text_option);
}

Result<std::string> TextFlags::read() const {
  if (file.empty()) return text;
  const bool standard = file == "-";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input(standard ? stdin : std::fopen(file.c_str(), "rb"),
                                                              standard ? [](std::FILE*) { return 0; } : std::fclose);
  if (!input)
    return error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::permission_denied, "{}: {}", file, std::strerror(errno));
  std::string out;
  char part[65536];
  while (const std::size_t count = std::fread(part, 1, sizeof part, input.get())) out.append(part, count);
  if (std::ferror(input.get())) return error(ErrorCode::invalid_argument, "{} cannot be read: {}", file, std::strerror(errno));
  return out;
}

}  // namespace app

// abi synth: a model of a real shape with random weights, to measure with.
#include "command.hpp"
#include "interrupt.hpp"
#include "progress_bar.hpp"
#include "synthetic/model.hpp"
#include "terminal.hpp"

#include <memory>

namespace app {

namespace {

using libabi::error;

struct Synth {
  std::string shape = "llama-1b";
  std::string type = "q4_0";
  std::string file;
  std::uint64_t seed = 1;

  Result<void> operator()() const;
};

Result<void> Synth::operator()() const {
  ABI_TRY(const synthetic::Shape found, synthetic::find_shape(shape));
  const libabi::quant::Format* format = libabi::quant::find_format(type);
  if (!format) return error(ErrorCode::not_found, "format '{}' is unknown (abi list formats names them)", type);
  const Interrupt interrupt;
  {
    ProgressBar bar("writing");
    ABI_TRY(synthetic::write_llama(file, found, format->id, seed, [&](double fraction) {
      bar.update(fraction);
      return !interrupt.token().stop_requested();
    }));
  }
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(file, failure);
  show(libabi::format("{}: {} in {}, {}\n", file, found.name, format->name, failure ? "size unknown" : human_bytes(bytes)));
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Synth>();
  std::string known;
  for (const synthetic::Shape& shape : synthetic::shapes()) known += (known.empty() ? "" : ", ") + std::string(shape.name);
  cli.add_option("--shape", flags->shape, "one of " + known)->capture_default_str();
  cli.add_option("--type", flags->type, "format of the matrices (abi list formats)")->capture_default_str();
  cli.add_option("-o,--output", flags->file, "GGUF file to write")->required()->type_name("FILE");
  cli.add_option("--seed", flags->seed, "seed of the weights")->capture_default_str();
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_synth;
const Command command_synth{.name = "synth", .summary = "write a model of a real shape with random weights", .declare = declare};

}  // namespace app

// abi: run models, embed, tokenize, look into files and measure, all by libabi.
#include "command.hpp"
#include "legacy_arguments.hpp"

#include <abi/base/version.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>

namespace {

int run(int argc, char** argv) {
  CLI::App cli{"Local AI as a library: the program.", "abi"};
  cli.set_version_flag("--version", std::string("abi ") + std::string(libabi::version_text()));
  cli.require_subcommand(1);
  std::vector<std::pair<CLI::App*, std::function<libabi::Result<void>()>>> declared;
  for (const app::Command* command : app::commands()) {
    CLI::App* sub = cli.add_subcommand(std::string(command->name), std::string(command->summary));
    declared.emplace_back(sub, command->declare(*sub));
  }
  try {
    std::vector<std::string> arguments = app::translate_legacy({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    cli.parse(arguments);
  } catch (const CLI::ParseError& e) {
    const int code = cli.exit(e);
    return code == 0 ? app::exit_done : app::exit_usage;
  }
  for (const auto& [sub, body] : declared) {
    if (!sub->parsed()) continue;
    const libabi::Result<void> done = body();
    if (done) return app::exit_done;
    if (done.error().code != libabi::ErrorCode::cancelled) std::fprintf(stderr, "abi: %s\n", done.error().text().c_str());
    return app::exit_code(done.error().code);
  }
  return app::exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "abi: internal error: %s\n", e.what());
    return app::exit_own_fault;
  }
}

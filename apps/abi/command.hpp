#pragma once
/// The commands of the program `abi`.

#include <abi/base/error.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <functional>
#include <span>
#include <string_view>

namespace app {

using libabi::ErrorCode;
using libabi::Result;

/// What the shell sees.
enum ExitCode : int {
  exit_done = 0,
  exit_error = 1,         ///< an error in what was asked or given
  exit_usage = 2,         ///< a wrong command line
  exit_own_fault = 3,     ///< our mistake
  exit_interrupted = 130  ///< Ctrl-C
};
int exit_code(ErrorCode code) noexcept;

/// A member of command.def.
struct Command {
  std::string_view name;
  std::string_view summary;
  /// Declares the flags on `cli` and returns what runs once they are parsed. The flags' values live in the returned function.
  std::function<Result<void>()> (*declare)(CLI::App& cli);
};

std::span<const Command* const> commands() noexcept;

}  // namespace app

#include "command.hpp"

namespace app {

#define ABI_COMMAND(name) extern const Command command_##name;
#include "command/command.def"
#undef ABI_COMMAND

std::span<const Command* const> commands() noexcept {
  static constexpr const Command* members[] = {
#define ABI_COMMAND(name) &command_##name,
#include "command/command.def"
#undef ABI_COMMAND
  };
  return members;
}

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::ok: return exit_done;
    case ErrorCode::internal: return exit_own_fault;
    case ErrorCode::cancelled: return exit_interrupted;
    default: return exit_error;
  }
}

}  // namespace app

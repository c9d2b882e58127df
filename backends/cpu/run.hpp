#pragma once

#include "program.hpp"

namespace libabi::backends::cpu {

/// Carries out a program as one gang. `run` and `workspace` must fit the program. Errors: cancelled, out_of_range.
Result<void> run_program(const Program& program, const Run& run, task::Scheduler& scheduler, const task::StopToken& stop);

}  // namespace libabi::backends::cpu

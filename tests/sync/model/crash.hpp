#pragma once

namespace libabi::sync::model {

/// From here on a wild pointer in the program under test is a failure of its run, with a trace like any other. Elsewhere it
/// ends the process as always.
void report_crashes() noexcept;

}  // namespace libabi::sync::model

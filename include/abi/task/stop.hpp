#pragma once

#include <stop_token>

namespace libabi::task {

/// The one cancellation token of the library is the standard's: a long operation looks at it between steps and returns
/// `cancelled`.
using StopToken = std::stop_token;
using StopSource = std::stop_source;

}  // namespace libabi::task

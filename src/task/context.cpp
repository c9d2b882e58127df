#include <abi/task/context.hpp>

namespace libabi::task {

const Context& Context::none() noexcept {
  static constinit const Context none{};
  return none;
}

// Messages short enough to need no memory, which may be what ran out.
std::unexpected<Error> Context::stop_error_of(const Cancellation* cancellation) noexcept {
  const ErrorCode code = cancellation ? cancellation->reason() : ErrorCode::cancelled;
  return std::unexpected(Error{code, code == ErrorCode::deadline_exceeded ? "time ran out" : "was cancelled", {}});
}

}  // namespace libabi::task

#include <abi/task/task.hpp>

namespace libabi::task {

std::unexpected<Error> detail::task_is_not_there(bool for_want_of_memory) noexcept {
  if (for_want_of_memory) return std::unexpected(Error{ErrorCode::exhausted, "out of memory", {}});
  return std::unexpected(boundary([]() -> Result<void> {
                           return error(ErrorCode::failed_precondition, "the task is empty: it was awaited or moved away");
                         }).error());
}

}  // namespace libabi::task

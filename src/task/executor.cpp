#include <abi/task/executor.hpp>

#include <utility>

namespace libabi::task {

namespace {
constinit thread_local Executor* current_executor = nullptr;
}

Executor* Executor::current() noexcept { return current_executor; }

Executor::Current::Current(Executor* executor) noexcept : before_(std::exchange(current_executor, executor)) {}

Executor::Current::~Current() { current_executor = before_; }

}  // namespace libabi::task

#include <abi/task/scheduler.hpp>

namespace libabi::task {

Result<std::unique_ptr<Scheduler>> Scheduler::on_tbb(void*, const SchedulerOptions&) {
  return error(ErrorCode::unsupported, "this build has no oneTBB");
}

}  // namespace libabi::task

#include <abi/task/manual_executor.hpp>

namespace libabi::task {

void ManualExecutor::submit(Job& job) noexcept {
  job.next = nullptr;
  const std::lock_guard lock(mutex_);
  List& list = lists_[is_random_ ? 0 : static_cast<std::size_t>(job.priority)];
  (list.last ? list.last->next : list.first) = &job;
  list.last = &job;
  ++waiting_;
}

// splitmix64 (Steele, Lea and Flood, OOPSLA 2014)
std::uint64_t ManualExecutor::random() noexcept {
  std::uint64_t bits = random_ += 0x9e3779b97f4a7c15u;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
  return bits ^ bits >> 31;
}

Job* ManualExecutor::take() noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_ == 0) return nullptr;
  List* list = lists_;
  while (!list->first) ++list;
  Job* before = nullptr;
  for (std::uint64_t skip = is_random_ ? random() % waiting_ : 0; skip != 0; --skip) before = before ? before->next : list->first;
  Job* const job = before ? before->next : list->first;
  (before ? before->next : list->first) = job->next;
  if (list->last == job) list->last = before;
  --waiting_;
  return job;
}

bool ManualExecutor::run_one() noexcept {
  Job* const job = take();
  if (!job) return false;
  const Current current(this);
  job->run(*job);
  return true;
}

std::size_t ManualExecutor::run_all(std::size_t most) noexcept {
  std::size_t ran = 0;
  while (ran != most && run_one()) ++ran;
  return ran;
}

std::size_t ManualExecutor::waiting() const noexcept {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace libabi::task

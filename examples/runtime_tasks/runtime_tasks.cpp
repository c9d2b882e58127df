// Looks words up in three shelves side by side on the workers of a scheduler, takes the first answer there is, and lets a scope
// of readers run until one of them has seen enough. Checks what it found.
#include <abi/task/async_generator.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task_scope.hpp>
#include <abi/task/when_all.hpp>
#include <abi/task/when_any.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <string>

using namespace libabi;
using namespace libabi::task;

using Shelf = std::map<std::string, int>;
const Shelf shelves[] = {{{"oak", 3}, {"elm", 1}}, {{"oak", 4}, {"ash", 2}}, {{"oak", 5}, {"fir", 7}}};

// A word's number on one shelf; an error where it is not there.
Task<int> look_up(const Shelf& shelf, std::string word) {
  const auto found = shelf.find(word);
  if (found == shelf.end()) co_return error(ErrorCode::not_found, "'{}' is on no page of the shelf", word);
  co_return found->second;
}

// All three at the same time: the sum, or the first error, which stops the other two.
Task<int> sum_of(std::string word) {
  ABI_CO_TRY(const auto numbers,
             co_await when_all(look_up(shelves[0], word), look_up(shelves[1], word), look_up(shelves[2], word)));
  co_return std::get<0>(numbers) + std::get<1>(numbers) + std::get<2>(numbers);
}

// Never ends by itself; every await in here returns `cancelled` once it is stopped.
AsyncGenerator<int> pages(Scheduler& scheduler) {
  for (int page = 1;; ++page) {
    ABI_CO_TRY(co_await schedule_on(scheduler, Priority::low));
    co_yield page;
  }
}

Task<int> read_for_ever(Scheduler& scheduler) {
  auto all = pages(scheduler);
  for (;;) ABI_CO_TRY(co_await all.next());
}

// Reads side by side until a hundred pages are read in all; that is an error of one reader, and so the end of the others.
Task<void> read(Scheduler& scheduler, std::atomic<int>& read_so_far) {
  auto all = pages(scheduler);
  for (;;) {
    ABI_CO_TRY(co_await all.next());
    if (++read_so_far >= 100) co_return error(ErrorCode::out_of_range, "a hundred pages are enough");
  }
}

Result<bool> run() {
  ABI_TRY(const auto scheduler, Scheduler::create({.threads = 2}));

  ABI_TRY(const int oaks, sync_wait(*scheduler, sum_of("oak")));
  const Result<int> firs = sync_wait(*scheduler, sum_of("fir"));
  std::cout << "oak: " << oaks << ", fir: " << firs.error().text() << '\n';

  ABI_TRY(const auto first, sync_wait(*scheduler, when_any(read_for_ever(*scheduler), look_up(shelves[1], "ash"))));
  std::cout << "the first to answer was number " << first.index() << '\n';

  std::atomic<int> read_so_far = 0;
  const Result<void> readers = sync_wait(*scheduler, with_scope([&](TaskScope& scope) -> Task<void> {
    for (int i = 0; i < 4; ++i) ABI_CO_TRY(scope.spawn(read(*scheduler, read_so_far)));
    co_return {};
  }));
  std::cout << "the readers ended: " << readers.error().text() << '\n';

  return oaks == 12 && firs.error().code == ErrorCode::not_found && first.index() == 1 && std::get<1>(first) == 2 &&
         readers.error().code == ErrorCode::out_of_range && read_so_far >= 100;
}

int main() {
  const Result<bool> good = run();
  if (!good) std::cerr << good.error().text() << '\n';
  return good && *good ? 0 : 1;
}

#pragma once
/// Cutting a range evenly over the machine's cores, for what is prepared and not measured.

#include <abi/task/parallel.hpp>

#include <stdexcept>

namespace bench::vdb {

template <class Body>
void on_all_cores(std::size_t count, Body&& body) {
  const auto scheduler = libabi::task::Scheduler::shared();
  if (!scheduler) throw std::runtime_error(scheduler.error().text());
  if (const auto done = libabi::task::parallel_for(**scheduler, 0, count, body); !done)
    throw std::runtime_error(done.error().text());
}

}  // namespace bench::vdb

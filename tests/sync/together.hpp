#pragma once
/// Threads that begin together.

#include <barrier>
#include <thread>
#include <vector>

namespace libabi::sync::test {

/// Calls body(0) to body(count - 1), each on a thread of its own, all at once; returns when all have.
template <class Body>
void together(unsigned count, Body&& body) {
  std::barrier start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (unsigned index = 0; index < count; ++index)
    threads.emplace_back([&, index] {
      start.arrive_and_wait();
      body(index);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace libabi::sync::test

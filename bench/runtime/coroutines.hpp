#pragma once
/// What the coroutines' topic measures of each peer: nanoseconds for one of `count`, after a warm-up.

#include "measure.hpp"

#include <stdexcept>

namespace bench::coroutines {

/// Each in the form its users write: a coroutine that awaits `count` others which return a number at once; that takes `count`
/// items of an asynchronous generator; that goes `count` times through the queue of a pool with one thread, on that thread.
double cppcoro_task(int count);
double cppcoro_item(int count);
double cppcoro_hop(int count);
double libcoro_task(int count);
double libcoro_hop(int count);
double concurrencpp_task(int count);
double concurrencpp_hop(int count);
double asio_task(int count);
double asio_item(int count);
double asio_hop(int count);

/// What one of `count` took.
inline double per_item(int count, double taken) { return taken * 1e9 / count; }

inline void expect(bool good) {
  if (!good) throw std::runtime_error("a coroutine lost its count");
}

}  // namespace bench::coroutines

#include "coroutines.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/coro.hpp>
#include <boost/asio/experimental/use_coro.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bench::coroutines {

namespace {

namespace asio = boost::asio;

[[gnu::noinline]] asio::awaitable<int> give(int value) { co_return value; }

asio::awaitable<void> sum_tasks(int count, long& sum) {
  for (int i = 0; i < count; ++i) sum += co_await give(1);
}

asio::experimental::coro<long> count_to(asio::io_context&, int count) {
  for (int i = 0; i < count; ++i) co_yield 1;
}

asio::experimental::coro<void> sum_items(asio::io_context& context, int count, long& sum) {
  auto items = count_to(context, count);
  while (const auto item = co_await items) sum += *item;
}

asio::awaitable<void> hop(int count) {
  const auto executor = co_await asio::this_coro::executor;
  for (int i = 0; i < count; ++i) co_await asio::post(executor, asio::use_awaitable);
}

}  // namespace

double asio_task(int count) {
  long sum = 0;
  asio::io_context context(1);
  asio::co_spawn(context, sum_tasks(count, sum), asio::detached);
  const double taken = seconds([&] { context.run(); });
  expect(sum == count);
  return per_item(count, taken);
}

double asio_item(int count) {
  long sum = 0;
  asio::io_context context(1);
  auto all = sum_items(context, count, sum);
  all.async_resume([](std::exception_ptr) {});
  const double taken = seconds([&] { context.run(); });
  expect(sum == count);
  return per_item(count, taken);
}

double asio_hop(int count) {
  asio::io_context context(1);
  asio::co_spawn(context, hop(count), asio::detached);
  return per_item(count, seconds([&] { context.run(); }));
}

}  // namespace bench::coroutines

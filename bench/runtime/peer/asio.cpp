// Boost.Asio: steady_timer on an io_context that one thread runs and that therefore takes no locks.
#include "timers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>

namespace bench::timers {

namespace {

struct Asio {
  explicit Asio(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) timers.emplace_back(context);
  }
  void arm(std::size_t i, Time when) {
    timers[i].expires_at(when);
    timers[i].async_wait([this](const boost::system::error_code& error) { called += !error; });
  }
  void cancel(std::size_t i) { timers[i].cancel(); }
  void settle() {
    context.restart();
    context.run();
  }
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::deque<boost::asio::steady_timer> timers;
  std::size_t called = 0;
};

}  // namespace

double asio_arm_and_fire(std::size_t count) { return arm_and_fire<Asio>(count); }
double asio_arm_and_cancel(std::size_t count) { return arm_and_cancel<Asio>(count); }

}  // namespace bench::timers

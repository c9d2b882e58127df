#include "queue_run.hpp"
#include "queues.hpp"

#include <boost/lockfree/spsc_queue.hpp>

namespace bench::queues {

namespace {

template <class Item>
double rate() {
  using Queue = boost::lockfree::spsc_queue<Item>;
  Queue queue(queue_capacity);
  struct End {
    Queue& queue;
    bool push(Item& item) { return queue.push(item); }
    bool pop(Item& item) { return queue.pop(item); }
  };
  return queue_rate<Item>(1, 1, [&] { return End{queue}; }, [&] { return End{queue}; });
}

}  // namespace

double boost_spsc_8() { return rate<Item8>(); }
double boost_spsc_64() { return rate<Item64>(); }

}  // namespace bench::queues

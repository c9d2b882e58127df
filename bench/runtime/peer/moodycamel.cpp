#include "queue_run.hpp"
#include "queues.hpp"

#include <concurrentqueue/concurrentqueue.h>

namespace bench::queues {

namespace {

template <class Item>
double rate(unsigned producers, unsigned consumers) {
  using Queue = moodycamel::ConcurrentQueue<Item>;
  Queue queue(queue_capacity);
  struct Producer {
    Queue& queue;
    moodycamel::ProducerToken token;
    bool push(Item& item) { return queue.enqueue(token, item); }
  };
  struct Consumer {
    Queue& queue;
    moodycamel::ConsumerToken token;
    bool pop(Item& item) { return queue.try_dequeue(token, item); }
  };
  return queue_rate<Item>(
      producers, consumers, [&] { return Producer{queue, moodycamel::ProducerToken(queue)}; },
      [&] { return Consumer{queue, moodycamel::ConsumerToken(queue)}; });
}

}  // namespace

double moodycamel_8(unsigned producers, unsigned consumers) { return rate<Item8>(producers, consumers); }
double moodycamel_64(unsigned producers, unsigned consumers) { return rate<Item64>(producers, consumers); }

}  // namespace bench::queues

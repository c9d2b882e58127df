#include "queue_run.hpp"
#include "queues.hpp"

#include <atomic_queue/atomic_queue.h>

#include <memory>

namespace bench::queues {

// Its blocking calls never fail, so a consumer has to know how many items are its own: they are dealt out evenly.
double atomic_queue_8(unsigned producers, unsigned consumers) {
  // Elements are numbers of which one, 0, means that there is none; ours begin at 0, so one is added.
  using Queue = atomic_queue::AtomicQueue<std::uint64_t, queue_capacity, 0, true, true, false, false>;
  const auto queue = std::make_unique<Queue>();
  struct End {
    Queue& queue;
    bool push(Item8& item) {
      queue.push(item.value + 1);
      return true;
    }
    bool pop(Item8& item) {
      item.value = queue.pop() - 1;
      return true;
    }
  };
  return queue_rate<Item8>(producers, consumers, [&] { return End{*queue}; }, [&] { return End{*queue}; }, Share::even);
}

}  // namespace bench::queues

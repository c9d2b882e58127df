// Boost.Pool: a free list of one size for one thread.
#include "memory_loops.hpp"

#include <boost/pool/pool.hpp>

namespace bench::memory {

namespace {

struct BoostPool {
  boost::pool<> pool{64};
  void* take(std::size_t) { return pool.malloc(); }
  void give(void* block, std::size_t) { pool.free(block); }
};

}  // namespace

double boost_pool_same_size() { return figure<BoostPool>(same_size<BoostPool>); }

}  // namespace bench::memory

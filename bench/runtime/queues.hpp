#pragma once
/// What the peers of the topic `queues` run, in millions of items a second through queue_run.hpp; each is there where
/// BENCH_HAS_<PEER> is 1.

namespace bench::queues {

double moodycamel_8(unsigned producers, unsigned consumers);  // a token for every thread
double moodycamel_64(unsigned producers, unsigned consumers);
double atomic_queue_8(unsigned producers, unsigned consumers);  // blocking push and pop, which are its fastest
double boost_spsc_8();
double boost_spsc_64();

}  // namespace bench::queues

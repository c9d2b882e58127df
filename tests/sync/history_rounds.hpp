#pragma once
/// Many short histories of one structure.
///
///     struct Queue {                                   // one round: a structure, and what was done to it
///       static constexpr unsigned threads = 2;
///       explicit Queue(std::mt19937_64& random);
///       void act(unsigned thread, std::mt19937_64& random);   // by each of the threads, all at once
///       bool linearizable();                                  // after them
///     };
///     EXPECT_EQ(first_violation<Queue>(seed, 1000), "");

#include "sync/history_shaken_atomics.hpp"
#include "sync/model/depth.hpp"
#include "sync/together.hpp"

#include <abi/base/error.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace libabi::sync::test {

/// Where threads meet. Who comes first looks for the others without sleeping, so that all go on at about the same time.
class Meeting {
 public:
  explicit Meeting(unsigned threads) noexcept : threads_(threads) {}

  void wait() noexcept {
    const unsigned before = meetings_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      meetings_.store(before + 1, std::memory_order_release);
      return;
    }
    for (unsigned looks = 0; meetings_.load(std::memory_order_acquire) == before; ++looks)
      looks < 200 ? spin_pause() : std::this_thread::yield();
  }

 private:
  unsigned threads_;
  std::atomic<unsigned> arrived_{0};
  std::atomic<unsigned> meetings_{0};
};

/// Empty, or which round has a history that is not linearizable: the same seed makes the same calls again, though not the same
/// interleaving. ABI_MODEL_DEPTH makes it so many rounds more.
template <class Subject>
std::string first_violation(std::uint64_t seed, unsigned rounds) {
  rounds *= 1 + model::depth();
  Meeting meeting(Subject::threads);
  std::unique_ptr<Subject> subject;
  std::string violation;
  together(Subject::threads, [&](unsigned thread) {
    for (unsigned round = 0; round < rounds; ++round) {
      std::seed_seq parts{seed, std::uint64_t{round}, std::uint64_t{thread}};
      std::mt19937_64 random(parts);
      shaking = random() | 1;
      if (thread == 0) subject = std::make_unique<Subject>(random);
      meeting.wait();
      subject->act(thread, random);
      meeting.wait();
      if (thread == 0 && !subject->linearizable())
        violation = libabi::format("round {} of seed {} is not linearizable", round, seed);
      meeting.wait();
      if (!violation.empty()) break;
    }
  });
  return violation;
}

}  // namespace libabi::sync::test

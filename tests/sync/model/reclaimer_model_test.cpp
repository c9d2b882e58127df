#include "sync/model/scenario.hpp"

#include <abi/sync/epoch.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include <gtest/gtest.h>

namespace libabi::sync::model {
namespace {

using Epochs = EpochReclaimer<ModelAtomics, 3>;
using Hazards = HazardReclaimer<ModelAtomics, 3, 1>;

struct Node : Retirable {
  explicit Node(int v) : value(v) {}
  ModelPlain<int> value;
  ModelPlain<int> note;  // of who retired it to who frees it
};
void free_node(Retirable* object) noexcept {
  auto* const node = static_cast<Node*>(object);
  require(node->note.get() == 1, "that is not what was written before it was retired");
  delete node;
}

template <class R>
struct Shared {
  typename R::Domain domain;
  ModelAtomic<Node*> head{new Node(1)};

  ~Shared() { delete head.load(std::memory_order_relaxed); }
  void read(R& mine) {
    typename R::Guard guard(mine);
    const int value = guard.protect(head)->value.get();
    require(value >= 1 && value <= 3, "that is not what was written");
  }
  void replace(R& mine, int value) {
    Node* const old = head.exchange(new Node(value), std::memory_order_acq_rel);
    old->note.set(1);
    mine.retire(*old, free_node);
  }
};

template <class R>
void reader_and_writer(Program& program) {
  Shared<R> shared;
  R* const reader = shared.domain.join();
  R* const writer = shared.domain.join();
  program.thread([&] { shared.read(*reader); });
  program.thread([&] {
    shared.replace(*writer, 2);
    writer->collect();
  });
  program.run();
}

template <class R>
void reader_comes_again(Program& program, unsigned more) {
  Shared<R> shared;
  R* const reader = shared.domain.join();
  R* const writer = shared.domain.join();
  program.thread([&] {
    for (unsigned reads = 0; reads < 2 + more; ++reads) shared.read(*reader);
  });
  program.thread([&] {
    shared.replace(*writer, 2);
    writer->collect();
  });
  program.run();
}

template <class R>
void writer_goes_on(Program& program) {
  Shared<R> shared;
  R* const reader = shared.domain.join();
  R* const writer = shared.domain.join();
  program.thread([&] { shared.read(*reader); });
  program.thread([&] {
    shared.replace(*writer, 2);
    writer->collect();
    shared.replace(*writer, 3);
    writer->collect();
  });
  program.run();
}

template <class R>
void two_writers(Program& program) {
  Shared<R> shared;
  R* const first = shared.domain.join();
  R* const second = shared.domain.join();
  program.thread([&] {
    shared.replace(*first, 2);
    first->collect();
  });
  program.thread([&] {
    shared.read(*second);
    shared.replace(*second, 3);
    second->collect();
  });
  program.run();
}

// Threads join and leave.
template <class R>
void coming_and_going(Program& program) {
  Shared<R> shared;
  program.thread([&] {
    R* const mine = shared.domain.join();
    shared.replace(*mine, 2);
    shared.domain.leave(*mine);
  });
  program.thread([&] {
    R* const mine = shared.domain.join();
    shared.read(*mine);
    shared.domain.leave(*mine);
  });
  program.run();
  R* const mine = shared.domain.join();
  require(mine != nullptr, "there is a record");
  shared.domain.leave(*mine);
}

// What one leaves behind, since a third one reads it, the other frees.
template <class R>
void orphans(Program& program) {
  Shared<R> shared;
  R* const reader = shared.domain.join();
  R* const writer = shared.domain.join();
  R* const other = shared.domain.join();
  program.thread([&] { shared.read(*reader); });
  program.thread([&] {
    shared.replace(*writer, 2);
    shared.domain.leave(*writer);
  });
  program.thread([&] { other->collect(); });
  program.run();
}

// With epochs the last two have more executions than can be exhausted.
constexpr std::uint64_t many = 20'000;

template <class R>
std::vector<Trial> trials(unsigned more) {
  return {{reader_and_writer<R>},
          {[=](Program& program) { reader_comes_again<R>(program, more); }},
          {writer_goes_on<R>},
          {two_writers<R>},
          {coming_and_going<R>, {}, many},
          {orphans<R>, {}, many}};
}

TEST(EpochModel, FreesNothingThatIsStillRead) { EXPECT_EQ(failures(trials<Epochs>(depth())), ""); }
TEST(EpochModel, NeedsEachOfItsOrders) { EXPECT_EQ(hunt(trials<Epochs>(0), {"epoch.hpp", "members.hpp"}).text(), ""); }
TEST(HazardModel, FreesNothingThatIsStillRead) { EXPECT_EQ(failures(trials<Hazards>(depth())), ""); }
TEST(HazardModel, NeedsEachOfItsOrders) {
  EXPECT_EQ(hunt(trials<Hazards>(0), {"hazard_pointers.hpp", "members.hpp"}).text(), "");
}

}  // namespace
}  // namespace libabi::sync::model

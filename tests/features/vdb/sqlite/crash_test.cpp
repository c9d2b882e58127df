// A power cut at any change leaves a whole database that holds a prefix of the commits, with all that were promised.
#include "workload.hpp"

namespace libabi::vdb::sqlite {
namespace {

constexpr int rounds = 3, most_transactions = 12;

void cut_and_restart(std::uint64_t seed, Durability durability) {
  SCOPED_TRACE(testing::Message() << "ABI_SEED=" << seed);
  std::mt19937_64 random(seed);
  const auto disk = make_disk(seed);
  Workload work(seed);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(work.open(*disk, durability));
    disk->cut_power_at(disk->changes() + random() % 150);
    static_cast<void>(work.go_on(most_transactions));
    if (disk->powered()) disk->cut_power();
    work.close();
    disk->restart();
  }
  ASSERT_NO_FATAL_FAILURE(work.open(*disk, durability));
  work.close();
}

void cut_at_many(Durability durability, std::uint64_t usual) {
  const std::uint64_t first = io::seed();
  std::cout << "ABI_SEED=" << first << "\n";
  for (std::uint64_t i = 0; i < seeds(usual); ++i) ASSERT_NO_FATAL_FAILURE(cut_and_restart(first + i, durability));
}

TEST(SqliteCrash, WithSyncedCommitsEachOneThatReturnedIsThere) { cut_at_many(Durability::at_commits, 1000); }

TEST(SqliteCrash, WithoutSyncedCommitsThereIsAPrefixOfThem) { cut_at_many(Durability::at_checkpoints, 1000); }

TEST(SqliteCrash, ACutWhileItIsOpenedLeavesADatabaseThatOpens) {
  for (std::uint64_t seed = 0; seed < seeds(50); ++seed)
    for (std::uint64_t cut = 0;; ++cut) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " cut " << cut);
      const auto disk = make_disk(seed);
      disk->cut_power_at(cut);
      const auto open = [&]() -> Result<void> {
        ABI_TRY(const std::unique_ptr<Vfs> files, Vfs::create(*disk));
        ABI_TRY(Connection database, Connection::open(*files, "a.db"));
        return {};
      };
      const bool opened = open().has_value();
      if (!opened) {
        disk->restart();
        const Result<void> again = open();
        ASSERT_TRUE(again) << again.error().text();
      } else if (disk->powered()) {
        break;
      }
    }
}

// A disk that fails once and goes on, and later loses its power: what was promised after the failure is there too. Where it is
// a sync that fails, the power goes next.
TEST(SqliteCrash, AFailedCallIsAnErrorAndNothingPromisedIsLost) {
  const std::uint64_t first = io::seed();
  std::cout << "ABI_SEED=" << first << "\n";
  for (std::uint64_t i = 0; i < seeds(1000); ++i) {
    const std::uint64_t seed = first + i;
    SCOPED_TRACE(testing::Message() << "ABI_SEED=" << seed);
    std::mt19937_64 random(seed);
    const auto disk = make_disk(seed);
    Workload work(seed);
    for (int round = 0; round < rounds; ++round) {
      ASSERT_NO_FATAL_FAILURE(work.open(*disk, Durability::at_commits));
      constexpr io::SimulatedCall calls[] = {io::SimulatedCall::read, io::SimulatedCall::write, io::SimulatedCall::sync,
                                             io::SimulatedCall::sync, io::SimulatedCall::name};
      const io::SimulatedCall failing = calls[random() % std::size(calls)];
      disk->fail_next(failing, random() % 40, random() % 2 ? ErrorCode::unavailable : ErrorCode::exhausted);
      const Result<void> done = work.go_on(most_transactions);
      if (!done && done.error().code != ErrorCode::unavailable && done.error().code != ErrorCode::exhausted)
        FAIL() << done.error().text();
      for (const io::SimulatedCall call : calls) disk->fail_next(call, ~std::uint64_t{0}, ErrorCode::unavailable);  // no more
      work.close();
      if (random() % 2 == 0) disk->restart();
    }
    disk->restart();
    ASSERT_NO_FATAL_FAILURE(work.open(*disk, Durability::at_commits));
    work.close();
  }
}

}  // namespace
}  // namespace libabi::vdb::sqlite

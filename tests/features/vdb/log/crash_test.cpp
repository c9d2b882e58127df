// The power goes at a random change of a random program, again and again; what was acknowledged stays, what was erased goes.
#include "tools.hpp"

#include <set>

namespace libabi::vdb {
namespace {

constexpr std::uint64_t most_changes = 60;

// What a program knows about its log.
struct Knowledge {
  std::map<Position, Seen> acknowledged;            // durable, or nothing is said of it
  std::map<Position, std::set<std::string>> tried;  // bodies that may stand at a position, not acknowledged
  std::set<std::string> erased_needles;             // acknowledged to be gone
  std::set<Position> erasing;                       // asked for, not acknowledged
  Position truncated = 0;                           // up to there records may be gone
  Position next = 1;
  std::uint64_t bodies = 0;
};

class Life {
 public:
  Life(std::uint64_t seed, io::SimulatedStorage& disk, Knowledge& known) : random_(seed), disk_(disk), known_(known) {}

  // Opens, checks, and works until the power goes or enough is done.
  void live() {
    options_.clock = &clock_;
    options_.segment_bytes = 4096;
    options_.preallocate_bytes = random_() % 2 ? 1024 : 0;
    options_.durability = static_cast<Durability>(random_() % 3);
    options_.interval_us = 30;
    Result<std::unique_ptr<LocalLog>> log = LocalLog::open(disk_, "log", options_);
    if (!log) {
      ASSERT_FALSE(disk_.powered()) << log.error().text();
      return;
    }
    log_ = *std::move(log);
    check();
    while (disk_.powered() && !testing::Test::HasFailure() && steps_++ < 25) step();
    if (random_() % 4 == 0 && log_->close()) acknowledge_all();
  }

 private:
  void check() {
    const auto seen = read_all(*log_, log_->first());
    if (!seen && !disk_.powered()) return;
    ASSERT_TRUE(seen) << seen.error().text();
    ASSERT_LE(log_->first(), std::max<Position>(known_.truncated, 1));
    for (const auto& [position, record] : known_.acknowledged) {
      if (position < log_->first()) continue;
      const auto found = seen->find(position);
      ASSERT_NE(found, seen->end()) << "record " << position << " is lost";
      if (found->second.erased && (known_.erasing.contains(position) || record.erased)) continue;
      ASSERT_EQ(found->second, record) << "record " << position;
    }
    for (const auto& [position, record] : *seen) {
      if (known_.acknowledged.contains(position) || record.erased) continue;
      ASSERT_TRUE(known_.tried[position].contains(record.body)) << "record " << position << " was never written";
    }
    for (const std::string& needle : known_.erased_needles)
      ASSERT_FALSE(stands_anywhere(disk_, "log", needle)) << needle << " is back";
    const auto damages = log_->verify();
    ASSERT_TRUE(damages.has_value() || !disk_.powered());
    ASSERT_TRUE(!damages || damages->empty()) << damages->front().what;
    // Opening has made durable what it found.
    for (const auto& [position, record] : *seen) known_.acknowledged[position] = record;
    known_.tried.clear();
    known_.next = log_->last() + 1;
  }

  void acknowledge_all() {
    for (const auto& [position, record] : written_) known_.acknowledged[position] = record;
    written_.clear();
  }

  std::string body() {
    std::string text = "<needle " + std::to_string(known_.bodies++) + ">";
    if (random_() % 4 == 0) text += std::string(random_() % 1500, 'x');
    if (random_() % 40 == 0) return {};
    return text;
  }

  void step() {
    clock_.now += static_cast<std::int64_t>(random_() % 20) - 5;
    const std::uint64_t what = random_() % 16;
    if (what < 11) return add();
    if (what == 11 && log_->flush()) return acknowledge_all();
    if (what == 12 && log_->last() >= log_->first()) return truncate();
    if (what > 12 && log_->last() >= log_->first()) return erase();
  }

  void add() {
    std::vector<std::string> texts(1 + random_() % 4);
    for (std::string& text : texts) text = body();
    for (std::size_t i = 0; i < texts.size(); ++i) known_.tried[known_.next + i].insert(texts[i]);
    const Result<Appended> appended = append(*log_, texts);
    if (!appended) {
      ASSERT_FALSE(disk_.powered()) << appended.error().text();
      return;
    }
    ASSERT_EQ(appended->first, known_.next);
    known_.next = appended->last + 1;
    for (std::size_t i = 0; i < texts.size(); ++i)
      written_[appended->first + i] = {.body = texts[i], .time_us = appended->time_us, .erased = false};
    if (options_.durability == Durability::sync) acknowledge_all();
    std::map<Position, Seen> still;
    for (const auto& [position, record] : written_)
      (position <= log_->durable() ? known_.acknowledged : still)[position] = record;
    written_ = still;
  }

  void truncate() {
    const Position position = log_->first() + random_() % (log_->last() - log_->first() + 1);
    known_.truncated = std::max(known_.truncated, position);
    const Result<void> outcome = log_->truncate_before(position);
    ASSERT_TRUE(outcome || !disk_.powered()) << outcome.error().text();
    ASSERT_TRUE(!outcome || log_->first() <= known_.truncated);
  }

  void erase() {
    std::vector<Position> positions(1 + random_() % 3);
    for (Position& position : positions) position = log_->first() + random_() % (log_->last() - log_->first() + 1);
    known_.erasing.insert(positions.begin(), positions.end());
    const Result<void> outcome = log_->erase(positions);
    if (!outcome) {
      ASSERT_FALSE(disk_.powered()) << outcome.error().text();
      return;
    }
    for (const Position position : positions) {
      Seen& record = written_.contains(position) ? written_[position] : known_.acknowledged[position];
      if (record.body.starts_with("<")) known_.erased_needles.insert(record.body.substr(0, record.body.find('>') + 1));
      record.body.clear();
      record.erased = true;
      known_.acknowledged[position] = record;
      written_.erase(position);
      known_.erasing.erase(position);
    }
  }

  std::mt19937_64 random_;
  io::SimulatedStorage& disk_;
  Knowledge& known_;
  TestClock clock_;
  LogOptions options_;
  std::unique_ptr<LocalLog> log_;
  std::map<Position, Seen> written_;  // acknowledged as written only
  int steps_ = 0;
};

void run(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto disk = io::SimulatedStorage::create({.seed = seed}).value();
  Knowledge known;
  for (int lives = 0; lives < 4 && !testing::Test::HasFailure(); ++lives) {
    disk->cut_power_at(disk->changes() + random() % most_changes);
    Life(random(), *disk, known).live();
    if (disk->powered()) disk->cut_power();
    disk->restart();
  }
  disk->cut_power_at(std::numeric_limits<std::uint64_t>::max());
  if (!testing::Test::HasFailure()) Life(random(), *disk, known).live();
}

TEST(Log, KeepsWhatItAcknowledgedAndNothingErasedWhereverThePowerGoes) {
  const std::uint64_t first = libabi::test::seed();
  const std::uint64_t seeds = from_environment("ABI_SEEDS", 2000);
  for (std::uint64_t seed = first; seed < first + seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "ABI_SEED=" << seed);
    run(seed);
  }
}

}  // namespace
}  // namespace libabi::vdb

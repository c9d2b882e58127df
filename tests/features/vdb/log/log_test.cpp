#include "tools.hpp"

#include <abi/task/sync_wait.hpp>

#include <thread>

namespace libabi::vdb {
namespace {

std::unique_ptr<LocalLog> open_log(io::Storage& storage, LogOptions options = {}, const std::filesystem::path& folder = "log") {
  Result<std::unique_ptr<LocalLog>> log = LocalLog::open(storage, folder, options);
  if (!log) throw std::runtime_error(log.error().text());
  return *std::move(log);
}

TEST(Log, GivesRecordsTheirPositionsAndTimesAndReadsThemBack) {
  const auto disk = io::SimulatedStorage::create().value();
  TestClock clock;
  const auto log = open_log(*disk, {.clock = &clock});
  EXPECT_EQ(log->first(), 1u);
  EXPECT_EQ(log->last(), 0u);
  const Appended first = append(*log, {"one", "", "three"}).value();
  clock.now -= 500;  // a clock that goes back
  const Appended second = append(*log, {"four"}).value();
  EXPECT_EQ(first.first, 1u);
  EXPECT_EQ(first.last, 3u);
  EXPECT_EQ(second.first, 4u);
  EXPECT_EQ(second.time_us, first.time_us);
  EXPECT_EQ(log->durable(), 4u);
  const auto seen = read_all(*log, 2).value();
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.at(4).body, "four");
  EXPECT_EQ(seen.at(2).body, "");
  EXPECT_TRUE(log->verify().value().empty());
}

TEST(Log, IsTheSameAsAPlainVectorOfRecords) {
  std::mt19937_64 random(libabi::test::seed());
  const auto disk = io::SimulatedStorage::create().value();
  TestClock clock;
  const LogOptions options{.segment_bytes = 4096, .preallocate_bytes = 512, .clock = &clock};
  auto log = open_log(*disk, options);
  std::map<Position, Seen> model;
  for (int step = 0; step < 600; ++step) {
    clock.now += static_cast<std::int64_t>(random() % 7);
    const std::uint64_t what = random() % 12;
    if (what < 8) {
      std::vector<std::string> texts(1 + random() % 5);
      for (std::string& text : texts) text = std::string(random() % 300, static_cast<char>('a' + random() % 26));
      const Appended at = append(*log, texts).value();
      for (std::size_t i = 0; i < texts.size(); ++i) model[at.first + i] = {.body = texts[i], .time_us = at.time_us};
    } else if (what == 8 && !model.empty()) {
      ASSERT_TRUE(log->truncate_before(model.begin()->first + random() % model.size() / 4));
      model.erase(model.begin(), model.lower_bound(log->first()));
    } else if (what == 9 && !model.empty()) {
      const Position position = model.begin()->first + random() % model.size();
      ASSERT_TRUE(log->erase(std::vector{position}));
      model[position].erased = true;
      model[position].body.clear();
    } else if (what == 10) {
      log.reset();
      log = open_log(*disk, options);
    } else if (what == 11 && !model.empty()) {
      const std::int64_t time = model.begin()->second.time_us + static_cast<std::int64_t>(random() % 1000);
      const auto found = std::ranges::find_if(model, [&](const auto& entry) { return entry.second.time_us >= time; });
      ASSERT_EQ(log->find_time(time).value(), found == model.end() ? model.rbegin()->first + 1 : found->first);
    }
    if (step % 20 != 0) continue;
    ASSERT_EQ(read_all(*log, log->first()).value(), model);
  }
  EXPECT_EQ(read_all(*log, log->first()).value(), model);
  EXPECT_TRUE(log->verify().value().empty());
}

TEST(Log, SaysWhatIsWrongWithACall) {
  const auto disk = io::SimulatedStorage::create().value();
  const auto code = [](const auto& result) { return result ? ErrorCode::ok : result.error().code; };
  EXPECT_EQ(code(LocalLog::open(*disk, "log", {.segment_bytes = 10})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(LocalLog::open(*disk, "log", {.access = io::Access::read})), ErrorCode::not_found);
  EXPECT_EQ(code(LocalLog::open(*disk, "no/log")), ErrorCode::not_found);
  const auto log = open_log(*disk);
  EXPECT_EQ(code(log->append({})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(append(*log, {std::string(max_record_bytes + 1, 'x')})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(append(*log, std::vector<std::string>(5, std::string(max_record_bytes, 'x')))), ErrorCode::invalid_argument);
  ASSERT_TRUE(append(*log, {"a"}));
  EXPECT_EQ(code(log->erase(std::vector<Position>{2})), ErrorCode::out_of_range);
  EXPECT_EQ(code(log->wait_durable(2)), ErrorCode::out_of_range);
  EXPECT_EQ(code(log->read(0)), ErrorCode::out_of_range);
  const auto second = LocalLog::open(*disk, "log");
  ASSERT_EQ(code(second), ErrorCode::failed_precondition);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(code(append(*log, {"b"})), ErrorCode::failed_precondition);
  EXPECT_TRUE(LocalLog::open(*disk, "log"));
}

TEST(Log, TakesRecordsAndBatchesUpToTheLimitInSegmentsOfTheirOwn) {
  const auto disk = io::SimulatedStorage::create().value();
  auto log = open_log(*disk, {.segment_bytes = 4096});
  const std::string large(max_record_bytes, 'x');
  ASSERT_TRUE(append(*log, {"a"}));
  ASSERT_TRUE(append(*log, {large}));
  ASSERT_TRUE(append(*log, {"b"}));
  log = nullptr;
  log = open_log(*disk, {.segment_bytes = 4096});
  const auto seen = read_all(*log, 1).value();
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.at(2).body, large);
}

TEST(Log, IsFollowedThroughSegmentsByThoseWhoRead) {
  const auto disk = io::SimulatedStorage::create().value();
  const auto writer = open_log(*disk, {.segment_bytes = 4096});
  ASSERT_TRUE(append(*writer, {"1"}));
  const auto follower = open_log(*disk, {.access = io::Access::read});
  EXPECT_EQ(follower->last(), 1u);
  const auto reader = follower->read(1).value();
  Position seen = 0;
  for (int round = 1; round < 200; ++round) {
    while (const auto record = reader->next().value()) {
      EXPECT_EQ(record->position, ++seen);
      EXPECT_EQ(text_of(record->body), std::to_string(seen));
    }
    ASSERT_EQ(seen, writer->last());
    ASSERT_TRUE(append(*writer, {std::to_string(seen + 1), std::to_string(seen + 2)}));
  }
  EXPECT_EQ(follower->refresh().value(), writer->last());
  ASSERT_TRUE(writer->truncate_before(seen));
  EXPECT_EQ(follower->refresh().value(), writer->last());
  EXPECT_EQ(follower->first(), writer->first());
  EXPECT_EQ(follower->read(1).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(follower->append({}).error().code, ErrorCode::failed_precondition);
}

TEST(Log, LeavesNoByteOfAnErasedBodyInAnyFile) {
  const auto disk = io::SimulatedStorage::create().value();
  auto log = open_log(*disk, {.segment_bytes = 4096, .preallocate_bytes = 512});
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(append(*log, {"<secret of " + std::to_string(i) + ">" + std::string(100, 'x')}));
  const std::vector<Position> positions{7, 100, 3, 7, 50};
  ASSERT_TRUE(stands_anywhere(*disk, "log", "<secret of 7>"));
  ASSERT_TRUE(log->erase(positions));
  const auto check = [&] {
    for (const Position position : positions)
      EXPECT_FALSE(stands_anywhere(*disk, "log", "<secret of " + std::to_string(position) + ">"));
    const auto seen = read_all(*log, 1).value();
    EXPECT_EQ(seen.size(), 100u);
    for (const auto& [position, record] : seen) EXPECT_EQ(record.erased, std::ranges::count(positions, position) > 0);
    EXPECT_TRUE(log->verify().value().empty());
  };
  check();
  disk->cut_power();
  log.reset();
  disk->restart();
  log = open_log(*disk, {.segment_bytes = 4096});
  check();
}

TEST(Log, TakesABodyThatBecameZeroForDamageUnlessItWasErased) {
  const auto disk = io::SimulatedStorage::create().value();
  {
    const auto log = open_log(*disk);
    ASSERT_TRUE(append(*log, {"the first body", "the second body", std::string(14, '\0')}));
    ASSERT_TRUE(log->erase(std::vector<Position>{3}));
    EXPECT_TRUE(read_all(*log, 1).value().at(3).erased);
  }
  auto files = files_of(*disk, "log");
  std::string& segment = files.at("00000000000000000001.log");
  segment.replace(segment.find("the first"), 14, std::string(14, '\0'));
  put_file(*disk, "log/00000000000000000001.log", segment);
  const auto log = LocalLog::open(*disk, "log");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::corrupt);
  EXPECT_NE(log.error().text().find("record 1"), std::string::npos);
  const auto damages = LocalLog::verify_folder(*disk, "log").value();
  ASSERT_EQ(damages.size(), 1u);
  EXPECT_EQ(damages[0].position, 1u);
}

TEST(Log, AcknowledgesAsItsDurabilitySays) {
  const auto disk = io::SimulatedStorage::create().value();
  TestClock clock;
  auto log = open_log(*disk, {.durability = Durability::interval, .interval_us = 1000, .clock = &clock});
  ASSERT_TRUE(append(*log, {"a"}));
  EXPECT_EQ(log->last(), 1u);
  EXPECT_EQ(log->durable(), 0u);
  clock.now += 1000;
  ASSERT_TRUE(append(*log, {"b"}));
  EXPECT_EQ(log->durable(), 2u);
  clock.now -= 5000;  // backwards: due as well
  ASSERT_TRUE(append(*log, {"c"}));
  EXPECT_EQ(log->durable(), 3u);
  log.reset();
  log = open_log(*disk, {.durability = Durability::none, .clock = &clock});
  ASSERT_TRUE(append(*log, {"d", "e"}));
  EXPECT_EQ(log->durable(), 3u);
  EXPECT_EQ(read_all(*log, 1).value().size(), 5u);
  ASSERT_TRUE(log->wait_durable(4));
  EXPECT_EQ(log->durable(), 5u);
}

TEST(Log, AppendsFromManyThreadsInOneOrder) {
  const auto disk = io::SimulatedStorage::create().value();
  const auto log = open_log(*disk, {.segment_bytes = 16384, .preallocate_bytes = 4096});
  constexpr int threads = 4, rounds = 200;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        const std::string text = std::to_string(t) + ":" + std::to_string(i);
        const Result<Appended> at = i % 2 ? append(*log, {text, text}) : task::sync_wait(log->append_async(Batch({text, text})));
        ASSERT_TRUE(at) << at.error().text();
        const auto reader = log->read(at->first).value();
        ASSERT_EQ(text_of(reader->next().value().value().body), text);
        if (i % 50 != 49) continue;
        ASSERT_TRUE(log->erase(std::vector{at->last}));
      }
    });
  for (std::thread& thread : all) thread.join();
  std::vector<int> next(threads, 0);
  const auto seen = read_all(*log, 1).value();
  for (const auto& [position, record] : seen) {
    if (record.erased || position % 2 == 0) continue;
    const auto thread = static_cast<std::size_t>(std::stoi(record.body));
    EXPECT_EQ(std::stoi(record.body.substr(record.body.find(':') + 1)), next[thread]++);
  }
  EXPECT_EQ(log->last(), Position{threads * rounds * 2});
  EXPECT_TRUE(log->verify().value().empty());
}

TEST(Log, AppendsWithoutHoldingAThread) {
  const auto disk = io::SimulatedStorage::create().value();
  const auto log = open_log(*disk, {.durability = Durability::none});
  const std::string text = "from a task";
  const std::vector<std::span<const std::byte>> bodies{std::as_bytes(std::span(text))};
  const auto both = [&]() -> task::Task<Position> {
    ABI_CO_TRY(const Appended at, co_await log->append_async(bodies));
    ABI_CO_TRY(co_await log->wait_durable_async(at.last));
    co_return at.last;
  };
  EXPECT_EQ(task::sync_wait(both()).value(), 1u);
  EXPECT_EQ(log->durable(), 1u);
}

}  // namespace
}  // namespace libabi::vdb

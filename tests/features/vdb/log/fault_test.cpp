// Whatever fails, and whichever bit turns over: an error or the truth.
#include "../../../memory/failing_malloc.hpp"
#include "tools.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::vdb {
namespace {

const LogOptions& small_segments() {
  static TestClock clock;
  static const LogOptions options{.segment_bytes = 4096, .preallocate_bytes = 512, .clock = &clock};
  return options;
}

std::string body_of(Position position) { return format("<{}>", position) + std::string(600, 'x'); }

// Everything a log does. What is acknowledged is noted.
Result<void> use(io::Storage& storage, Position& acknowledged, bool& erased) {
  ABI_TRY(const std::unique_ptr<LocalLog> log, LocalLog::open(storage, "log", small_segments()));
  for (Position position = log->last() + 1; position <= 12; ++position) {
    const std::string body = body_of(position);
    const std::span<const std::byte> bytes = std::as_bytes(std::span(body));
    ABI_TRY(log->append(LogBodies(&bytes, 1)));
    acknowledged = position;
  }
  const Position gone = 9;
  ABI_TRY(log->erase(std::span(&gone, 1)));
  erased = true;
  ABI_TRY(const std::unique_ptr<LogReader> reader, log->read(8));
  for (;;) {
    ABI_TRY(const std::optional<LogRecord> record, reader->next());
    if (!record) break;
  }
  ABI_TRY(log->truncate_before(6));
  ABI_TRY(log->verify());
  return log->close();
}

// The failure itself, or what is said to whoever comes after it.
bool is_or_follows(const Error& why, ErrorCode code, std::string_view reason) {
  return why.code == code || (why.code == ErrorCode::failed_precondition && why.text().find(reason) != std::string::npos);
}

void check(io::Storage& storage, Position acknowledged, bool erased) {
  const auto log = LocalLog::open(storage, "log", small_segments());
  ASSERT_TRUE(log) << log.error().text();
  const auto seen = read_all(**log, (*log)->first());
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_GE((*log)->last(), acknowledged);
  for (const auto& [position, record] : *seen) EXPECT_TRUE(record.erased || record.body == body_of(position)) << position;
  EXPECT_TRUE(!erased || seen->at(9).erased);
  EXPECT_TRUE(!erased || !stands_anywhere(storage, "log", "<9>"));
  EXPECT_TRUE((*log)->verify().value().empty());
}

TEST(LogFaults, EveryCallOfTheStorageThatFailsIsAnErrorAndLosesNothing) {
  for (const io::SimulatedCall call :
       {io::SimulatedCall::read, io::SimulatedCall::write, io::SimulatedCall::sync, io::SimulatedCall::name})
    for (std::uint64_t n = 0;; ++n) {
      SCOPED_TRACE(testing::Message() << "call " << static_cast<int>(call) << ", number " << n);
      const auto disk = io::SimulatedStorage::create({.seed = n + 1}).value();
      disk->fail_next(call, n, ErrorCode::unavailable);
      Position acknowledged = 0;
      bool erased = false;
      const Result<void> outcome = use(*disk, acknowledged, erased);
      if (outcome) {
        EXPECT_GT(n, 10u);
        break;
      }
      EXPECT_TRUE(is_or_follows(outcome.error(), ErrorCode::unavailable, "was told to fail")) << outcome.error().text();
      // The machine goes on, and then the power goes.
      check(*disk, acknowledged, erased);
      disk->cut_power();
      disk->restart();
      check(*disk, acknowledged, erased);
      if (HasFailure()) return;
    }
}

TEST(LogFaults, AFailedSyncClosesTheLogUntilItIsOpenedAgain) {
  const auto disk = io::SimulatedStorage::create().value();
  auto log = LocalLog::open(*disk, "log", small_segments()).value();
  ASSERT_TRUE(append(*log, {"kept"}));
  disk->fail_next(io::SimulatedCall::sync, 0, ErrorCode::unavailable);
  EXPECT_EQ(append(*log, {"lost"}).error().code, ErrorCode::unavailable);
  const auto refused = append(*log, {"refused"});
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
  EXPECT_NE(refused.error().text().find("was told to fail"), std::string::npos);
  EXPECT_EQ(read_all(*log, 1).value().size(), 1u);
  log.reset();
  log = LocalLog::open(*disk, "log", small_segments()).value();
  ASSERT_TRUE(append(*log, {"after"}));
  disk->cut_power();
  log.reset();
  disk->restart();
  log = LocalLog::open(*disk, "log", small_segments()).value();
  const auto seen = read_all(*log, 1).value();
  EXPECT_EQ(seen.at(1).body, "kept");
  EXPECT_EQ(seen.rbegin()->second.body, "after");
}

TEST(LogFaults, AnErasureThatWasCutOffIsCompletedWhenTheLogIsOpened) {
  const auto disk = io::SimulatedStorage::create().value();
  auto log = LocalLog::open(*disk, "log", small_segments()).value();
  ASSERT_TRUE(append(*log, {"<kept>", "<gone>"}));
  disk->fail_next(io::SimulatedCall::write, 1, ErrorCode::unavailable);  // the list is there, the body not yet overwritten
  ASSERT_FALSE(log->erase(std::vector<Position>{2}));
  ASSERT_TRUE(stands_anywhere(*disk, "log", "<gone>"));
  log.reset();
  log = LocalLog::open(*disk, "log", small_segments()).value();
  EXPECT_FALSE(stands_anywhere(*disk, "log", "<gone>"));
  const auto seen = read_all(*log, 1).value();
  EXPECT_EQ(seen.at(1).body, "<kept>");
  EXPECT_TRUE(seen.at(2).erased);
}

TEST(LogFaults, AFullDiskIsExhaustedAndLeavesWhatWasAcknowledged) {
  for (std::uint64_t capacity = 300; capacity < 12000; capacity += 61) {
    SCOPED_TRACE(capacity);
    const auto disk = io::SimulatedStorage::create({.seed = 1, .capacity_bytes = capacity}).value();
    Position acknowledged = 0;
    bool erased = false;
    const Result<void> outcome = use(*disk, acknowledged, erased);
    if (outcome) break;
    EXPECT_TRUE(is_or_follows(outcome.error(), ErrorCode::exhausted, "would be used")) << outcome.error().text();
    const auto log = LocalLog::open(*disk, "log", {.access = io::Access::read});
    EXPECT_TRUE(log || acknowledged == 0);
    EXPECT_TRUE(!log || (*log)->last() >= acknowledged);
    const auto writer = LocalLog::open(*disk, "log", small_segments());
    EXPECT_TRUE(!writer || (*writer)->last() >= acknowledged);
    if (HasFailure()) return;
  }
}

TEST(LogFaults, EveryBitThatTurnsOverIsFoundOrHarmless) {
  const auto disk = io::SimulatedStorage::create().value();
  {
    const auto log = LocalLog::open(*disk, "log", small_segments()).value();
    for (int i = 1; i <= 7; ++i) ASSERT_TRUE(append(*log, {"body " + std::to_string(i) + std::string(700, 'x'), ""}));
    ASSERT_TRUE(log->erase(std::vector<Position>{2, 14}));
  }
  const auto content = files_of(*disk, "log");
  const auto expected = read_all(*LocalLog::open(*disk, "log", small_segments()).value(), 1).value();
  std::uint64_t detected = 0, harmless = 0;
  for (const auto& [name, bytes] : content) {
    if (name == "lock") continue;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      SCOPED_TRACE(testing::Message() << name << " at " << at);
      const auto copy = io::SimulatedStorage::create().value();
      ASSERT_TRUE(copy->create_folder("log"));
      for (const auto& [other, whole] : content) put_file(*copy, "log/" + other, whole);
      ASSERT_TRUE(copy->flip_bit("log/" + name, at, static_cast<unsigned>(at % 8)));
      const bool noted = !LocalLog::verify_folder(*copy, "log").value().empty();
      const auto log = LocalLog::open(*copy, "log", small_segments());
      const auto seen = log ? read_all(**log, 1) : std::unexpected(log.error());
      if (seen) {
        ASSERT_EQ(*seen, expected);
        ++harmless;
        continue;
      }
      ASSERT_TRUE(seen.error().code == ErrorCode::corrupt || seen.error().code == ErrorCode::unsupported) << seen.error().text();
      ASSERT_TRUE(noted) << seen.error().text();
      ++detected;
    }
  }
  EXPECT_GT(detected, 50 * harmless) << harmless << " harmless";
}

TEST(LogFaults, FilesThatAreMissingOrCutShortAreFound) {
  const auto disk = io::SimulatedStorage::create().value();
  {
    const auto log = LocalLog::open(*disk, "log", small_segments()).value();
    for (int i = 1; i <= 20; ++i) ASSERT_TRUE(append(*log, {std::string(700, 'x')}));
    ASSERT_TRUE(log->erase(std::vector<Position>{1, 20}));
  }
  const auto content = files_of(*disk, "log");
  std::vector<std::string> segments;
  for (const auto& [name, bytes] : content)
    if (name.ends_with(".log")) segments.push_back(name);
  ASSERT_GE(segments.size(), 4u);
  const auto seen_without = [&](const std::string& name) -> Result<std::map<Position, Seen>> {
    const auto copy = io::SimulatedStorage::create().value();
    EXPECT_TRUE(copy->create_folder("log"));
    for (const auto& [other, whole] : content)
      if (other != name) put_file(*copy, "log/" + other, whole);
    ABI_TRY(const std::unique_ptr<LocalLog> log, LocalLog::open(*copy, "log", small_segments()));
    return read_all(*log, log->first());
  };
  for (const std::string& name : segments) {
    const auto seen = seen_without(name);
    if (name == segments.front() && seen) continue;  // as if it had been truncated away
    ASSERT_FALSE(seen) << name;
    EXPECT_EQ(seen.error().code, ErrorCode::corrupt);
  }
  for (const auto& [name, bytes] : content) {
    const bool list = name.ends_with(".erased");
    EXPECT_TRUE(!list || !seen_without(name)) << name;
  }
}

TEST(LogFaults, WithoutMemoryEveryCallIsAnErrorAndLosesNothing) {
  test::fail_each([] {
    const auto disk = io::SimulatedStorage::create();
    if (!disk) return false;
    Position acknowledged = 0;
    bool erased = false;
    const Result<void> outcome = boundary([&] { return use(**disk, acknowledged, erased); });
    const test::Unfailing unfailing;
    EXPECT_TRUE(outcome || is_or_follows(outcome.error(), ErrorCode::exhausted, "out of memory"))
        << (outcome ? "" : outcome.error().text());
    (*disk)->cut_power();
    (*disk)->restart();
    check(**disk, acknowledged, erased);
    return outcome.has_value();
  });
}

}  // namespace
}  // namespace libabi::vdb

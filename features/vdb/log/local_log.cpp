#include "maintenance.hpp"
#include "reader.hpp"
#include "verify.hpp"
#include "writer.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <chrono>

namespace libabi::vdb {

using journal::Bodies;
using journal::Reader;

namespace {

constexpr std::uint64_t least_segment_bytes = 4096, most_segment_bytes = std::uint64_t{4} << 30;

class SystemLogClock final : public LogClock {
 public:
  std::int64_t now_us() noexcept override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

Result<void> check(const LogOptions& options) {
  if (options.segment_bytes < least_segment_bytes || options.segment_bytes > most_segment_bytes)
    return error(ErrorCode::invalid_argument, "segments of {} bytes are asked for, {} to {} are possible", options.segment_bytes,
                 least_segment_bytes, most_segment_bytes);
  if (options.interval_us < 0)
    return error(ErrorCode::invalid_argument, "an interval of {} microseconds is asked for", options.interval_us);
  return {};
}

}  // namespace

LogClock& LogClock::system() noexcept {
  static SystemLogClock clock;
  return clock;
}

struct LocalLog::Impl {
  journal::Folder folder;
  std::unique_ptr<io::Lock> lock;
  std::optional<journal::Writer> writer;  // none: another process has it
  std::atomic<Position> first{1};
  std::mutex maintenance;  // one erases, truncates or follows
  std::unique_ptr<Reader> follower;
  std::atomic<Position> followed{0};

  // Within the class, so that none of them is exported.
  Result<void> open_writer(const LogOptions& options) {
    io::Storage& storage = *folder.storage;
    if (const Result<io::Entry> there = storage.info(folder.path); !there) {
      if (there.error().code != ErrorCode::not_found) return std::unexpected(there.error());
      ABI_TRY(storage.create_folder(folder.path));
    }
    // Also where it is there: it may have been made by somebody who did not come to this.
    ABI_TRY(storage.sync_folder(folder.path.has_parent_path() ? folder.path.parent_path() : "."));
    ABI_TRY(lock, storage.lock(folder.path / "lock", options.owner));
    LogClock& clock = options.clock ? *options.clock : LogClock::system();
    ABI_TRY(journal::Recovered recovered, journal::recover(folder, clock));
    first.store(recovered.first, std::memory_order_release);
    writer.emplace(folder, options, clock, std::move(recovered));
    return {};
  }

  Result<void> open_follower() {
    ABI_TRY(const journal::Listing listing, journal::list(folder));
    if (listing.segments.empty()) return error(ErrorCode::not_found, "{} has no log", folder.path);
    ABI_TRY(journal::check_headers(folder, listing.segments));
    const Position last_segment = listing.segments.back();
    ABI_TRY(follower, Reader::open(folder, last_segment, Bodies::verify, [] { return std::nullopt; }));
    first.store(listing.segments.front(), std::memory_order_release);
    followed.store(last_segment - 1, std::memory_order_release);
    ABI_TRY(follow());
    return {};
  }

  Result<Position> follow() {
    ABI_TRY(const journal::Listing listing, journal::list(folder));
    if (!listing.segments.empty()) first.store(listing.segments.front(), std::memory_order_release);
    for (;;) {
      ABI_TRY(const std::optional<LogRecord> record, follower->next());
      if (!record) return followed.load(std::memory_order_acquire);
      followed.store(record->position, std::memory_order_release);
    }
  }

  Result<journal::Writer*> check_writer() {
    if (writer) return &*writer;
    return error(ErrorCode::failed_precondition, "{} was opened for reading", folder.path);
  }
  Position last() const noexcept { return writer ? writer->visible() : followed.load(std::memory_order_acquire); }
  std::optional<Position> visible() const noexcept {
    if (writer) return writer->visible();
    return {};
  }
};

Result<std::unique_ptr<LocalLog>> LocalLog::open(io::Storage& storage, const std::filesystem::path& folder,
                                                 const LogOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<LocalLog>> {
    ABI_TRY(check(options));
    auto impl = std::make_shared<Impl>();
    impl->folder = {.storage = &storage, .path = folder};
    ABI_TRY(options.access == io::Access::write ? impl->open_writer(options) : impl->open_follower());
    return std::unique_ptr<LocalLog>(new LocalLog(std::move(impl)));
  });
}

LocalLog::LocalLog(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

LocalLog::~LocalLog() { (void)close(); }

Result<Appended> LocalLog::append(LogBodies bodies) {
  return boundary([&]() -> Result<Appended> {
    ABI_TRY(journal::Writer * writer, impl_->check_writer());
    return writer->append(bodies);
  });
}

task::Task<Appended> LocalLog::append_async(LogBodies bodies) {
  ABI_CO_TRY(journal::Writer * writer, impl_->check_writer());
  co_return co_await writer->append_async(bodies);
}

Result<void> LocalLog::wait_durable(Position position) {
  return boundary([&]() -> Result<void> {
    if (position > last()) return error(ErrorCode::out_of_range, "record {} is not in the log, the last is {}", position, last());
    if (!impl_->writer) return {};
    return impl_->writer->make_durable(position);
  });
}

task::Task<void> LocalLog::wait_durable_async(Position position) {
  if (position > last())
    co_return error(ErrorCode::out_of_range, "record {} is not in the log, the last is {}", position, last());
  if (!impl_->writer) co_return {};
  co_return co_await impl_->writer->make_durable_async(position);
}

Result<void> LocalLog::flush() {
  return boundary([&]() -> Result<void> {
    if (!impl_->writer) return {};
    return impl_->writer->make_durable(impl_->writer->staged());
  });
}

Position LocalLog::first() const noexcept { return impl_->first.load(std::memory_order_acquire); }
Position LocalLog::last() const noexcept { return impl_->last(); }
Position LocalLog::durable() const noexcept { return impl_->writer ? impl_->writer->durable() : impl_->last(); }

Result<Position> LocalLog::refresh() {
  return boundary([&]() -> Result<Position> {
    if (impl_->writer) return last();
    const std::lock_guard lock(impl_->maintenance);
    return impl_->follow();
  });
}

LogReader::~LogReader() = default;

Result<std::unique_ptr<LogReader>> LocalLog::read(Position from) {
  return boundary([&]() -> Result<std::unique_ptr<LogReader>> {
    if (from < first()) return error(ErrorCode::out_of_range, "record {} is not in the log, which begins with {}", from, first());
    return Reader::open(impl_->folder, from, Bodies::verify, [impl = impl_] { return impl->visible(); });
  });
}

Result<Position> LocalLog::find_time(std::int64_t time_us) {
  return boundary([&] { return journal::find_time(impl_->folder, time_us, last()); });
}

Result<void> LocalLog::truncate_before(Position position) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(impl_->check_writer());
    const std::lock_guard lock(impl_->maintenance);
    ABI_TRY(const Position first, journal::truncate_before(impl_->folder, position));
    impl_->first.store(first, std::memory_order_release);
    return {};
  });
}

Result<void> LocalLog::erase(std::span<const Position> positions) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(journal::Writer * writer, impl_->check_writer());
    std::vector<Position> sorted(positions.begin(), positions.end());
    std::ranges::sort(sorted);
    sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
    if (sorted.empty()) return {};
    const std::lock_guard lock(impl_->maintenance);
    for (const Position position : {sorted.front(), sorted.back()})
      if (position < first() || position > last())
        return error(ErrorCode::out_of_range, "record {} is not in the log, which has {} to {}", position, first(), last());
    // What is not durable may be lost, and its position used again: it must not be listed as erased then.
    ABI_TRY(writer->make_durable(sorted.back()));
    Result<void> outcome = journal::erase(impl_->folder, sorted);
    // A file that fails here may be the one that records are appended to, which then can no more be relied on.
    if (!outcome) writer->fail(outcome.error());
    return outcome;
  });
}

Result<std::vector<LogDamage>> LocalLog::verify() {
  return boundary([&] { return journal::verify(impl_->folder, impl_->visible()); });
}

Result<std::vector<LogDamage>> LocalLog::verify_folder(io::Storage& storage, const std::filesystem::path& folder) {
  return boundary([&] { return journal::verify({.storage = &storage, .path = folder}, std::nullopt); });
}

Result<void> LocalLog::close() {
  return boundary([&]() -> Result<void> {
    if (!impl_->writer) return {};
    Result<void> outcome = impl_->writer->close();
    const std::lock_guard lock(impl_->maintenance);
    impl_->lock.reset();
    return outcome;
  });
}

}  // namespace libabi::vdb

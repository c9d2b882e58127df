#pragma once
/// The log of a vector database: everything that is written stands here first, in one order, and all else is derived from it.
///
///     ABI_TRY(std::unique_ptr<LocalLog> log, LocalLog::open(storage, "base/log"));
///     ABI_TRY(const Appended at, log->append(bodies));         // durable when it returns
///     ABI_TRY(std::unique_ptr<LogReader> reader, log->read(at.first));
///     for (;;) {
///       ABI_TRY(const std::optional<LogRecord> record, reader->next());
///       if (!record) break;                                    // nothing more yet; ask again later
///       apply(record->position, record->body);
///     }
///
/// ## What it is
/// Records are opaque bytes. Each has a position (1, 2, 3, ...; never used twice once acknowledged) and a time (microseconds of
/// UTC, from LogOptions::clock; it never goes back from one record to the next, though the clock may). A chain of digests runs
/// through all records; it covers the digests of the bodies and not the bodies, so that a body can be erased and everything
/// around it still verifies. `Log` is the interface; LocalLog is one in a folder (docs/formats/log.md draws its files).
///
/// ## Durability
/// `sync`: what append() has returned for outlasts a power cut. Threads that append at the same time share one sync.
/// `interval`: append() returns when the bytes are written; they are synced by an append or a flush() at least interval_us after
/// the last sync. `none`: synced by flush(), wait_durable(), close() and when a segment is full. A write or sync that fails
/// closes the log for writing: appends that were under way get that error, later ones `failed_precondition`, until it is opened
/// again. What was acknowledged before stays. An append that failed may be in the log after the next open, as a whole, in its
/// first records, or not at all.
///
/// ## Damage
/// Bytes that do not verify are `corrupt`, with the segment, the position and the offset; nothing is skipped. Only behind the
/// point up to which the last segment is known to have been synced they are what a power cut leaves of appends that were never
/// acknowledged, and are cut off. That point is written down with every group of appends, when the log is idle, and on
/// close(). So damage and a torn append look alike only within the last group that was synced before a power cut which came
/// before the mark that followed it was on the disk; and a whole last segment that somebody removed, with the end of the one
/// before it, is not missed.
///
/// ## Erasure
/// When erase() returns, the bodies stand in no file of the log, their records read as erased, and no crash brings them back.
/// Their lengths, times and digests stay (the digest of a body that can be guessed confirms the guess). What a file system or a
/// device keeps of overwritten blocks is not the log's.
///
/// ## Threads and processes
/// Everything is thread-safe but a LogReader, which is one thread's. One process writes (a lock file with its owner), any number
/// of others open the folder for reading and follow. A reader of the writing process sees a record when its append returns; one
/// of another process sees it when its bytes are written, which may be a moment before they are durable.
///
/// ## Cost
/// 64 bytes for each record, 40 for each group. An append costs one write and one fdatasync for the group, a copy and a digest of
/// its bodies. read() at a position reads the headers of one segment up to it; next() reads ahead.

#include <abi/base/api.hpp>
#include <abi/io/storage.hpp>
#include <abi/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace libabi::vdb {

using Position = std::uint64_t;                                 ///< counted from 1; 0 is before all records
using LogBodies = std::span<const std::span<const std::byte>>;  ///< one body for each record
inline constexpr std::size_t max_record_bytes = std::size_t{16} << 20;
inline constexpr std::size_t max_batch_bytes = std::size_t{64} << 20;  ///< bodies and 72 bytes for each
inline constexpr std::size_t max_damages = 1000;                       ///< that verify() lists

/// Where the times of records come from.
class ABI_API LogClock {
 public:
  virtual ~LogClock() = default;
  /// Microseconds since 1970, UTC. Thread-safe.
  virtual std::int64_t now_us() noexcept = 0;
  /// The machine's.
  static LogClock& system() noexcept;
};

enum class Durability : std::uint8_t { sync, interval, none };

struct LogOptions {
  io::Access access = io::Access::write;  ///< read: follows a log that another process may be writing
  Durability durability = Durability::sync;
  std::int64_t interval_us = 100'000;                        ///< of Durability::interval
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;     ///< 4 KiB to 4 GiB; a batch that is larger has a segment of its own
  std::uint64_t preallocate_bytes = std::uint64_t{1} << 20;  ///< zeros written ahead, so that a sync need not write metadata
  LogClock* clock = nullptr;                                 ///< null: LogClock::system()
  std::string owner = "a vector database";                   ///< written into the lock file for people
};

struct Appended {
  Position first = 0;
  Position last = 0;
  std::int64_t time_us = 0;
};

struct LogRecord {
  Position position = 0;
  std::int64_t time_us = 0;
  bool erased = false;              ///< then the body is empty
  std::span<const std::byte> body;  ///< until the reader's next call
};

struct LogDamage {
  std::string file;
  Position position = 0;  ///< of the record that was expected there
  std::uint64_t offset = 0;
  std::string what;
};

/// Goes through the records in their order. May outlive its log, not the storage.
class ABI_API LogReader {
 public:
  virtual ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  /// The next record; none where there is no further one yet. Errors: corrupt (and again at the next call), out_of_range (the
  /// record was truncated away), those of files.
  virtual Result<std::optional<LogRecord>> next() = 0;

 protected:
  LogReader() = default;
};

class ABI_API Log {
 public:
  virtual ~Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Appends all of them, one after the other. Errors: invalid_argument (no record, or too large), failed_precondition (closed,
  /// or opened for reading), exhausted (memory, the device), those of files.
  virtual Result<Appended> append(LogBodies bodies) = 0;
  /// The same, without holding a thread; but the change to a new segment does. The bodies stay until it is over. Once the records
  /// have their positions it is not cancelled.
  virtual task::Task<Appended> append_async(LogBodies bodies) = 0;
  /// Returns when this record outlasts a power cut. Errors also: out_of_range (no such record).
  virtual Result<void> wait_durable(Position position) = 0;
  virtual task::Task<void> wait_durable_async(Position position) = 0;
  /// wait_durable(last()).
  virtual Result<void> flush() = 0;

  virtual Position first() const noexcept = 0;    ///< the first record that is kept, or would be; last() + 1 where none is
  virtual Position last() const noexcept = 0;     ///< the last that was acknowledged or, when following, that refresh() saw
  virtual Position durable() const noexcept = 0;  ///< the last known to outlast a power cut; when following, last()
  /// When following: looks for what was appended, and truncated, meanwhile. Returns last().
  virtual Result<Position> refresh() = 0;

  /// From this record on; it need not be there yet. Errors: out_of_range (before first()).
  virtual Result<std::unique_ptr<LogReader>> read(Position from) = 0;
  /// The first record whose time is this or later; last() + 1 where there is none.
  virtual Result<Position> find_time(std::int64_t time_us) = 0;

  /// Forgets records before this one, as whole segments: some before it may stay. The last segment always stays.
  virtual Result<void> truncate_before(Position position) = 0;
  /// All of them or an error; after one, or after a crash, it is called again. Erased ones stay erased. Errors also: out_of_range
  /// (a record that is not there).
  virtual Result<void> erase(std::span<const Position> positions) = 0;
  /// Reads everything and says what is damaged, max_damages at most; empty where all is well.
  virtual Result<std::vector<LogDamage>> verify() = 0;
  /// flush() and no more appends; the lock is given up. The destructor does it too and says nothing.
  virtual Result<void> close() = 0;

 protected:
  Log() = default;
};

/// A log in a folder of a storage, which outlives it.
class ABI_API LocalLog final : public Log {
 public:
  /// Makes the folder where there is none (its parent must be). Errors: invalid_argument, failed_precondition (another writes;
  /// with its owner's text), corrupt, not_found (for reading), those of files.
  static Result<std::unique_ptr<LocalLog>> open(io::Storage& storage, const std::filesystem::path& folder,
                                                const LogOptions& options = {});
  /// verify() of a folder that need not open: for logs that are damaged. While nobody writes.
  static Result<std::vector<LogDamage>> verify_folder(io::Storage& storage, const std::filesystem::path& folder);
  ~LocalLog() override;

  Result<Appended> append(LogBodies bodies) override;
  task::Task<Appended> append_async(LogBodies bodies) override;
  Result<void> wait_durable(Position position) override;
  task::Task<void> wait_durable_async(Position position) override;
  Result<void> flush() override;
  Position first() const noexcept override;
  Position last() const noexcept override;
  Position durable() const noexcept override;
  Result<Position> refresh() override;
  Result<std::unique_ptr<LogReader>> read(Position from) override;
  Result<Position> find_time(std::int64_t time_us) override;
  Result<void> truncate_before(Position position) override;
  Result<void> erase(std::span<const Position> positions) override;
  Result<std::vector<LogDamage>> verify() override;
  Result<void> close() override;

 private:
  struct Impl;
  explicit LocalLog(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

}  // namespace libabi::vdb

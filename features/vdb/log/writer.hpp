#pragma once
/// Group commit: what several threads append at the same time is written and synced by one of them.
///
/// Bodies are copied as frames behind each other into the group that forms, under the lock. Whoever finds nobody leading takes
/// the group, writes and syncs it without the lock, while the next one forms, and tells the others. A group begins with a mark
/// that says how far the file is on the disk. Where nobody has appended meanwhile, the leader writes such a mark at once,
/// unsynced.

#include "recovery.hpp"

#include <abi/task/async_event.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace libabi::vdb::journal {

class Writer {
 public:
  Writer(const Folder& folder, const LogOptions& options, LogClock& clock, Recovered recovered);

  Result<Appended> append(LogBodies bodies);
  task::Task<Appended> append_async(LogBodies bodies);
  Result<void> make_durable(Position position);
  task::Task<void> make_durable_async(Position position);
  /// Syncs all, and ends with a mark that is durable. Nothing is appended afterwards.
  Result<void> close();
  /// Nothing is appended from here on, for this reason.
  void fail(const Error& why);

  Position staged() const;
  Position visible() const noexcept { return visible_.load(std::memory_order_acquire); }
  Position durable() const noexcept { return durable_.load(std::memory_order_acquire); }

 private:
  using Guard = std::unique_lock<std::mutex>;
  enum class Turn : std::uint8_t { done, failed, wait, commit, roll };
  struct Group {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    Position last = 0;
    bool sync = false;
  };
  // What a caller is after: first that its bodies get their place, then that its position is reached.
  struct Goal {
    LogBodies bodies{};
    std::span<const Digest> digests{};
    std::uint64_t room = 0;
    Position position = 0;
    bool durable = false;  // else acknowledged
    Appended appended{};
  };
  struct Waiting {  // a coroutine; on its frame
    task::AsyncEvent event;
    Waiting* next = nullptr;
  };

  Turn advance(Goal& goal);
  Turn turn_for_room(std::uint64_t bytes) const;
  Turn turn_to_reach(const Goal& goal) const;
  Result<void> failure_for(const Goal& goal) const;
  Result<void> reach(Goal& goal);
  task::Task<void> reach_async(Goal& goal);

  Appended stage(const Goal& goal);
  void stage_record(std::span<const std::byte> body, const Digest& digest, std::span<std::byte> to);
  Group take_group();
  Result<void> carry_out(const Group& group);
  Result<void> write_ahead(const Group& group);
  void conclude(Guard& lock, const Group& group, const Result<void>& outcome);
  Result<void> write_mark(Guard& lock);
  Result<void> roll(Guard& lock);
  Result<void> make_next_segment();
  void note(const Result<void>& outcome);
  void give_up_lead(Guard& lock);
  void wake(Guard& lock);

  const Folder folder_;
  const LogOptions options_;
  LogClock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Waiting* waiting_ = nullptr;
  bool leading_ = false;  // somebody is; the file is theirs
  bool rolling_ = false;  // to a new segment
  bool closed_ = false;
  std::optional<Error> failure_;

  std::shared_ptr<io::File> file_;
  SegmentHeader segment_;
  std::vector<std::byte> forming_;  // the group that forms, which begins with room for a mark
  std::vector<std::byte> taken_;    // the leader's
  std::uint64_t forming_offset_ = 0;
  Position forming_before_ = 0;
  std::uint64_t end_;           // of the file when all groups are written
  std::uint64_t prepared_ = 0;  // zeros are written that far; the leader's
  std::uint64_t synced_end_;
  bool marked_ = true;  // a mark says so
  Position staged_;
  Position written_;
  Position durable_wanted_ = 0;  // somebody waits for it
  std::int64_t time_us_;
  std::int64_t sync_time_us_;
  Digest chain_;
  std::atomic<Position> visible_;
  std::atomic<Position> durable_;
};

}  // namespace libabi::vdb::journal

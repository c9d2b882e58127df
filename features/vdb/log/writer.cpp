#include "writer.hpp"

#include <abi/io/transfer.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace libabi::vdb::journal {

namespace {

constexpr std::size_t most_forming_bytes = std::size_t{32} << 20;  // then whoever appends waits: the bound of the backlog

Result<std::uint64_t> room_for(LogBodies bodies) {
  if (bodies.empty()) return error(ErrorCode::invalid_argument, "no record is to be appended");
  std::uint64_t frames = 0, batch = 0;
  for (const std::span<const std::byte> body : bodies) {
    if (body.size() > max_record_bytes)
      return error(ErrorCode::invalid_argument, "a record of {} bytes is to be appended, at most {} are possible", body.size(),
                   max_record_bytes);
    frames += frame_bytes(body.size());
    batch += body.size() + 72;
  }
  if (batch > max_batch_bytes)
    return error(ErrorCode::invalid_argument, "{} records of {} bytes are to be appended at once, at most {} are possible",
                 bodies.size(), batch, max_batch_bytes);
  return frames;
}

std::vector<Digest> digests_of(LogBodies bodies) {
  std::vector<Digest> digests;
  digests.reserve(bodies.size());
  for (const std::span<const std::byte> body : bodies) digests.push_back(digest(body));
  return digests;
}

}  // namespace

Writer::Writer(const Folder& folder, const LogOptions& options, LogClock& clock, Recovered recovered)
    : folder_(folder),
      options_(options),
      clock_(clock),
      file_(std::move(recovered.tail.file)),
      segment_(recovered.tail.segment),
      end_(recovered.tail.offset),
      synced_end_(recovered.tail.synced),
      staged_(recovered.tail.last),
      written_(recovered.tail.last),
      time_us_(recovered.tail.time_us),
      sync_time_us_(clock.now_us()),
      chain_(recovered.tail.chain),
      visible_(recovered.tail.last),
      durable_(recovered.tail.last) {}

Result<Appended> Writer::append(LogBodies bodies) {
  ABI_TRY(const std::uint64_t room, room_for(bodies));
  const std::vector<Digest> digests = digests_of(bodies);
  Goal goal{.bodies = bodies, .digests = digests, .room = room};
  ABI_TRY(reach(goal));
  return goal.appended;
}

task::Task<Appended> Writer::append_async(LogBodies bodies) {
  ABI_CO_TRY(const std::uint64_t room, room_for(bodies));
  const std::vector<Digest> digests = digests_of(bodies);
  Goal goal{.bodies = bodies, .digests = digests, .room = room};
  ABI_CO_TRY(co_await task::shielded(reach_async(goal)));
  co_return goal.appended;
}

Result<void> Writer::make_durable(Position position) {
  Goal goal{.position = position, .durable = true};
  return reach(goal);
}

task::Task<void> Writer::make_durable_async(Position position) {
  Goal goal{.position = position, .durable = true};
  co_return co_await task::shielded(reach_async(goal));
}

Result<void> Writer::reach(Goal& goal) {
  Guard lock(mutex_);
  for (;;) {
    const Turn turn = advance(goal);
    if (turn == Turn::done) return {};
    if (turn == Turn::failed) return failure_for(goal);
    if (turn == Turn::wait) changed_.wait(lock);
    if (turn == Turn::roll) ABI_TRY(roll(lock));
    if (turn != Turn::commit) continue;
    const Group group = take_group();
    lock.unlock();
    const Result<void> outcome = carry_out(group);
    lock.lock();
    conclude(lock, group, outcome);
  }
}

task::Task<void> Writer::reach_async(Goal& goal) {
  for (;;) {
    Waiting waiting;
    Group group;
    Turn turn = Turn::done;
    {
      Guard lock(mutex_);
      turn = advance(goal);
      if (turn == Turn::failed) co_return failure_for(goal);
      if (turn == Turn::wait) waiting.next = std::exchange(waiting_, &waiting);
      if (turn == Turn::roll) ABI_CO_TRY(roll(lock));
      if (turn == Turn::commit) group = take_group();
    }
    if (turn == Turn::done) co_return {};
    if (turn == Turn::wait) ABI_CO_TRY(co_await waiting.event.wait());
    if (turn != Turn::commit) continue;
    Result<void> outcome;
    if (!taken_.empty()) outcome = co_await io::async_write(*file_, group.offset, taken_);
    if (outcome) outcome = write_ahead(group);
    if (outcome && group.sync) outcome = co_await io::async_sync(*file_);
    Guard lock(mutex_);
    conclude(lock, group, outcome);
  }
}

Writer::Turn Writer::advance(Goal& goal) {
  if (!goal.bodies.empty()) {
    const Turn turn = turn_for_room(goal.room);
    if (turn != Turn::done) return turn;
    goal.appended = stage(goal);
    goal.position = goal.appended.last;
    goal.bodies = {};
  }
  if (goal.durable) durable_wanted_ = std::max(durable_wanted_, goal.position);
  return turn_to_reach(goal);
}

Writer::Turn Writer::turn_for_room(std::uint64_t bytes) const {
  if (failure_ || closed_) return Turn::failed;
  if (rolling_) return Turn::wait;
  const bool segment_full = staged_ >= segment_.first && end_ + mark_bytes + bytes > options_.segment_bytes;
  const bool group_full = !forming_.empty() && forming_.size() + bytes > most_forming_bytes;
  if (!segment_full && !group_full) return Turn::done;
  if (leading_) return Turn::wait;
  return forming_.empty() ? Turn::roll : Turn::commit;
}

Writer::Turn Writer::turn_to_reach(const Goal& goal) const {
  const bool durable = goal.durable || options_.durability == Durability::sync;
  if ((durable ? this->durable() : written_) >= goal.position) return Turn::done;
  if (failure_) return Turn::failed;
  return leading_ ? Turn::wait : Turn::commit;
}

Result<void> Writer::failure_for(const Goal& goal) const {
  if (failure_ && goal.bodies.empty()) return std::unexpected(*failure_);
  if (!failure_) return error(ErrorCode::failed_precondition, "the log is closed");
  return error(ErrorCode::failed_precondition, "the log takes no more records until it is opened again, since: {}",
               failure_->text());
}

Appended Writer::stage(const Goal& goal) {
  const std::size_t before = forming_.empty() ? mark_bytes : forming_.size();
  const std::size_t size = before + goal.room;
  if (forming_.capacity() < size) forming_.reserve(std::max(size, std::min(2 * forming_.capacity(), most_forming_bytes)));
  if (forming_.empty()) {
    forming_offset_ = end_;
    forming_before_ = staged_;
  }
  forming_.resize(size);
  time_us_ = std::max(time_us_, clock_.now_us());
  const Position first = staged_ + 1;
  std::size_t at = before;
  for (std::size_t i = 0; i < goal.bodies.size(); ++i) {
    stage_record(goal.bodies[i], goal.digests[i], std::span(forming_).subspan(at));
    at += frame_bytes(goal.bodies[i].size());
  }
  end_ = forming_offset_ + forming_.size();
  return {.first = first, .last = staged_, .time_us = time_us_};
}

void Writer::stage_record(std::span<const std::byte> body, const Digest& digest, std::span<std::byte> to) {
  RecordHeader record{.bytes = static_cast<std::uint32_t>(body.size()),
                      .position = staged_ + 1,
                      .time_us = time_us_,
                      .digest = digest,
                      .chain = {}};
  record.chain = chained(chain_, record);
  const std::uint64_t offset = forming_offset_ + static_cast<std::uint64_t>(to.data() - forming_.data());
  encode(record, segment_.salt, offset, to);
  std::ranges::copy(body, to.begin() + record_header_bytes);
  staged_ = record.position;
  chain_ = record.chain;
}

Writer::Group Writer::take_group() {
  leading_ = true;
  const bool due = std::abs(clock_.now_us() - sync_time_us_) >= options_.interval_us;  // the clock may go back
  Group group{.offset = end_, .end = end_, .last = staged_, .sync = false};
  group.sync = options_.durability == Durability::sync || durable_wanted_ > durable() ||
               (options_.durability == Durability::interval && due);
  if (forming_.empty()) return group;
  group.offset = forming_offset_;
  encode(Mark{.flags = 0, .last = forming_before_, .synced = synced_end_}, segment_.salt, group.offset, forming_);
  taken_.swap(forming_);
  return group;
}

Result<void> Writer::carry_out(const Group& group) {
  return boundary([&]() -> Result<void> {
    if (!taken_.empty()) ABI_TRY(file_->write(group.offset, taken_));
    ABI_TRY(write_ahead(group));
    if (group.sync) ABI_TRY(file_->sync());
    return {};
  });
}

// Zeros where the next groups go: their syncs then find the blocks there and the length as it is.
Result<void> Writer::write_ahead(const Group& group) {
  static constexpr std::array<std::byte, 65536> zeros{};
  if (options_.preallocate_bytes == 0 || group.end <= prepared_) return {};
  const std::uint64_t end = std::min(group.end + options_.preallocate_bytes, options_.segment_bytes);
  for (std::uint64_t at = group.end; at < end;) {
    const std::size_t piece = std::min<std::uint64_t>(end - at, zeros.size());
    const Result<void> outcome = file_->write(at, std::span(zeros).first(piece));
    if (!outcome && outcome.error().code == ErrorCode::exhausted) break;  // the group itself has its place
    ABI_TRY(outcome);
    at += piece;
  }
  prepared_ = end;
  return {};
}

void Writer::conclude(Guard& lock, const Group& group, const Result<void>& outcome) {
  taken_.clear();
  note(outcome);
  if (outcome) {
    written_ = std::max(written_, group.last);
    if (!group.sync) marked_ = false;
    if (group.sync) {
      synced_end_ = group.end;
      marked_ = false;
      sync_time_us_ = clock_.now_us();
      durable_.store(group.last, std::memory_order_release);
    }
    visible_.store(options_.durability == Durability::sync ? durable() : written_, std::memory_order_release);
    wake(lock);
    if (forming_.empty() && group.sync && !closed_) note(write_mark(lock));
  }
  give_up_lead(lock);
}

// Not synced: it says what is so already.
Result<void> Writer::write_mark(Guard& lock) {
  std::array<std::byte, mark_bytes> bytes;
  const std::uint64_t offset = std::exchange(end_, end_ + mark_bytes);
  encode(Mark{.flags = 0, .last = staged_, .synced = synced_end_}, segment_.salt, offset, bytes);
  lock.unlock();
  Result<void> outcome = file_->write(offset, bytes);
  lock.lock();
  marked_ = true;
  return outcome;
}

void Writer::note(const Result<void>& outcome) {
  if (!outcome && !failure_) failure_ = outcome.error();
}

void Writer::give_up_lead(Guard& lock) {
  leading_ = false;
  rolling_ = false;
  wake(lock);
}

void Writer::wake(Guard& lock) {
  changed_.notify_all();
  Waiting* waiting = std::exchange(waiting_, nullptr);
  if (!waiting) return;
  lock.unlock();  // what goes on may run here, and append
  while (waiting) std::exchange(waiting, waiting->next)->event.set();
  lock.lock();
}

Result<void> Writer::close() {
  Goal goal{.durable = true};
  {
    const Guard lock(mutex_);
    if (std::exchange(closed_, true)) return {};
    goal.position = staged_;
  }
  ABI_TRY(reach(goal));
  Guard lock(mutex_);
  while (leading_) changed_.wait(lock);
  if (failure_) return std::unexpected(*failure_);
  leading_ = true;
  if (!marked_) note(write_mark(lock));
  lock.unlock();
  const Result<void> outcome = boundary([&]() -> Result<void> {
    ABI_TRY(file_->resize(end_));
    return file_->sync();
  });
  lock.lock();
  note(outcome);
  give_up_lead(lock);
  return outcome;
}

void Writer::fail(const Error& why) {
  Guard lock(mutex_);
  if (!failure_) failure_ = why;
  wake(lock);
}

Position Writer::staged() const {
  const Guard lock(mutex_);
  return staged_;
}

}  // namespace libabi::vdb::journal

// From a full segment to the next one.
#include "writer.hpp"

#include <abi/base/boundary.hpp>

#include <utility>

namespace libabi::vdb::journal {

Result<void> Writer::roll(Guard& lock) {
  leading_ = rolling_ = true;
  lock.unlock();
  Result<void> outcome = boundary([&] { return make_next_segment(); });
  lock.lock();
  note(outcome);
  give_up_lead(lock);
  return outcome;
}

// The next segment is there for good before this one is sealed, so that a seal without a next segment is damage.
Result<void> Writer::make_next_segment() {
  ABI_TRY(file_->sync());
  const SegmentHeader next{.first = staged_ + 1,
                           .previous = segment_.first,
                           .time_before = time_us_,
                           .salt = salt_for(staged_ + 1, chain_, clock_.now_us()),
                           .chain = chain_};
  ABI_TRY(make_segment(folder_, next));
  ABI_TRY(seal(*file_, segment_, end_, staged_));
  ABI_TRY(std::shared_ptr<io::File> file, folder_.storage->open(folder_.segment(next.first), {.access = io::Access::write}));
  (void)file->reserve(options_.segment_bytes);  // a disk with less room is used up to its end
  const Guard lock(mutex_);
  file_ = std::move(file);
  segment_ = next;
  end_ = synced_end_ = segment_header_bytes;
  prepared_ = 0;
  marked_ = true;
  durable_.store(staged_, std::memory_order_release);
  return {};
}

}  // namespace libabi::vdb::journal

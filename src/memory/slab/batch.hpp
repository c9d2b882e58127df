#pragma once
/// Free blocks that are passed on together, without memory beside their own. The first block is the head:
///
///     head   [next batch] [first node]
///     node   [next node]  [block] [block] ...     as many words as `words` says; the last node ends with a null
///
/// so that most blocks are only pointed to, and are not touched on the way from one thread to another.

#include <algorithm>
#include <utility>

namespace libabi::memory::slab {

/// No node is longer, and no batch larger.
inline constexpr unsigned kBatchMax = 128;

inline void** words_of(void* block) noexcept { return static_cast<void**>(block); }

inline void*& next_batch(void* head) noexcept { return words_of(head)[0]; }

/// `count` >= 1 blocks. `words` >= 2 is how many of each block may be written.
inline void* link_batch(void* const* blocks, unsigned count, unsigned words) noexcept {
  void* const head = blocks[0];
  void** link = &words_of(head)[1];
  const unsigned most = words - 1;
  unsigned at = 1;
  while (at < count) {
    void** const node = words_of(blocks[at++]);
    *std::exchange(link, node) = node;
    const unsigned held = std::min(most, count - at);
    for (unsigned each = 0; each < held; ++each) node[1 + each] = blocks[at + each];
    if (held < most) node[1 + held] = node[most] = nullptr;
    at += held;
  }
  *link = nullptr;
  words_of(head)[0] = nullptr;
  return head;
}

/// How many blocks the node points to.
inline unsigned held_by(void* const* node, unsigned words) noexcept {
  if (node[words - 1]) [[likely]]
    return words - 1;
  unsigned held = 0;
  while (node[1 + held]) ++held;
  return held;
}

/// Writes the blocks to `out`, which has room for kBatchMax. How many.
inline unsigned unlink_batch(void* head, unsigned words, void** out) noexcept {
  unsigned count = 0;
  out[count++] = head;
  for (void** node = words_of(words_of(head)[1]); node; node = words_of(node[0])) {
    out[count++] = node;
    const unsigned held = held_by(node, words);
    for (unsigned each = 0; each < held; ++each) out[count + each] = node[1 + each];
    count += held;
  }
  return count;
}

/// Calls visit(block) for each block.
template <class Visit>
void visit_batch(void* head, unsigned words, Visit&& visit) noexcept {
  void* blocks[kBatchMax];
  const unsigned count = unlink_batch(head, words, blocks);
  for (unsigned each = 0; each < count; ++each) visit(blocks[each]);
}

}  // namespace libabi::memory::slab

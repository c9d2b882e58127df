#pragma once
/// Slots of tokens sorted by their expert, so that each expert's rows are multiplied as one batch. Slot u of token t has the
/// number t * used + u.

#include "operation.hpp"

namespace libabi::backends::cpu {

/// Where shared_step::expert_order writes: int32s
///
///     active count │ active experts [experts] │ offsets [experts + 1] │ slots [tokens * used]
///
/// `slots` holds the numbers of expert 0's slots, then those of expert 1 …; those of e begin at offsets[e].
struct ExpertSlots {
  ExpertSlots(std::byte* data, std::int64_t experts)
      : active_count(reinterpret_cast<std::int32_t*>(data)),
        active(active_count + 1),
        offsets(active + experts),
        slots(offsets + experts + 1) {}
  static constexpr std::int64_t count(std::int64_t experts, std::int64_t slot_count) { return 2 + 2 * experts + slot_count; }

  std::int32_t* active_count;
  std::int32_t* active;
  std::int32_t* offsets;
  std::int32_t* slots;
};

/// The region of expert_order for an expert_matmul.
std::uint32_t plan_expert_order(Planner& planner, std::uint32_t node);
inline ExpertSlots expert_slots(const Call& call, std::uint32_t region) {
  return {call.run.region(region).data, call.desc(0).shape.planes};
}

}  // namespace libabi::backends::cpu

// Highway's contrib/dot for the instruction set that the compiler is told to use.
#define HWY_COMPILE_ONLY_STATIC 1
#include "distances.hpp"

#include <hwy/highway.h>

#include <hwy/contrib/dot/dot-inl.h>

namespace bench {

namespace hn = hwy::HWY_NAMESPACE;

float highway_dot_f32(const float* a, const float* b, std::size_t n) {
  return hn::Dot::Compute<0>(hn::ScalableTag<float>(), a, b, n);
}

float highway_dot_bf16(const std::uint16_t* a, const std::uint16_t* b, std::size_t n) {
  return hn::Dot::Compute<0>(hn::ScalableTag<hwy::bfloat16_t>(), reinterpret_cast<const hwy::bfloat16_t*>(a),
                             reinterpret_cast<const hwy::bfloat16_t*>(b), n);
}

}  // namespace bench

#pragma once
/// What the peers of the topics `distances` and `rows` compute; each is there where BENCH_HAS_<PEER> is 1.

#include <cstddef>
#include <cstdint>

namespace bench {

float eigen_dot(const float* a, const float* b, std::size_t n);
float eigen_l2(const float* a, const float* b, std::size_t n);
void eigen_softmax(float* x, std::size_t n);

float highway_dot_f32(const float* a, const float* b, std::size_t n);
float highway_dot_bf16(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);

}  // namespace bench

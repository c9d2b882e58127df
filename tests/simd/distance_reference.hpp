#pragma once
/// What distances are: written for the eye, in double and bit by bit.

#include "simd/fixture.hpp"

#include <bit>
#include <type_traits>

namespace libabi::simd {

// --- the types of elements: what they are worth, and some that are ordinary -----------------------------------------------

struct f32 {
  using Element = float;
  static double value(float x) { return x; }
  static float make(std::mt19937& random) { return std::normal_distribution<float>()(random); }
  static constexpr float nan = not_a_number, inf = infinity, zero = 0;
};
struct f16 {
  using Element = std::uint16_t;
  static double value(Element x) {
    const int exponent = x >> 10 & 31, fraction = x & 0x3ff;
    if (exponent == 31) return fraction ? std::nan("") : (x >> 15 ? -1 : 1) * static_cast<double>(infinity);
    const double size = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
    return x >> 15 ? -size : size;
  }
  static Element make(std::mt19937& random) { return static_cast<Element>((random() & 0x83ff) | (10 + random() % 6) << 10); }
  static constexpr Element nan = 0x7e00, inf = 0x7c00, zero = 0;
};
struct bf16 {
  using Element = std::uint16_t;
  static double value(Element x) { return std::bit_cast<float>(std::uint32_t{x} << 16); }
  static Element make(std::mt19937& random) { return static_cast<Element>((random() & 0x807f) | (122 + random() % 6) << 7); }
  static constexpr Element nan = 0x7fc0, inf = 0x7f80, zero = 0;
};
struct i8 {
  using Element = std::int8_t;
  static double value(Element x) { return x; }
  static Element make(std::mt19937& random) {
    const auto any = random();
    return static_cast<Element>(any % 8 == 0 ? -128 : any % 8 == 1 ? 127 : static_cast<int>(any >> 8 & 255) - 128);
  }
};
struct bits {
  using Element = std::uint8_t;
  static Element make(std::mt19937& random) { return static_cast<Element>(random() & random()); }
};

// --- the measures: what is right, and how far from it a kernel may be -------------------------------------------------------

struct Expected {
  double value, slack;
};

inline double rounding(std::size_t n) { return (static_cast<double>(n) / 16 + 16) * ulp; }

struct l2 {
  template <class Type, class Element>
  static Expected of(const Element* a, const Element* b, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += std::pow(Type::value(a[i]) - Type::value(b[i]), 2);
    return {sum, std::is_same_v<Type, i8> ? 0 : rounding(n) * sum};
  }
};
struct dot {
  template <class Type, class Element>
  static Expected of(const Element* a, const Element* b, std::size_t n) {
    double sum = 0, sizes = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += Type::value(a[i]) * Type::value(b[i]);
      sizes += std::fabs(Type::value(a[i]) * Type::value(b[i]));
    }
    return {sum, std::is_same_v<Type, i8> ? 0 : rounding(n) * sizes};
  }
};
struct cosine {
  template <class Type, class Element>
  static Expected of(const Element* a, const Element* b, std::size_t n) {
    const double ab = dot::of<Type>(a, b, n).value,
                 scale = std::sqrt(dot::of<Type>(a, a, n).value * dot::of<Type>(b, b, n).value);
    if (scale == 0) return {0, 0};
    double sizes = 0;
    for (std::size_t i = 0; i < n; ++i) sizes += std::fabs(Type::value(a[i]) * Type::value(b[i]));
    return {ab / scale, rounding(n) * (sizes + std::fabs(ab)) / scale + 4 * ulp};
  }
};
struct hamming {
  template <class Type>
  static Expected of(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
    int count = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (int bit = 0; bit < 8; ++bit) count += (a[i] >> bit & 1) != (b[i] >> bit & 1);
    return {static_cast<double>(count), 0};
  }
};
struct jaccard {
  template <class Type>
  static Expected of(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
    int both = 0, either = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (int bit = 0; bit < 8; ++bit) both += a[i] >> bit & b[i] >> bit & 1, either += (a[i] >> bit | b[i] >> bit) & 1;
    return {either ? static_cast<double>(both) / either : 1, ulp};
  }
};

}  // namespace libabi::simd

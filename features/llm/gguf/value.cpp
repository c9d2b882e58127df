#include "gguf/parser.hpp"

#include <abi/base/boundary.hpp>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace libabi::llm {

namespace {

/// `number` as a To where that keeps its value.
template <class To, class From>
std::optional<To> keep(From number) noexcept {
  if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    if (!std::in_range<To>(number)) return {};
  } else if constexpr (std::is_integral_v<To>) {
    // Both ends are powers of two or 0, so they are exact; NaN fails every comparison.
    const From low = std::is_signed_v<To> ? -std::ldexp(From{1}, 63) : From{0};
    const From high = std::ldexp(From{1}, std::is_signed_v<To> ? 63 : 64);
    if (!(number >= low && number < high && number == std::trunc(number))) return {};
  } else if constexpr (std::is_integral_v<From>) {
    const auto real = static_cast<To>(number);
    if (real >= std::ldexp(To{1}, std::numeric_limits<From>::digits) || static_cast<From>(real) != number) return {};
  }
  return static_cast<To>(number);
}

template <class To>
std::optional<To> number_as(GgufType type, const std::byte* at) noexcept {
  std::optional<To> out;
  visit_number(type, at, [&](auto number) { out = keep<To>(number); });
  return out;
}

/// Of a number or a boolean.
std::optional<std::int64_t> integer_as(GgufType type, const std::byte* at) noexcept {
  if (type == GgufType::boolean) return load<std::uint8_t>(at);
  if (type == GgufType::f32 || type == GgufType::f64) return {};
  return number_as<std::int64_t>(type, at);
}

bool is_number(GgufType type) noexcept {
  return type != GgufType::boolean && type != GgufType::string && type != GgufType::array;
}

/// Calls visit(GgufValue) for the first `limit` elements, one after the other; O(limit), strings too.
template <class Visit>
void walk(std::string_view key, GgufType type, std::uint64_t limit, const std::byte* at, Visit&& visit) {
  const std::size_t step = stored_bytes(type);
  for (std::uint64_t i = 0; i < limit; ++i) {
    // The parser has checked every length.
    const std::size_t length = type == GgufType::string ? static_cast<std::size_t>(load<std::uint64_t>(at)) : 0;
    const std::byte* const data = type == GgufType::string ? at + step : at;
    const std::size_t bytes = type == GgufType::string ? length : step;
    visit(GgufParser::scalar(key, type, {data, bytes}));
    at = data + bytes;
  }
}

template <class Number>
std::string number_text(Number number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

std::string scalar_text(const GgufValue& value, GgufType type, std::span<const std::byte> bytes) {
  if (type == GgufType::boolean) return load<std::uint8_t>(bytes.data()) ? "true" : "false";
  if (type == GgufType::string)
    return nlohmann::json(std::string(*value.to_string())).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  visit_number(type, bytes.data(), [&](auto number) { out = number_text(number); });
  return out;
}

/// What the value is, for an error: "3.5 (f32)", "an array of 7 u32".
std::string described(const GgufValue& value) {
  if (value.type() == GgufType::array) return format("an array of {} {}", value.count(), name(value.element_type()));
  if (value.type() == GgufType::string) return format("\"{}\" (string)", shown(*value.to_string()));
  return format("{} ({})", value.text(), name(value.type()));
}

std::unexpected<Error> mismatch(std::string_view key, const GgufValue& value, std::string_view expected) {
  return error(ErrorCode::invalid_argument, "key '{}' is {}, expected {}", shown(key), described(value), expected);
}

}  // namespace

Result<std::int64_t> GgufValue::to_integer() const {
  return boundary([&]() -> Result<std::int64_t> {
    if (const auto number = number_as<std::int64_t>(type_, bytes_.data())) return *number;
    return mismatch(key_, *this, "an integer of 64 bits");
  });
}

Result<std::uint64_t> GgufValue::to_unsigned() const {
  return boundary([&]() -> Result<std::uint64_t> {
    if (const auto number = number_as<std::uint64_t>(type_, bytes_.data())) return *number;
    return mismatch(key_, *this, "an integer of 64 bits that is not negative");
  });
}

Result<double> GgufValue::to_real() const {
  return boundary([&]() -> Result<double> {
    if (const auto number = number_as<double>(type_, bytes_.data())) return *number;
    return mismatch(key_, *this, "a number that a double holds exactly");
  });
}

Result<bool> GgufValue::to_boolean() const {
  return boundary([&]() -> Result<bool> {
    if (type_ == GgufType::boolean) return load<std::uint8_t>(bytes_.data()) != 0;
    return mismatch(key_, *this, "a boolean");
  });
}

Result<std::string_view> GgufValue::to_string() const {
  return boundary([&]() -> Result<std::string_view> {
    if (type_ == GgufType::string) return std::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    return mismatch(key_, *this, "a string");
  });
}

Result<GgufValue> GgufValue::element(std::uint64_t i) const {
  return boundary([&]() -> Result<GgufValue> {
    if (i >= count_)
      return error(ErrorCode::out_of_range, "key '{}' has {} elements, element {} is asked for", shown(key_), count_, i);
    if (type_ != GgufType::array) return *this;
    if (element_type_ != GgufType::string) {
      const std::size_t step = stored_bytes(element_type_);
      return GgufParser::scalar(key_, element_type_, bytes_.subspan(static_cast<std::size_t>(i) * step, step));
    }
    GgufValue last;
    walk(key_, element_type_, i + 1, bytes_.data(), [&](const GgufValue& element) { last = element; });
    return last;
  });
}

Result<std::vector<std::string_view>> GgufValue::strings() const {
  return boundary([&]() -> Result<std::vector<std::string_view>> {
    if (type_ != GgufType::array || element_type_ != GgufType::string) return mismatch(key_, *this, "an array of strings");
    std::vector<std::string_view> out;
    out.reserve(static_cast<std::size_t>(count_));
    walk(key_, element_type_, count_, bytes_.data(), [&](const GgufValue& element) { out.push_back(*element.to_string()); });
    return out;
  });
}

Result<std::vector<float>> GgufValue::floats() const {
  return boundary([&]() -> Result<std::vector<float>> {
    if (!is_number(element_type_)) return mismatch(key_, *this, "numbers");
    std::vector<float> out(static_cast<std::size_t>(count_));
    const std::size_t step = stored_bytes(element_type_);
    for (std::size_t i = 0; i < out.size(); ++i)
      visit_number(element_type_, bytes_.data() + i * step, [&](auto number) { out[i] = static_cast<float>(number); });
    return out;
  });
}

Result<std::vector<std::int64_t>> GgufValue::integers() const {
  return boundary([&]() -> Result<std::vector<std::int64_t>> {
    if (element_type_ == GgufType::string) return mismatch(key_, *this, "integers");
    std::vector<std::int64_t> out(static_cast<std::size_t>(count_));
    const std::size_t step = stored_bytes(element_type_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto number = integer_as(element_type_, bytes_.data() + i * step);
      if (!number) return mismatch(key_, *this, "integers of 64 bits");
      out[i] = *number;
    }
    return out;
  });
}

std::string GgufValue::text(std::size_t max_elements) const {
  try {
    if (type_ != GgufType::array) return scalar_text(*this, type_, bytes_);
    std::string out = "[";
    walk(key_, element_type_, std::min<std::uint64_t>(count_, max_elements), bytes_.data(), [&](const GgufValue& element) {
      if (out.size() > 1) out += ", ";
      out += element.text();
    });
    if (count_ <= max_elements) return out + "]";
    return out + (out.size() > 1 ? ", ...] (" : "...] (") + std::to_string(count_) + ")";
  } catch (const std::exception&) {
    return {};  // no memory for it
  }
}

}  // namespace libabi::llm

#include "arch/hyper_parameters.hpp"

namespace libabi::llm {

namespace {

// No model is near these; they keep products of two far from overflow.
constexpr std::uint64_t kMaxWidth = 1u << 20;
constexpr std::uint64_t kMaxLayers = 1u << 12;
constexpr std::uint64_t kMaxContext = 1u << 30;

class Keys {
 public:
  Keys(const GgufFile& file, std::string_view architecture) : file_(file), prefix_(std::string(architecture) + ".") {}

  bool has(std::string_view key) const { return file_.find(prefix_ + std::string(key)) != nullptr; }

  Result<std::int64_t> count(std::string_view key, std::uint64_t max) const {
    ABI_TRY(const std::uint64_t value, file_.unsigned_at(prefix_ + std::string(key)));
    if (value == 0 || value > max)
      return error(ErrorCode::invalid_argument, "{}{} is {}, expected 1 to {}", prefix_, key, value, max);
    return static_cast<std::int64_t>(value);
  }
  Result<std::int64_t> count_or(std::string_view key, std::int64_t fallback, std::uint64_t max) const {
    if (!has(key)) return fallback;
    return count(key, max);
  }
  Result<float> real_or(std::string_view key, double fallback) const {
    ABI_TRY(const double value, file_.real_or(prefix_ + std::string(key), fallback));
    return static_cast<float>(value);
  }
  /// A real that divides or is divided by: finite and above zero.
  Result<float> positive_or(std::string_view key, double fallback) const {
    ABI_TRY(const float value, real_or(key, fallback));
    if (!(value > 0 && value < 1e30f))
      return error(ErrorCode::invalid_argument, "{}{} is {}, expected a number above 0", prefix_, key, value);
    return value;
  }
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const {
    return file_.string_or(prefix_ + std::string(key), fallback);
  }
  Result<bool> boolean_or(std::string_view key, bool fallback) const {
    return file_.boolean_or(prefix_ + std::string(key), fallback);
  }
  Result<std::uint64_t> unsigned_or(std::string_view key, std::uint64_t fallback) const {
    return file_.unsigned_or(prefix_ + std::string(key), fallback);
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

Result<compute::RopeAttributes> read_rope(const Keys& keys, const HyperParameters& h) {
  compute::RopeAttributes rope;
  rope.head_dim = static_cast<std::int32_t>(h.key_dim);
  ABI_TRY(const std::int64_t rotary, keys.count_or("rope.dimension_count", h.key_dim, static_cast<std::uint64_t>(h.key_dim)));
  if (rotary % 2 != 0) return error(ErrorCode::invalid_argument, "rope.dimension_count is {}, expected an even number", rotary);
  rope.rotary_dim = static_cast<std::int32_t>(rotary);
  ABI_TRY(rope.base, keys.positive_or("rope.freq_base", 10000.0));

  ABI_TRY(const std::string_view scaling, keys.string_or("rope.scaling.type", keys.has("rope.scale_linear") ? "linear" : "none"));
  if (scaling == "none") return rope;
  if (scaling != "linear" && scaling != "yarn")
    return error(ErrorCode::unsupported, "rope scaling '{}' is unknown, expected none, linear or yarn", scaling);
  const std::string_view factor_key = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  ABI_TRY(const float factor, keys.positive_or(factor_key, 1.0));
  rope.frequency_scale = 1.0f / factor;
  if (scaling == "linear") return rope;

  rope.extension = 1.0f;
  ABI_TRY(rope.attention_factor, keys.positive_or("rope.scaling.attn_factor", 1.0));
  ABI_TRY(rope.beta_fast, keys.positive_or("rope.scaling.yarn_beta_fast", 32.0));
  ABI_TRY(rope.beta_slow, keys.positive_or("rope.scaling.yarn_beta_slow", 1.0));
  ABI_TRY(const std::int64_t original, keys.count_or("rope.scaling.original_context_length", h.context_length, kMaxContext));
  rope.original_context = static_cast<std::int32_t>(original);
  return rope;
}

Result<PoolingType> read_pooling(const Keys& keys) {
  ABI_TRY(const std::uint64_t number, keys.unsigned_or("pooling_type", 0));
  if (number > static_cast<std::uint64_t>(PoolingType::rank))
    return error(ErrorCode::unsupported, "pooling type {} is unknown, expected 0 (none) to 4 (rank)", number);
  return static_cast<PoolingType>(number);
}

}  // namespace

Result<HyperParameters> read_hyper_parameters(const GgufFile& file, std::string_view architecture) {
  const Keys keys(file, architecture);
  HyperParameters h;
  h.architecture = architecture;
  ABI_TRY(h.context_length, keys.count("context_length", kMaxContext));
  ABI_TRY(h.width, keys.count("embedding_length", kMaxWidth));
  ABI_TRY(h.layers, keys.count("block_count", kMaxLayers));
  ABI_TRY(h.feed_forward, keys.count("feed_forward_length", kMaxWidth));
  ABI_TRY(h.heads, keys.count("attention.head_count", kMaxWidth));
  ABI_TRY(h.kv_heads, keys.count_or("attention.head_count_kv", h.heads, static_cast<std::uint64_t>(h.heads)));
  if (h.heads % h.kv_heads != 0)
    return error(ErrorCode::invalid_argument, "{} heads are no multiple of {} key-value heads", h.heads, h.kv_heads);
  if (!keys.has("attention.key_length") && h.width % h.heads != 0)
    return error(ErrorCode::invalid_argument, "width {} is no multiple of {} heads", h.width, h.heads);
  ABI_TRY(h.key_dim, keys.count_or("attention.key_length", h.width / h.heads, kMaxWidth));
  ABI_TRY(h.value_dim, keys.count_or("attention.value_length", h.width / h.heads, kMaxWidth));
  if (h.key_dim % 2 != 0) return error(ErrorCode::invalid_argument, "the head size is {}, expected an even number", h.key_dim);
  const bool rms = keys.has("attention.layer_norm_rms_epsilon");
  ABI_TRY(h.norm_epsilon, keys.positive_or(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", 1e-5));
  ABI_TRY(h.causal, keys.boolean_or("attention.causal", true));
  ABI_TRY(h.pooling, read_pooling(keys));
  ABI_TRY(h.rope, read_rope(keys, h));
  if (keys.has("expert_count")) {
    ABI_TRY(const std::uint64_t experts, keys.unsigned_or("expert_count", 0));
    if (experts > 0) {
      ABI_TRY(h.experts, keys.count("expert_count", 4096));
      ABI_TRY(h.experts_used, keys.count("expert_used_count", experts));
    }
  }
  const GgufTensor* embedding = file.find_tensor("token_embd.weight");
  if (!embedding) return error(ErrorCode::not_found, "tensor 'token_embd.weight' is not in the file");
  if (embedding->dims.size() != 2 || embedding->dims[1] > (1u << 26))
    return error(ErrorCode::invalid_argument, "tensor 'token_embd.weight' has {} dimensions, expected [width, vocabulary]",
                 embedding->dims.size());
  h.vocabulary = static_cast<std::int64_t>(embedding->dims[1]);
  return h;
}

}  // namespace libabi::llm

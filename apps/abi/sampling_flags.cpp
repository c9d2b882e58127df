#include "sampling_flags.hpp"

#include <charconv>
#include <cmath>

namespace app {

using libabi::error;
using libabi::llm::LogitBias;

namespace {

/// "15043+1.5", "15043-1" or "15043-inf" (llama.cpp), also with a colon or an equals sign between the two.
Result<LogitBias> read_bias(const std::string& text) {
  LogitBias bias{};
  const char* const end = text.data() + text.size();
  const auto [after_id, id_error] = std::from_chars(text.data(), end, bias.token);
  const char* value = after_id;
  if (value != end && (*value == ':' || *value == '=' || *value == '+')) ++value;
  const auto [after_value, value_error] = std::from_chars(value, end, bias.bias);
  if (id_error != std::errc() || value_error != std::errc() || after_value != end || std::isnan(bias.bias))
    return error(ErrorCode::invalid_argument, "logit bias '{}' cannot be read, expected a token id, + or -, and a number", text);
  return bias;
}

}  // namespace

void SamplingFlags::declare(CLI::App& cli) {
  const auto add = [&](const char* names, auto& value, const char* help) {
    cli.add_option(names, value, help)->capture_default_str();
  };
  add("--temp,--temperature", options.temperature, "temperature; 0 takes the likeliest token");
  add("-s,--seed", options.seed, "seed of the random stream");
  add("--top-k", options.top_k, "keep the k likeliest tokens; 0 is off");
  add("--top-p", options.top_p, "keep the likeliest tokens that have this much probability; 1 is off");
  add("--min-p", options.min_p, "keep tokens with this share of the likeliest one's probability; 0 is off");
  add("--typical,--typical-p", options.typical_p, "locally typical sampling; 1 is off");
  add("--min-keep", options.min_keep, "tokens that the cuts leave at least");
  add("--repeat-last-n", options.penalty_last_n, "tokens that penalties look back at; 0 is off, -1 all");
  add("--repeat-penalty", options.repeat_penalty, "penalty of tokens that were seen; 1 is off");
  add("--frequency-penalty", options.frequency_penalty, "penalty for each time a token was seen");
  add("--presence-penalty", options.presence_penalty, "penalty of a token that was seen");
  cli.add_option("-l,--logit-bias", biases, "ID+BIAS or ID-BIAS, added to a token's logit; may be repeated")
      ->type_name("ID+BIAS");
}

Result<libabi::llm::SamplingOptions> SamplingFlags::read() const {
  libabi::llm::SamplingOptions read = options;
  for (const std::string& text : biases) {
    ABI_TRY(const LogitBias bias, read_bias(text));
    read.logit_bias.push_back(bias);
  }
  return read;
}

}  // namespace app

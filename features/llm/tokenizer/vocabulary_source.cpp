#include "tokenizer/vocabulary_source.hpp"

namespace libabi::llm {

namespace {

Result<std::optional<std::int64_t>> id_at(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.find(key);
  if (!value) return std::nullopt;
  ABI_TRY(const std::int64_t id, value->to_integer());
  return id;
}

Result<std::optional<bool>> flag_at(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.find(key);
  if (!value) return std::nullopt;
  ABI_TRY(const bool flag, value->to_boolean());
  return flag;
}

Result<void> read_arrays(const GgufFile& file, VocabularySource& source) {
  const GgufValue* tokens = file.find("tokenizer.ggml.tokens");
  if (!tokens) return error(ErrorCode::not_found, "key 'tokenizer.ggml.tokens' is not in the file");
  ABI_TRY(source.tokens, tokens->strings());
  if (const GgufValue* scores = file.find("tokenizer.ggml.scores")) {
    ABI_TRY(source.scores, scores->floats());
    source.has_scores = true;
  }
  if (const GgufValue* types = file.find("tokenizer.ggml.token_type")) {
    ABI_TRY(source.types, types->integers());
    source.has_types = true;
  }
  if (const GgufValue* merges = file.find("tokenizer.ggml.merges")) {
    ABI_TRY(source.merges, merges->strings());
    source.has_merges = true;
  }
  return {};
}

}  // namespace

Result<VocabularySource> read_vocabulary(const GgufFile& file) {
  VocabularySource source;
  ABI_TRY(source.model, file.string_at("tokenizer.ggml.model"));
  ABI_TRY(source.pre, file.string_or("tokenizer.ggml.pre", ""));
  ABI_TRY(source.name, file.string_or("general.name", ""));
  ABI_TRY(read_arrays(file, source));
  ABI_TRY(source.bos, id_at(file, "tokenizer.ggml.bos_token_id"));
  ABI_TRY(source.eos, id_at(file, "tokenizer.ggml.eos_token_id"));
  ABI_TRY(source.eot, id_at(file, "tokenizer.ggml.eot_token_id"));
  ABI_TRY(source.unknown, id_at(file, "tokenizer.ggml.unknown_token_id"));
  ABI_TRY(source.separator, id_at(file, "tokenizer.ggml.seperator_token_id"));  // so spelled in the format
  ABI_TRY(source.padding, id_at(file, "tokenizer.ggml.padding_token_id"));
  ABI_TRY(source.mask, id_at(file, "tokenizer.ggml.mask_token_id"));
  ABI_TRY(source.cls, id_at(file, "tokenizer.ggml.cls_token_id"));
  ABI_TRY(source.add_bos, flag_at(file, "tokenizer.ggml.add_bos_token"));
  ABI_TRY(source.add_eos, flag_at(file, "tokenizer.ggml.add_eos_token"));
  ABI_TRY(source.add_space_prefix, flag_at(file, "tokenizer.ggml.add_space_prefix"));
  ABI_TRY(source.lowercase, flag_at(file, "tokenizer.ggml.normalizer.lowercase"));
  ABI_TRY(source.strip_accents, flag_at(file, "tokenizer.ggml.normalizer.strip_accents"));
  return source;
}

}  // namespace libabi::llm

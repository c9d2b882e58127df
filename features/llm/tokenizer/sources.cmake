abi_registry(tokenizer/tokenizer.def families)
list(TRANSFORM families REPLACE "^tokenizer/" "tokenizer/family/")
list(APPEND ABI_LLM_SOURCES ${families} tokenizer/merge_table.cpp tokenizer/pattern.cpp tokenizer/pattern_parser.cpp
  tokenizer/pre_tokenizer.cpp tokenizer/spaces.cpp tokenizer/special_tokens.cpp tokenizer/tokenizer.cpp
  tokenizer/unicode/unicode.cpp tokenizer/utf8_joiner.cpp tokenizer/vocabulary.cpp tokenizer/vocabulary_source.cpp)
list(APPEND ABI_LLM_STUBS tokenizer/stub.cpp)

list(APPEND ABI_LLM_SOURCES gguf/draft.cpp gguf/file.cpp gguf/open.cpp gguf/output_file.cpp gguf/parse_tensors.cpp
  gguf/parser.cpp gguf/scalar.cpp gguf/value.cpp gguf/writer.cpp)
list(APPEND ABI_LLM_STUBS gguf/stub.cpp)

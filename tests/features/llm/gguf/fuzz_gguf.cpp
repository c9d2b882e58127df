#include "exercise.hpp"

#include <cstdio>
#include <cstdlib>

/// A GGUF file from anywhere: an error or a file that keeps its promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = libabi::llm::GgufFile::parse({reinterpret_cast<const std::byte*>(data), size}, "input");
  if (!file) {
    if (!file.error().message.empty()) return 0;
    std::fputs("an error without a message\n", stderr);
    std::abort();
  }
  const std::string broken = exercise(*file);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}

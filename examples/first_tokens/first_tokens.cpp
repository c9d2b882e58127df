// Opens a model and streams what it goes on with.
#include <abi/llm/session.hpp>

#include <iostream>

libabi::Result<void> tell(const char* file, const char* beginning) {
  ABI_TRY(auto model, libabi::llm::Model::open(file));
  ABI_TRY(auto session, libabi::llm::Session::create(model));
  const auto show = [](const libabi::llm::Token& token) { return static_cast<bool>(std::cout << token.text << std::flush); };
  ABI_TRY(session.generate(beginning, {.max_tokens = 64}, show));
  return {};
}

int main(int argc, char** argv) {
  const auto told = tell(argc > 1 ? argv[1] : "models/stories.gguf", argc > 2 ? argv[2] : "Once upon a time");
  if (!told) std::cerr << told.error().text() << '\n';
  return told ? 0 : 1;
}

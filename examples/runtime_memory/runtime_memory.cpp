// Answers a few requests on a budget: what a request needs for itself comes from an arena, what outlives it from slabs, and the
// answer is put together without a copy. Says at the end what each part held.
#include <abi/memory/scoped_arena.hpp>
#include <abi/memory/slab_allocator.hpp>
#include <abi/memory/zero_copy_buffer.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <new>
#include <string>
#include <string_view>

using namespace libabi::memory;

struct Session {
  std::size_t requests;
};

// The words of the text, longest first; they are gone with the scope of the caller.
libabi::Result<std::span<std::string_view>> words_of(std::string_view text, ScopedArena& arena) {
  const auto count = static_cast<std::size_t>(std::ranges::count(text, ' ')) + 1;
  ABI_TRY(auto words, arena.allocate_array<std::string_view>(count));
  for (std::string_view& word : words) {
    word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  std::ranges::sort(words, std::ranges::greater(), &std::string_view::size);
  return words;
}

libabi::Result<ZeroCopyBuffer> answer(const Slice& question, ScopedArena& arena) {
  const auto text = question.bytes();
  const ScopedArena::Scope scope(arena);
  ABI_TRY(const auto words, words_of({reinterpret_cast<const char*>(text.data()), text.size()}, arena));
  ZeroCopyBuffer answer;
  for (const std::string_view word : words.first(std::min<std::size_t>(words.size(), 3))) {
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(word.data()) - text.data());
    ABI_TRY(auto piece, question.slice(offset, word.size()));  // of the question's own memory
    ABI_TRY(answer.append(std::move(piece)));
  }
  return answer;
}

libabi::Result<void> serve(MemoryAccount& host) {
  MemoryAccount for_requests("requests", 1 << 20, &host);
  MemoryAccount for_sessions("sessions", 4 << 20, &host);
  ScopedArena arena(for_requests);
  ABI_TRY(const auto slabs, SlabAllocator::create(for_sessions));
  ABI_TRY(std::byte* const place, slabs->allocate(sizeof(Session)));
  auto* const session = new (place) Session{0};
  for (const std::string_view text : {"the quick brown fox", "jumps over the lazy dog"}) {
    ABI_TRY(const Slice question, Slice::copy_of(std::as_bytes(std::span(text)), for_requests));
    ABI_TRY(const ZeroCopyBuffer answered, answer(question, arena));
    for (const Slice& piece : answered.slices())
      std::cout.write(reinterpret_cast<const char*>(piece.bytes().data()), static_cast<std::streamsize>(piece.size())) << ' ';
    std::cout << '\n';
    ++session->requests;
  }
  const auto too_much = arena.allocate(2 << 20);  // an error, and nothing else changes
  if (too_much || too_much.error().code != libabi::ErrorCode::exhausted)
    return libabi::error(libabi::ErrorCode::internal, "the budget of '{}' does not hold", for_requests.name());
  std::cout << too_much.error().text() << '\n';
  ABI_TRY(const std::string report, host.report());
  std::cout << session->requests << " requests\n" << report;
  slabs->deallocate(session, sizeof(Session));
  return {};
}

int main() {
  MemoryAccount host("host", 8 << 20);
  const auto served = serve(host);
  if (!served) std::cerr << served.error().text() << '\n';
  return served && host.live_bytes() == 0 ? 0 : 1;  // everything was given back
}

// Every allocation and every call of the storage fails once.
#include "tools.hpp"

#include "memory/failing_malloc.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::vdb {
namespace {

Result<void> use(io::Storage& storage) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const std::unique_ptr<sqlite::Vfs> files, sqlite::Vfs::create(storage));
    ABI_TRY(Documents documents, Documents::open(*files, file_name, {.cache_bytes = 64 << 10}));
    ABI_TRY(const std::uint64_t position, documents.read().position());
    const DocumentChange changes[] = {
        PutDocument{.id = 1, .external_id = "a", .payload = R"({"a":1})", .text = "one text"},
        PutDocument{.id = 2, .external_id = std::uint64_t{2}, .payload = "{}", .text = "another text", .expires_ms = 5},
        UpdatePayload{1, R"({"a":2})"}};
    ABI_TRY(documents.apply(changes, position + 1));
    ABI_TRY(DocumentReader reader, DocumentReader::open(*files, file_name, {.cache_bytes = 64 << 10}));
    ABI_TRY(const std::vector<TextHit> hits, reader.search("text", 10));
    ABI_TRY(const std::vector<Document> all, reader.scroll(0, 10));
    ABI_TRY(const std::optional<Document> one, reader.find("a"));
    if (hits.size() != 2 || all.size() != 2 || !one || one->payload != R"({"a":2})")
      return error(ErrorCode::internal, "{} hits, {} documents", hits.size(), all.size());
    const std::uint64_t gone = 1;
    return documents.erase({&gone, 1}, position + 2);
  });
}

TEST(DocumentsFault, WithoutMemoryEverythingIsExhaustedAndLeavesNothing) {
  test::fail_each([&] {
    seed_sqlite(1);
    const auto disk = io::SimulatedStorage::create({});
    if (!disk) return false;
    const Result<void> used = use(**disk);
    EXPECT_TRUE(used || used.error().code == ErrorCode::exhausted) << (used ? "" : used.error().text());
    return used.has_value();
  });
}

TEST(DocumentsFault, EachCallOfTheStorageThatFailsIsAnErrorAndTheNextOpenGoesOn) {
  constexpr io::SimulatedCall calls[] = {io::SimulatedCall::read, io::SimulatedCall::write, io::SimulatedCall::sync,
                                         io::SimulatedCall::name};
  for (const io::SimulatedCall call : calls)
    for (std::uint64_t n = 0; n < 80; ++n) {
      const auto disk = make_disk(n);
      disk->fail_next(call, n, ErrorCode::unavailable);
      const Result<void> used = use(*disk);
      if (!used) {
        EXPECT_EQ(used.error().code, ErrorCode::unavailable) << used.error().text();
      }
      disk->fail_next(call, ~std::uint64_t{0}, ErrorCode::unavailable);
      const Result<void> again = use(*disk);
      EXPECT_TRUE(again) << again.error().text();
      expect_whole(*disk);
    }
}

}  // namespace
}  // namespace libabi::vdb

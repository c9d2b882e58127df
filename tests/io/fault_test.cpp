// No memory at any point: each allocation fails once, and nothing is left behind.
#include "../memory/failing_malloc.hpp"
#include "tools.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/fault.hpp>

namespace libabi::io {
namespace {

// Everything of a storage that is done by this thread. The paths are made here, and may find no memory either.
Result<void> use_all(Storage& storage, const std::filesystem::path& folder) {
  ABI_TRY(storage.create_folder(folder / "f"));
  ABI_TRY(storage.replace_file(folder / "f" / "a", std::as_bytes(std::span("text"))));
  ABI_TRY(const std::shared_ptr<File> file, storage.open(folder / "f" / "a", {.access = Access::write}));
  ABI_TRY(file->write(4, std::as_bytes(std::span("more"))));
  ABI_TRY(file->sync());
  ABI_TRY(const Mapping mapping, file->map(1, 3));
  ABI_TRY(const std::vector<Entry> entries, storage.list(folder / "f"));
  ABI_TRY(const std::unique_ptr<Lock> lock, storage.lock(folder / "lock", "me"));
  ABI_TRY(storage.rename(folder / "f" / "a", folder / "f" / "b"));
  ABI_TRY(storage.remove(folder / "f" / "b"));
  return storage.remove(folder / "f");
}

Result<void> use(Storage& storage, const std::filesystem::path& folder) {
  return boundary([&] { return use_all(storage, folder); });
}

void clean(const std::filesystem::path& folder) {
  const test::Unfailing unfailing;
  std::filesystem::remove_all(folder / "f");
}

TEST(DiskStorage, WithoutMemoryEveryCallIsExhaustedAndLeavesNothing) {
  const TemporaryFolder folder;
  const auto disk = DiskStorage::create({.engine = EngineKind::threads}).value();
  test::fail_each([&] {
    const Result<void> result = use(*disk, folder.path());
    EXPECT_TRUE(result || result.error().code == ErrorCode::exhausted) << (result ? "" : result.error().text());
    clean(folder.path());
    return result.has_value();
  });
}

TEST(SimulatedStorage, WithoutMemoryEveryCallIsExhaustedAndLeavesNothing) {
  test::fail_each([&] {
    const auto disk = SimulatedStorage::create({});
    if (!disk) return false;
    const Result<void> result = use(**disk, "");
    EXPECT_TRUE(result || result.error().code == ErrorCode::exhausted) << (result ? "" : result.error().text());
    return result.has_value();
  });
}

TEST(DiskStorage, AnEngineThatCannotBeMadeFailsTheOperationAndIsMadeByTheNext) {
  const TemporaryFolder folder;
  for (const EngineKind engine : {EngineKind::threads, EngineKind::automatic})
    for (std::uint64_t n = 0;; ++n) {
      const auto disk = DiskStorage::create({.engine = engine}).value();
      const auto file = disk->open(folder.path() / "a", {.access = Access::write, .create = true}).value();
      Started first, second;
      first.kind = second.kind = Operation::Kind::sync;
      bool hit = false;
      {
        const memory::AllocationFault fault(n);
        file->start(first);
        first.wait();
        hit = fault.hit();
      }
      EXPECT_TRUE(first.result || first.result.error().code == ErrorCode::exhausted);
      file->start(second);
      EXPECT_TRUE(second.wait());
      if (!hit) break;
    }
}

}  // namespace
}  // namespace libabi::io

#include <abi/base/boundary.hpp>
#include <abi/io/storage.hpp>

namespace libabi::io {

Result<std::vector<std::byte>> Storage::read_file(const std::filesystem::path& path, std::uint64_t most) {
  return boundary([&]() -> Result<std::vector<std::byte>> {
    ABI_TRY(const std::shared_ptr<File> file, open(path));
    ABI_TRY(const std::uint64_t bytes, file->size());
    if (bytes > most) return error(ErrorCode::out_of_range, "{} has {} bytes, at most {} are expected", path, bytes, most);
    std::vector<std::byte> content(bytes);
    ABI_TRY(const std::size_t count, file->read(0, content));
    content.resize(count);
    return content;
  });
}

Result<void> Storage::replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  return boundary([&]() -> Result<void> {
    std::filesystem::path fresh = path;
    fresh += ".new";
    {
      ABI_TRY(const std::shared_ptr<File> file, open(fresh, {.access = Access::write, .create = true, .truncate = true}));
      ABI_TRY(file->write(0, bytes));
      ABI_TRY(file->sync());
    }
    ABI_TRY(rename(fresh, path));
    return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
  });
}

}  // namespace libabi::io

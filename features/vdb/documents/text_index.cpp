#include "text_index.hpp"

#include <optional>

namespace libabi::vdb {

namespace {

constexpr std::size_t cookie_bytes = 4;
constexpr std::uint64_t most_levels = 1000;

class Varints {
 public:
  explicit Varints(std::string_view bytes) noexcept : rest_(bytes) {}

  // SQLite's: seven bits a byte, the highest first, eight in the ninth.
  std::optional<std::uint64_t> next() noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < rest_.size() && i < 9; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      if (i == 8 || byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return i == 8 ? value << 8 | byte : value << 7 | byte;
      }
      value = value << 7 | (byte & 0x7fu);
    }
    return std::nullopt;
  }
  bool skip(std::uint64_t count) noexcept {
    for (; count > 0; --count)
      if (!next()) return false;
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace

bool optimize_is_complete(std::string_view structure) noexcept {
  if (structure.size() < cookie_bytes) return false;
  Varints numbers(structure.substr(cookie_bytes));
  const auto levels = numbers.next(), segments = numbers.next();
  if (!levels || *levels > most_levels || !segments || !numbers.skip(1)) return false;
  std::uint64_t counted = 0, levels_used = 0, last_used = 0;
  for (std::uint64_t level = 0; level < *levels; ++level) {
    const auto merging = numbers.next(), here = numbers.next();
    if (!merging || !here || *here > *segments || !numbers.skip(3 * *here)) return false;
    // A merge that is under way is gone on with as it was begun.
    if (*here + 1 == *segments && *merging == *here && *here > 0) return false;
    counted += *here;
    if (*here == 0) continue;
    ++levels_used;
    last_used = level;
  }
  if (counted != *segments) return false;
  if (*segments == 0 || levels_used > 1) return true;
  // One alone is left as it is; several of one level are merged into the next, which is the oldest where none stands above it.
  return *segments > 1 && *levels <= last_used + 2;
}

Result<void> drop_removed_terms(sqlite::Connection& database) {
  constexpr std::string_view structure = "SELECT block FROM search_data WHERE id = 10";
  bool complete = false;
  {
    ABI_TRY(sqlite::Statement read, database.prepare(structure));
    ABI_TRY(const bool found, read.step());
    complete = found && optimize_is_complete(read.text(0));
  }
  return database.execute(complete ? "INSERT INTO search(search) VALUES('optimize')"
                                   : "INSERT INTO search(search) VALUES('rebuild')");
}

}  // namespace libabi::vdb

#include "index/body.hpp"

#include <string>

namespace libabi::vdb {

namespace {

constexpr const IndexMember* members[] = {
#define ABI_INDEX(name) &index_##name,
#include "index/index.def"
#undef ABI_INDEX
};

constexpr std::string_view names[] = {
#define ABI_INDEX(name) #name,
#include "index/index.def"
#undef ABI_INDEX
};

}  // namespace

std::span<const std::string_view> index_kinds() noexcept { return names; }

Result<const IndexMember*> find_index(std::string_view name) {
  for (const IndexMember* member : members)
    if (member->name == name) return member;
  std::string known;
  for (const std::string_view each : names) known += (known.empty() ? "" : ", ") + std::string(each);
  return error(ErrorCode::not_found, "index kind '{}' is unknown, expected one of {}", name, known);
}

}  // namespace libabi::vdb

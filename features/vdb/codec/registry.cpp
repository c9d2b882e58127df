#include "codec/codec.hpp"

#include <abi/vdb/index.hpp>

#include <string>

namespace libabi::vdb {

namespace {

constexpr const CodecMember* members[] = {
#define ABI_CODEC(name) &codec_##name,
#include "codec/codec.def"
#undef ABI_CODEC
};

constexpr std::string_view names[] = {
#define ABI_CODEC(name) #name,
#include "codec/codec.def"
#undef ABI_CODEC
};

}  // namespace

std::span<const std::string_view> codecs() noexcept { return names; }

Result<const CodecMember*> find_codec(std::string_view name) {
  for (const CodecMember* member : members)
    if (member->name == name) return member;
  std::string known;
  for (const std::string_view each : names) known += (known.empty() ? "" : ", ") + std::string(each);
  return error(ErrorCode::not_found, "codec '{}' is unknown, expected one of {}", name, known);
}

}  // namespace libabi::vdb

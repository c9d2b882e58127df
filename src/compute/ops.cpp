#include "op/descriptors.hpp"

namespace libabi::compute {

namespace {

constexpr const OpDescriptor* members[] = {
#define ABI_OP(name) &descriptor::name,
#include <abi/compute/ops.def>
#undef ABI_OP
};

}  // namespace

const OpDescriptor& descriptor_of(Op op) noexcept { return *members[static_cast<std::size_t>(op)]; }

std::string_view name(Op op) noexcept {
  const auto index = static_cast<std::size_t>(op);
  return index < std::size(members) ? members[index]->name : "unknown";
}

}  // namespace libabi::compute

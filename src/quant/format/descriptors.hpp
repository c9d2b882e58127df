#pragma once
/// Every format's descriptor, each defined in the file of its name.

#include <abi/quant/format.hpp>

namespace libabi::quant::descriptor {
#define ABI_FORMAT(name) extern const Format name;
#include <abi/quant/formats.def>
#undef ABI_FORMAT
}  // namespace libabi::quant::descriptor

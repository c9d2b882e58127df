#pragma once
namespace libabi::lacking {
__attribute__((visibility("default"))) int kept();
__attribute__((visibility("default"))) int forgotten();
}  // namespace libabi::lacking

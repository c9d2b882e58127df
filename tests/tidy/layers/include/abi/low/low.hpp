#pragma once
namespace libabi::low {
__attribute__((visibility("default"))) int answer();
}

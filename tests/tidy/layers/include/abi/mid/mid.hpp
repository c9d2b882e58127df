#pragma once
namespace libabi::mid {
__attribute__((visibility("default"))) int answer();
}

#pragma once
namespace libabi::other {
__attribute__((visibility("default"))) int answer();
}

#pragma once
namespace libabi::drifting {
__attribute__((visibility("default"))) int grown(int by);
}

#pragma once
/// What the reader takes and the writer gives, at most. All are far above any model; they keep the time and the memory
/// that a hostile file can cost within bounds.

#include <cstdint>

namespace libabi::llm {

inline constexpr std::uint64_t kMaxMetadata = 1u << 15;    // entries of a shard; models have some dozens
inline constexpr std::uint64_t kMaxTensors = 1u << 18;     // of all shards; a thousand experts a layer are 2^17
inline constexpr std::uint64_t kMaxNameBytes = 65535;      // of a key or a tensor's name: the specification's for keys
inline constexpr std::uint64_t kMaxDims = 4;               // the specification's
inline constexpr std::uint64_t kMaxElements = INT64_MAX;   // of a tensor: indices are signed
inline constexpr std::uint64_t kMinAlignment = 8;          // the specification's: a multiple of 8
inline constexpr std::uint64_t kMaxAlignment = 2u << 20;   // a huge page; nothing wants more
inline constexpr std::uint64_t kDefaultAlignment = 32;     // the specification's, where general.alignment is absent
inline constexpr std::uint64_t kMaxWrittenNameBytes = 63;  // of a tensor that we write: other readers keep 64 with the NUL

/// The keys that say how a file is to be read.
inline constexpr const char* kAlignmentKey = "general.alignment";
inline constexpr const char* kSplitNumberKey = "split.no";
inline constexpr const char* kSplitCountKey = "split.count";
inline constexpr const char* kSplitTensorsKey = "split.tensors.count";

}  // namespace libabi::llm

#pragma once
/// Peers are never part of the project: a path in the environment names each.

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// The path that ABI_PEER_<NAME> names, if any.
std::optional<std::string> peer(const std::string& name);
/// What a program printed on standard output; empty when it could not be run or failed.
std::optional<std::string> output_of(const std::vector<std::string>& command);

}  // namespace bench

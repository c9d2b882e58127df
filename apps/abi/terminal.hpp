#pragma once
/// Output of the program: text for people and JSON for programs.

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace app {

/// Numbers, then keys, in the order in which they were put in.
using Json = nlohmann::ordered_json;

bool stderr_is_terminal() noexcept;
/// To standard output, seen at once.
void show(std::string_view text);
/// One line of JSON on standard output; bytes that are not UTF-8 become U+FFFD.
void show_json(const Json& json);
/// "1.5 GiB", "320 KiB".
std::string human_bytes(std::uint64_t bytes);

}  // namespace app

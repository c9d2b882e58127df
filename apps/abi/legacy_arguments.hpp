#pragma once

#include <span>
#include <string>
#include <vector>

namespace app {

/// llama.cpp's users write long names behind one dash ("-ngl 99", "-ctk q8_0"), which a POSIX parser reads as clustered
/// letters. They become our names; everything else, and everything behind "--", is passed on.
std::vector<std::string> translate_legacy(std::span<char* const> arguments);

}  // namespace app

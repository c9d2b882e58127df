#include "legacy_arguments.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace app {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames{{
    {"-ngl", "--gpu-layers"},
    {"-ctk", "--cache-type-k"},
    {"-ctv", "--cache-type-v"},
    {"-fa", "--flash-attn"},
    {"-ub", "--ubatch-size"},
    {"-sp", "--special"},
    {"-dev", "--device"},
    {"-np", "--parallel"},
}};

}  // namespace

std::vector<std::string> translate_legacy(std::span<char* const> arguments) {
  std::vector<std::string> out;
  out.reserve(arguments.size());
  bool literal = false;
  for (const std::string_view argument : arguments) {
    literal |= argument == "--";
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    std::string translated(argument);
    for (const auto& [legacy, ours] : kNames)
      if (!literal && name == legacy) translated = std::string(ours) + std::string(argument.substr(name.size()));
    out.push_back(std::move(translated));
  }
  return out;
}

}  // namespace app

// abi list: what this build knows, family by family.
#include "command.hpp"
#include "terminal.hpp"

#include <abi/backends/registry.hpp>
#include <abi/base/version.hpp>
#include <abi/llm/model.hpp>
#include <abi/llm/sampler.hpp>
#include <abi/llm/tokenizer.hpp>
#include <abi/simd/isa.hpp>
#include <abi/vdb/vdb.hpp>

#include <map>

namespace app {

namespace {

struct Family {
  std::string_view name;
  std::vector<std::pair<std::string, std::string>> members;  // name, remark
};

Family names(std::string_view family, std::span<const std::string_view> members) {
  Family out{family, {}};
  for (const std::string_view member : members) out.members.emplace_back(member, "");
  return out;
}

std::vector<Family> families() {
  std::vector<Family> all;
  all.push_back(
      {"features",
       {{"llm", libabi::llm::enabled() ? "" : "not in this build"}, {"vdb", libabi::vdb::enabled() ? "" : "not in this build"}}});
  Family backends{"backends", {}};
  for (const libabi::backends::BackendInfo& info : libabi::backends::list())
    backends.members.emplace_back(info.name, info.in_build ? info.description : "not in this build");
  all.push_back(std::move(backends));
  Family isas{"instruction-sets", {}};
  for (const libabi::simd::Isa isa : libabi::simd::runnable_isas())
    isas.members.emplace_back(libabi::simd::name(isa), isa == libabi::simd::isa() ? "in use" : "");
  all.push_back(std::move(isas));
  Family formats{"formats", {}};
  for (const libabi::quant::Format* format : libabi::quant::formats())
    formats.members.emplace_back(format->name,
                                 libabi::format("{:.2f} bits a weight", 8.0 * format->block_bytes / format->block_length));
  all.push_back(std::move(formats));
  all.push_back(names("architectures", libabi::llm::architectures()));
  all.push_back(names("tokenizers", libabi::llm::tokenizer_models()));
  all.push_back(names("pre-tokenizers", libabi::llm::pre_tokenizers()));
  all.push_back(names("samplers", libabi::llm::samplers()));
  Family own{"commands", {}};
  for (const Command* command : commands()) own.members.emplace_back(command->name, command->summary);
  all.push_back(std::move(own));
  return all;
}

struct List {
  std::string family;
  bool json = false;

  Result<void> operator()() const;
};

Result<void> List::operator()() const {
  const std::vector<Family> all = families();
  Json out = Json::object();
  bool found = false;
  std::string known;
  for (const Family& each : all) {
    known += (known.empty() ? "" : ", ") + std::string(each.name);
    if (!family.empty() && family != each.name) continue;
    found = true;
    if (!json) show(libabi::format("{}\n", each.name));
    Json& members = out[std::string(each.name)] = Json::array();
    for (const auto& [name, remark] : each.members) {
      if (json)
        members.push_back(remark.empty() ? Json{{"name", name}} : Json{{"name", name}, {"remark", remark}});
      else
        show(remark.empty() ? libabi::format("  {}\n", name) : libabi::format("  {:<16} {}\n", name, remark));
    }
  }
  if (!found) return libabi::error(ErrorCode::not_found, "family '{}' is unknown, expected one of {}", family, known);
  if (json) show_json(out);
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<List>();
  cli.add_option("family", flags->family, "one family only: architectures, formats, ...")->type_name("FAMILY");
  cli.add_flag("--json", flags->json, "one JSON object");
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_list;
const Command command_list{.name = "list", .summary = "show what this build knows", .declare = declare};

}  // namespace app

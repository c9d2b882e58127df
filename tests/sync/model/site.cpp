#include "sync/model/site.hpp"

#include <abi/base/error.hpp>
#include <cstdlib>
#include <string_view>

namespace libabi::sync::model {

const char* text(Order order) {
  static constexpr const char* names[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst", "light", "heavy"};
  return names[static_cast<std::size_t>(order)];
}

const char* text(Role role) {
  static constexpr const char* names[] = {"load", "store", "update", "success", "failure", "fence", "light fence", "heavy fence"};
  return names[static_cast<std::size_t>(role)];
}

std::string text(const std::source_location& place) {
  const std::string_view file = place.file_name();
  return libabi::format("{}:{}", file.substr(file.rfind('/') + 1), place.line());
}

std::string Site::where() const {
  std::string_view name = place.function_name();
  name = name.substr(0, name.find('('));
  name = name.substr(name.find_last_of(": ") + 1);
  return libabi::format("{}:{} in {}", text(place), place.column(), name);
}

Sites& Sites::all() {
  static Sites sites;
  return sites;
}

const Site& Sites::find(const std::source_location& place, Role role, Order given) {
  const auto name = reinterpret_cast<std::uintptr_t>(place.file_name());
  std::size_t slot = (name >> 3) * 31 + place.line() * 131 + place.column() * 17 + static_cast<std::size_t>(role);
  for (std::size_t tries = 0; tries < table_.size(); ++tries, ++slot) {
    Site*& site = table_[slot % table_.size()];
    if (!site) return *(site = &sites_.emplace_back(Site{place, role, given, given}));
    if (site->place.line() == place.line() && site->place.column() == place.column() && site->role == role &&
        site->given == given && site->place.file_name() == place.file_name())
      return *site;
  }
  std::abort();  // more sites than any program of ours has
}

std::vector<Order> weaker(Role role, Order order) {
  switch (order) {
    case Order::relaxed: return {};
    case Order::light:
    case Order::heavy:
    case Order::acquire:
    case Order::release: return {Order::relaxed};
    case Order::acq_rel: return {Order::acquire, Order::release};
    case Order::seq_cst: break;
  }
  if (role == Role::load || role == Role::failure) return {Order::acquire};
  if (role == Role::store) return {Order::release};
  return {Order::acq_rel};
}

}  // namespace libabi::sync::model

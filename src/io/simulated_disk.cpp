#include "simulated_disk.hpp"

#include <filesystem>
#include <set>
#include <utility>

namespace libabi::io {

namespace {

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool touch(std::string_view a, std::string_view b) { return !a.empty() && !b.empty() && (a == b || below(a, b) || below(b, a)); }

}  // namespace

std::string SimulatedDisk::normal(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().generic_string();
  while (text.starts_with('/')) text.erase(0, 1);
  while (text.ends_with('/')) text.pop_back();
  return text == "." ? std::string() : text;
}

bool SimulatedDisk::Change::touches(std::string_view path) const { return touch(from, path) || touch(to, path); }

bool SimulatedDisk::Change::shares_a_name_with(const Change& other) const { return other.touches(from) || other.touches(to); }

bool SimulatedDisk::Change::follows(const Change& earlier) const {
  const auto same = [](std::string_view a, std::string_view b) { return !a.empty() && a == b; };
  return same(from, earlier.from) || same(from, earlier.to) || same(to, earlier.from) || same(to, earlier.to);
}

bool SimulatedDisk::Change::in(std::string_view folder) const {
  return (!from.empty() && parent_of(from) == folder) || (!to.empty() && parent_of(to) == folder);
}

const SimulatedDisk::Node* SimulatedDisk::find(const std::string& path) const noexcept {
  static const Node root{};
  if (path.empty()) return &root;
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second;
}

Result<void> SimulatedDisk::check_parent(const std::string& path) const {
  const std::string parent(parent_of(path));
  const Node* const node = find(parent);
  if (node && node->folder()) return {};
  return error(ErrorCode::not_found, "'{}' is to stand in '{}', which is no folder", path, parent);
}

void SimulatedDisk::apply(const Change& change, Names& names) {
  if (change.from.empty()) {
    names[change.to] = change.node;
    return;
  }
  const auto from = names.find(change.from);
  if (from == names.end()) return;
  if (change.to.empty()) {
    names.erase(from);
    return;
  }
  Names moved;
  moved[change.to] = from->second;
  for (const auto& [path, node] : names)
    if (below(path, change.from)) moved[change.to + path.substr(change.from.size())] = node;
  std::erase_if(names, [&](const auto& entry) { return entry.first == change.from || below(entry.first, change.from); });
  for (auto& [path, node] : moved) names[path] = node;
}

void SimulatedDisk::make(Change change) {
  changes_.reserve(changes_.size() + 1);
  apply(change, names_);
  changes_.push_back(std::move(change));
}

void SimulatedDisk::create(const std::string& path, Node node) { make({.from = {}, .to = path, .node = std::move(node)}); }

void SimulatedDisk::remove(const std::string& path) { make({.from = path, .to = {}, .node = {}}); }

void SimulatedDisk::rename(const std::string& from, const std::string& to) { make({.from = from, .to = to, .node = {}}); }

void SimulatedDisk::sync(const std::string& folder) {
  std::vector<bool> needed(changes_.size());
  for (std::size_t i = changes_.size(); i-- > 0;) {
    needed[i] = changes_[i].in(folder);
    for (std::size_t later = i + 1; later < changes_.size() && !needed[i]; ++later)
      needed[i] = needed[later] && changes_[later].follows(changes_[i]);
  }
  std::vector<Change> left;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (needed[i])
      apply(changes_[i], durable_);
    else
      left.push_back(std::move(changes_[i]));
  }
  changes_ = std::move(left);
}

void SimulatedDisk::crash(std::mt19937_64& random) {
  std::vector<const Change*> dropped;
  for (const Change& change : changes_) {
    bool survives = random() % 2 == 0;
    for (const Change* earlier : dropped) survives = survives && !change.shares_a_name_with(*earlier);
    if (survives)
      apply(change, durable_);
    else
      dropped.push_back(&change);
  }
  // What stands in a folder that is not there cannot be reached any more.
  std::erase_if(durable_, [this](const auto& entry) {
    for (std::string_view path = parent_of(entry.first); !path.empty(); path = parent_of(path))
      if (!durable_.contains(path)) return true;
    return false;
  });
  changes_.clear();
  names_ = durable_;
  std::set<SimulatedFile*> files;
  for (const auto& [path, node] : names_)
    if (node.file && files.insert(node.file.get()).second) node.file->crash(random);
}

}  // namespace libabi::io

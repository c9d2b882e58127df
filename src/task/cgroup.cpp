#include "cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace libabi::task {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<long long> parse_integer(std::string_view text) {
  text = trim(text);
  long long value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

bool names_cpu(std::string_view controllers) {
  const auto list = split(controllers, ',');
  return std::find(list.begin(), list.end(), "cpu") != list.end();
}

// mountinfo writes a blank as \040, and tab, newline and backslash likewise.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

enum class Version { v1, v2 };

struct Mount {
  Version version;
  std::string root;  // the group that is seen at `point`
  std::string point;
};

// "36 35 98:0 /root /point options optional... - type source super-options"
std::optional<Mount> parse_mount(std::string_view line) {
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return {};
  const std::string_view type = dash[1];
  if (type == "cgroup2") return Mount{Version::v2, unescape(fields[3]), unescape(fields[4])};
  if (type == "cgroup" && names_cpu(dash[3])) return Mount{Version::v1, unescape(fields[3]), unescape(fields[4])};
  return {};
}

// The path of the process' group below the mount point, "" or "/a/b". A process outside what is mounted (another
// namespace) is taken to be at the mount point itself.
std::string below(const Mount& mount, std::string_view group) {
  std::string_view root = mount.root == "/" ? std::string_view() : std::string_view(mount.root);
  if (!group.starts_with(root)) return {};
  group.remove_prefix(root.size());
  if (!group.empty() && group.front() != '/') return {};
  while (group.ends_with('/')) group.remove_suffix(1);
  if (group.find("/..") != std::string_view::npos) return {};
  return std::string(group);
}

std::optional<double> quota_of(const Mount& mount, const std::string& group, const ReadFile& read_file) {
  const std::string folder = mount.point + group;
  if (mount.version == Version::v2) {
    const auto text = read_file(folder + "/cpu.max");
    return text ? parse_cpu_max(*text) : std::nullopt;
  }
  const auto quota = read_file(folder + "/cpu.cfs_quota_us");
  const auto period = read_file(folder + "/cpu.cfs_period_us");
  return quota && period ? parse_cfs_quota(*quota, *period) : std::nullopt;
}

// A group has no more than any of its ancestors.
std::optional<double> smallest_quota(const Mount& mount, std::string group, const ReadFile& read_file) {
  std::optional<double> smallest;
  for (;;) {
    if (const auto quota = quota_of(mount, group, read_file)) smallest = std::min(smallest.value_or(*quota), *quota);
    if (group.empty()) return smallest;
    group.resize(std::min(group.rfind('/'), group.size()));
  }
}

}  // namespace

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) {
  const auto quota_us = parse_integer(quota);
  const auto period_us = parse_integer(period);
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return {};
  return static_cast<double>(*quota_us) / static_cast<double>(*period_us);
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const auto fields = split(trim(text), ' ');
  if (fields.size() != 2) return {};
  return parse_cfs_quota(fields[0], fields[1]);
}

std::optional<double> cgroup_processors(std::string_view cgroup, std::string_view mountinfo, const ReadFile& read_file) {
  // "<id>:<controllers>:<path>"; version 2 is the line with id 0 and no controllers.
  std::optional<std::string_view> group_v1;
  std::optional<std::string_view> group_v2;
  for (const std::string_view line : split(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) group_v2 = line.substr(second + 1);
    if (names_cpu(controllers)) group_v1 = line.substr(second + 1);
  }
  std::optional<double> smallest;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto mount = parse_mount(line);
    if (!mount) continue;
    const auto group = mount->version == Version::v2 ? group_v2 : group_v1;
    if (!group) continue;
    const auto quota = smallest_quota(*mount, below(*mount, *group), read_file);
    if (quota) smallest = std::min(smallest.value_or(*quota), *quota);
  }
  return smallest;
}

}  // namespace libabi::task

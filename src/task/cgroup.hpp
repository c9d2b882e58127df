#pragma once
/// How many processors' worth of time the control groups of a process leave to it (Linux, Documentation/admin-guide:
/// cgroup-v1/cgroups.rst and scheduler/sched-bwc.rst, cgroup-v2.rst "CPU Interface Files").

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libabi::task {

/// The text of a file, nothing where there is none.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

/// The smallest quota between the process' own group and the root, in processors; nothing where no group has one. Both
/// hierarchies are looked at. `cgroup` is the text of /proc/self/cgroup, `mountinfo` that of /proc/self/mountinfo. Lines
/// that cannot be read are passed over.
std::optional<double> cgroup_processors(std::string_view cgroup, std::string_view mountinfo, const ReadFile& read_file);

/// A cpu.max of v2, "150000 100000": 1.5. Nothing for "max 100000" and for what is no quota at all.
std::optional<double> parse_cpu_max(std::string_view text);
/// The quota and the period of v1, each in microseconds. Nothing for a quota of -1.
std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period);

}  // namespace libabi::task

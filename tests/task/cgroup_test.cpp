#include "cgroup.hpp"

#include <abi/task/processors.hpp>

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include <sched.h>

namespace libabi::task {
namespace {

using Files = std::map<std::string, std::string>;

std::optional<double> processors(std::string_view cgroup, std::string_view mountinfo, const Files& files) {
  return cgroup_processors(cgroup, mountinfo, [&](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return {};
    return found->second;
  });
}

constexpr std::string_view v2_mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view v1_mounts =
    "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw master:7 propagate_from:2 - cgroup cgroup rw,cpu,cpuacct\n";

TEST(Cgroup, ReadsAQuotaOfVersion2) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("50000 100000"), 0.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  for (const std::string_view bad :
       {"", "\n", "max", "1", "1 2 3", "-5 100", "0 100", "100 0", "1e5 100", "99999999999999999999 1", "a b"})
    EXPECT_EQ(parse_cpu_max(bad), std::nullopt) << bad;
}

TEST(Cgroup, ReadsAQuotaOfVersion1) {
  EXPECT_EQ(parse_cfs_quota("400000\n", "100000\n"), 4.0);
  EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("100000", "0"), std::nullopt);
}

TEST(Cgroup, TakesTheSmallestQuotaUpToTheRoot) {
  const Files files{{"/sys/fs/cgroup/a/cpu.max", "200000 100000\n"},
                    {"/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
                    {"/sys/fs/cgroup/a/b/c/cpu.max", "700000 100000\n"},
                    {"/sys/fs/cgroup/other/cpu.max", "1000 100000\n"}};
  EXPECT_EQ(processors("0::/a/b/c\n", v2_mount, files), 2.0);
  EXPECT_EQ(processors("0::/a/b/c\n", v2_mount, {{"/sys/fs/cgroup/cpu.max", "300000 100000"}}), 3.0) << "the root of a namespace";
  EXPECT_EQ(processors("0::/\n", v2_mount, files), std::nullopt);
  EXPECT_EQ(processors("0::/a\n", v2_mount, {}), std::nullopt);
}

TEST(Cgroup, FindsTheCpuControllerOfVersion1) {
  const std::string_view cgroup = "12:cpuset:/jobs\n4:cpu,cpuacct:/jobs/one\n1:name=systemd:/x\n0::/\n";
  const Files files{{"/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "-1\n"},
                    {"/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us", "100000\n"},
                    {"/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "250000\n"},
                    {"/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n"},
                    {"/sys/fs/cgroup/cpuset/jobs/cpu.cfs_quota_us", "1\n"},
                    {"/sys/fs/cgroup/cpuset/jobs/cpu.cfs_period_us", "100000\n"}};
  EXPECT_EQ(processors(cgroup, v1_mounts, files), 2.5);
}

TEST(Cgroup, StripsTheGroupThatAContainerSeesAsItsRoot) {
  const std::string_view mount = "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  const Files files{{"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000"},
                    {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"},
                    {"/sys/fs/cgroup/cpu/in/cpu.cfs_quota_us", "100000"},
                    {"/sys/fs/cgroup/cpu/in/cpu.cfs_period_us", "100000"}};
  EXPECT_EQ(processors("4:cpu:/docker/abc\n", mount, files), 3.0);
  EXPECT_EQ(processors("4:cpu:/docker/abc/in\n", mount, files), 1.0);
  EXPECT_EQ(processors("4:cpu:/docker/abcdef\n", mount, files), 3.0) << "another group whose name begins alike";
  EXPECT_EQ(processors("4:cpu:/../../host\n", v1_mounts, files), std::nullopt) << "outside of the namespace";
}

TEST(Cgroup, LooksAtBothHierarchies) {
  const std::string mounts = std::string(v1_mounts) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  Files files{{"/sys/fs/cgroup/unified/a/cpu.max", "400000 100000"},
              {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000"},
              {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000"}};
  EXPECT_EQ(processors("1:cpu:/a\n0::/a\n", mounts, files), 3.0);
  files["/sys/fs/cgroup/unified/a/cpu.max"] = "100000 100000";
  EXPECT_EQ(processors("1:cpu:/a\n0::/a\n", mounts, files), 1.0);
}

TEST(Cgroup, ReadsNamesWithBlanksAndColons) {
  const std::string_view mount = R"(30 23 0:26 / /my\040groups rw - cgroup2 cgroup2 rw)";
  EXPECT_EQ(processors("0::/a:b c\n", mount, {{"/my groups/a:b c/cpu.max", "100000 100000"}}), 1.0);
}

TEST(Cgroup, PassesOverWhatItCannotRead) {
  for (const std::string_view cgroup : {"", "\n\n", "no colons", "0:", "0::", "::", ":::::"})
    for (const std::string_view mounts :
         {"", "\n", "- - - -", "1 2 3 4 5 6 -", "1 2 3 4 5 - cgroup2", "1 2 3 / / rw - cgroup2 x rw\\"})
      EXPECT_EQ(processors(cgroup, mounts, {}), std::nullopt);
}

TEST(AvailableProcessors, FollowsTheAffinityMask) {
  EXPECT_GE(available_processors(), 1u);
  EXPECT_LE(available_processors(), std::max(1u, std::thread::hardware_concurrency()));
  std::jthread([] {
    cpu_set_t mask;
    ASSERT_EQ(sched_getaffinity(0, sizeof(mask), &mask), 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof(mask), &mask), 0);
    EXPECT_EQ(available_processors(), 1u);
  }).join();
}

}  // namespace
}  // namespace libabi::task

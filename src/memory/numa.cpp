#include "pages.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/numa.hpp>

#if ABI_HAS_HWLOC
#include <hwloc.h>
#endif

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <system_error>
#include <type_traits>

#include <unistd.h>

namespace libabi::memory {

namespace {

Result<void> expect_node(const std::vector<NumaNode>& nodes, unsigned index) {
  if (std::ranges::any_of(nodes, [index](const NumaNode& node) { return node.index == index; })) return {};
  return error(ErrorCode::invalid_argument, "there is no memory node {}, this machine has {}", index, nodes.size());
}

// The whole pages within.
std::span<std::byte> whole_pages(std::span<std::byte> bytes) noexcept {
  const std::size_t page = page_bytes();
  const std::size_t before = (page - reinterpret_cast<std::uintptr_t>(bytes.data()) % page) % page;
  if (before >= bytes.size()) return {};
  return bytes.subspan(before, (bytes.size() - before) / page * page);
}

#if ABI_HAS_HWLOC

// The machine, read at the first call and kept for good; null where there was no memory for that, and the next call tries again.
hwloc_topology_t machine() noexcept {
  static constinit std::atomic<hwloc_topology_t> known{nullptr};
  if (hwloc_topology_t already = known.load(std::memory_order_acquire)) return already;
  hwloc_topology_t read = nullptr;
  if (hwloc_topology_init(&read) != 0) return nullptr;
  if (hwloc_topology_load(read) != 0) {
    hwloc_topology_destroy(read);
    return nullptr;
  }
  hwloc_topology_t first = nullptr;
  if (known.compare_exchange_strong(first, read, std::memory_order_acq_rel)) return read;
  hwloc_topology_destroy(read);
  return first;
}

struct FreeBitmap {
  void operator()(hwloc_bitmap_t set) const noexcept { hwloc_bitmap_free(set); }
};
using Bitmap = std::unique_ptr<std::remove_pointer_t<hwloc_bitmap_t>, FreeBitmap>;

std::vector<NumaNode> read_nodes(hwloc_topology_t topology) {
  std::vector<NumaNode> nodes;
  const int count = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
  for (int each = 0; each < count; ++each) {
    const hwloc_obj_t object = hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, static_cast<unsigned>(each));
    NumaNode node{object->os_index, object->attr->numanode.local_memory, {}};
    for (int processor = hwloc_bitmap_first(object->cpuset); processor >= 0;
         processor = hwloc_bitmap_next(object->cpuset, processor))
      node.processors.push_back(static_cast<unsigned>(processor));
    nodes.push_back(std::move(node));
  }
  std::ranges::sort(nodes, {}, &NumaNode::index);
  return nodes;
}

Result<void> bind(std::span<std::byte> pages, const Placement& placement) {
  const Bitmap set(hwloc_bitmap_alloc());
  if (!set || !machine()) return error(ErrorCode::exhausted, "there is no memory to read the machine's memory nodes");
  hwloc_membind_policy_t policy = HWLOC_MEMBIND_BIND;
  if (placement.policy == NumaPolicy::bind) {
    hwloc_bitmap_only(set.get(), placement.node);
  } else {
    policy = placement.policy == NumaPolicy::interleave ? HWLOC_MEMBIND_INTERLEAVE : HWLOC_MEMBIND_FIRSTTOUCH;
    hwloc_bitmap_copy(set.get(), hwloc_topology_get_topology_nodeset(machine()));
  }
  if (hwloc_set_area_membind(machine(), pages.data(), pages.size(), set.get(), policy,
                             HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_MIGRATE) == 0)
    return {};
  const int reason = errno;
  const ErrorCode code = reason == EPERM || reason == EACCES ? ErrorCode::permission_denied
                         : reason == ENOMEM                  ? ErrorCode::exhausted
                                                             : ErrorCode::unsupported;
  return error(code, "the system does not place {} bytes of memory: {}", pages.size(), std::generic_category().message(reason));
}

Result<unsigned> locate(const std::byte& byte) {
  const Bitmap set(hwloc_bitmap_alloc());
  if (!set || !machine()) return error(ErrorCode::exhausted, "there is no memory to read the machine's memory nodes");
  if (hwloc_get_area_memlocation(machine(), &byte, 1, set.get(), HWLOC_MEMBIND_BYNODESET) != 0 || hwloc_bitmap_iszero(set.get()))
    return error(ErrorCode::unsupported, "the system does not tell on which memory node {:#x} lies",
                 reinterpret_cast<std::uintptr_t>(&byte));
  return static_cast<unsigned>(hwloc_bitmap_first(set.get()));
}

#else

Result<void> bind(std::span<std::byte>, const Placement&) { return {}; }
Result<unsigned> locate(const std::byte&) { return 0u; }

#endif

// All that a build without hwloc, or a system that tells nothing, knows of.
NumaNode only_node() {
  NumaNode node{0, 0, {}};
  const auto count = static_cast<unsigned>(std::max(1l, ::sysconf(_SC_NPROCESSORS_CONF)));
  for (unsigned each = 0; each < count; ++each) node.processors.push_back(each);
  return node;
}

}  // namespace

bool numa_is_known() noexcept { return ABI_HAS_HWLOC != 0; }

Result<std::vector<NumaNode>> numa_nodes() {
  return boundary([&]() -> Result<std::vector<NumaNode>> {
    std::vector<NumaNode> nodes;
#if ABI_HAS_HWLOC
    if (!machine()) return error(ErrorCode::exhausted, "there is no memory to read the machine's memory nodes");
    nodes = read_nodes(machine());
#endif
    if (nodes.empty()) nodes.push_back(only_node());
    return nodes;
  });
}

Result<void> place(std::span<std::byte> bytes, const Placement& placement) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const auto nodes, numa_nodes());
    if (placement.policy == NumaPolicy::bind) ABI_TRY(expect_node(nodes, placement.node));
    const auto pages = whole_pages(bytes);
    if (pages.empty() || nodes.size() == 1) return {};
    return bind(pages, placement);
  });
}

Result<unsigned> node_of(const std::byte& byte) {
  return boundary([&]() -> Result<unsigned> {
    ABI_TRY(const auto nodes, numa_nodes());
    if (nodes.size() == 1) return nodes.front().index;
    return locate(byte);
  });
}

}  // namespace libabi::memory

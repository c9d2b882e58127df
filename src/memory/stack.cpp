#include "stack.hpp"

#include <cstdlib>
#include <memory>

#include <unwind.h>

#if ABI_HAS_DW
#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>
#endif

namespace libabi::memory {

namespace {

struct Walk {
  Stack stack;
  std::size_t skipped;
};

_Unwind_Reason_Code step(_Unwind_Context* context, void* argument) {
  auto& walk = *static_cast<Walk*>(argument);
  // The address is the one to come back to; the call itself ends just before it.
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (address == 0 || walk.stack.depth == kStackMax) return _URC_END_OF_STACK;
  if (walk.skipped != 0)
    --walk.skipped;
  else
    walk.stack.addresses[walk.stack.depth++] = address - 1;
  return _URC_NO_REASON;
}

#if ABI_HAS_DW

// Debug information that is not in the files themselves is not looked for: it could be fetched over the network.
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) { return -1; }

struct End {
  void operator()(Dwfl* session) const noexcept { dwfl_end(session); }
};

std::unique_ptr<Dwfl, End> read_this_process() {
  static constexpr Dwfl_Callbacks callbacks{.find_elf = dwfl_linux_proc_find_elf,
                                            .find_debuginfo = find_no_debug_file,
                                            .section_address = nullptr,
                                            .debuginfo_path = nullptr};
  std::unique_ptr<Dwfl, End> session(dwfl_begin(&callbacks));
  if (!session || dwfl_linux_proc_report(session.get(), ::getpid()) != 0 || dwfl_report_end(session.get(), nullptr, nullptr) != 0)
    return nullptr;
  return session;
}

std::string readable(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  return status == 0 && name ? name.get() : symbol;
}

void describe(Dwfl& session, StackFrame& frame) {
  Dwfl_Module* const module = dwfl_addrmodule(&session, frame.address);
  if (!module) return;
  if (const char* const symbol = dwfl_module_addrname(module, frame.address)) frame.function = readable(symbol);
  int line = 0;
  Dwfl_Line* const place = dwfl_module_getsrc(module, frame.address);
  const char* const file = place ? dwfl_lineinfo(place, nullptr, &line, nullptr, nullptr, nullptr) : nullptr;
  if (!file) return;
  frame.file = file;
  frame.line = static_cast<unsigned>(line);
}

#endif

}  // namespace

Stack this_stack(std::size_t skipped) noexcept {
  Walk walk{{}, skipped + 1};
  _Unwind_Backtrace(step, &walk);
  return walk.stack;
}

std::vector<StackFrame> describe(std::span<const std::uintptr_t> addresses) {
  std::vector<StackFrame> frames(addresses.size());
  for (std::size_t each = 0; each < frames.size(); ++each) frames[each].address = addresses[each];
#if ABI_HAS_DW
  if (const auto session = read_this_process())
    for (StackFrame& frame : frames) describe(*session, frame);
#endif
  return frames;
}

bool frames_have_names() noexcept { return ABI_HAS_DW != 0; }

}  // namespace libabi::memory

// Is each part of the core runtime faster than the best of its field, or as fast as the machine allows? The parts are the
// topics of runtime/topics.def; the peers stand in runtime/peer/, and are absent where they are not installed.
#include "report.hpp"

namespace bench {
#define ABI_TOPIC(name) void run_##name(Report& report);
#include "runtime/topics.def"
#undef ABI_TOPIC

namespace {
void run([[maybe_unused]] Report& report) {
#define ABI_TOPIC(name) run_##name(report);
#include "runtime/topics.def"
#undef ABI_TOPIC
}
}  // namespace

extern const Suite suite_runtime;
const Suite suite_runtime{
    .name = "runtime", .question = "is each part of the core runtime faster than the best of its field?", .run = run};

}  // namespace bench

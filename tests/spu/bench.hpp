// The bench: performs a program on an SPU, judges what it did, and shrinks programs that show a
// bug.
//
// Judged are the events, by the specification, and after every drain the buffer's image against
// PMBPTR_EL1 and PMBSR_EL1, by the reader of SPE records.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "checker/check.hpp"
#include "tests/spu/spu.hpp"
#include "traces/header.hpp"

namespace assay::spu {

struct Performance {
  std::vector<traces::TraceEvent> events;
  u64 images = 0;          // buffer images judged
  std::string image_said;  // the first complaint about one; empty: none
};
Performance perform(const Program& program, Implementation implementation, Bug bug = Bug::none);

const traces::Binder& binder();
// The host of a program's trace: one PE, as the design says.
traces::TraceHeader header_of(const Program& program, Implementation implementation);

checker::Report judge(const Program& program, Implementation implementation,
                      const Performance& performance);

// The first thing that is wrong: "spe_record.below_limit", the name of an invariant, "buffer.image"
// for an image that does not fit its pointer, "skipped" for an event that was not judged. Empty
// when all is well.
std::string first_complaint(const checker::Report& report, const Performance& performance);
std::string complaint_of(const Program& program, Implementation implementation, Bug bug);

// The events as a trace that expects to violate `check`.
std::string trace_text(const Program& program, const SeededBug& bug);

// Deletes stimuli as long as `fails` still holds: first runs of them, then one by one until none
// can be spared. The result is 1-minimal.
Program minimised(Program program, const std::function<bool(const Program&)>& fails);

}  // namespace assay::spu

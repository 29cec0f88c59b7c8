// What a target does that no rule speaks of: it dies, hangs, answers nonsense, or its kernel logs a
// warning or worse.
#pragma once
#include "gen/campaign.hpp"

namespace assay::gen {

// A violation for each, named by the kernel's report where there is one ("WARNING in
// kvm_timer_update_irq < kvm_timer_vcpu_load_gic"), else by the call under way ("hang in
// vcpu_run"). The specification's rules are not asked.
std::vector<Violation> defects_of(const Program& program, const Answers& answers);

}  // namespace assay::gen

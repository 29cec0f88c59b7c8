#include "spec/kvm/stages.hpp"

#include "model/domain.hpp"
#include "spec/system.hpp"

namespace assay {
namespace {

const char* text_of(Runs runs) {
  switch (runs) {
    case Runs::none: return "never";
    case Runs::every: return "every run";
    case Runs::of_another_task: return "a run of another task";
    case Runs::first: return "the first run";
  }
  return "?";
}

template <class Parts>
StageInfo info_of(const char* name, const char* rule, const Parts& parts) {
  StageInfo stage{name, rule, {}};
  for (const auto& part : parts) stage.parts.push_back({part.name, part.source, ""});
  return stage;
}

StageInfo way_in(const char* name, const char* rule, Runs RunPart<Concrete>::*runs) {
  StageInfo stage{name, rule, {}};
  for (const RunPart<Concrete>& part : on_the_way_in<Concrete>)
    if (part.*runs != Runs::none)
      stage.parts.push_back({part.name, part.source, text_of(part.*runs)});
  return stage;
}

}  // namespace

const std::vector<StageInfo>& arm64_stages() {
  static const std::vector<StageInfo> all = {
      info_of("at_vm_creation", "create_vm", at_vm_creation<Concrete>),
      info_of("at_check_extension", "check_extension", at_check_extension<Concrete>),
      info_of("before_slot_changes", "set_user_memory_region", before_slot_changes<Concrete>),
      info_of("after_slot_changed", "set_user_memory_region", after_slot_changed<Concrete>),
      info_of("limits_of_vcpus", "create_vcpu", limits_of_vcpus<Concrete>),
      info_of("before_vcpu_creation", "create_vcpu", before_vcpu_creation<Concrete>),
      info_of("at_vcpu_creation", "create_vcpu", at_vcpu_creation<Concrete>),
      info_of("after_vcpu_creation", "create_vcpu", after_vcpu_creation<Concrete>),
      info_of("at_first_init", "vcpu_init", at_first_init<Concrete>),
      info_of("at_reset", "vcpu_init", at_reset<Concrete>),
      info_of("after_reset", "vcpu_init", after_reset<Concrete>),
      info_of("after_init", "vcpu_init", after_init<Concrete>),
      info_of("at_vcpu_put", "vcpu_put", at_vcpu_put<Concrete>),
      way_in("way_in_of_run", "vcpu_run", &RunPart<Concrete>::run),
      way_in("way_in_of_entry", "guest_entry", &RunPart<Concrete>::entry),
      info_of("interrupt_owners", "pmu_init", interrupt_owners<Concrete>),
      info_of("refusals", "vcpu_run", refusals<Concrete>),
  };
  return all;
}

}  // namespace assay

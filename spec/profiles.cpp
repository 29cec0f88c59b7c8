#include "spec/profiles.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace assay {
namespace {

using enum Behaviour;

constexpr std::array profiles{
    Profile{
        "documented", Precedence::documented,
        behaviour_set(features_belong_to_vm, generic_target_accepted, default_pmu_at_init,
                      pmu_nr_counters, id_registers_writable, later_registers,
                      vgic_registers_before_init, timer_interrupts_of_vm, documented_alternatives)},
    Profile{"linux-6.1", Precedence::exact, 0},
    Profile{"linux-6.12", Precedence::exact,
            behaviour_set(features_belong_to_vm, generic_target_accepted, default_pmu_at_init,
                          id_registers_writable, timer_interrupts_of_vm)},
    Profile{"linux-7.2", Precedence::exact,
            behaviour_set(features_belong_to_vm, generic_target_accepted, default_pmu_at_init,
                          nested_features_known, pmu_nr_counters, id_registers_writable,
                          later_registers, vgic_registers_before_init, timer_interrupts_of_vm)},
    Profile{"arm-dl-kept", Precedence::documented,
            behaviour_set(features_belong_to_vm, generic_target_accepted, default_pmu_at_init,
                          pmu_nr_counters, id_registers_writable, later_registers,
                          vgic_registers_before_init, timer_interrupts_of_vm,
                          documented_alternatives, spe_dl_kept_at_boundary)},
    Profile{"spe-v4", Precedence::exact,
            behaviour_set(spe_series, spe_lock_leaks, spe_irq_unchecked, spe_stop_ignores_unknown,
                          spe_status_set_quietly, spe_nevfr_shared, spe_cpu_flag_stays)},
    Profile{"spe-v5", Precedence::exact,
            behaviour_set(spe_series, spe_v5, spe_lock_leaks, spe_irq_unchecked,
                          spe_stop_ignores_unknown, spe_status_set_quietly, spe_nevfr_shared,
                          spe_cpu_flag_stays, spe_tags_stay_pending)},
    Profile{"spe-v4-vhe", Precedence::exact,
            behaviour_set(spe_series, spe_lock_leaks, spe_irq_unchecked, spe_stop_ignores_unknown,
                          spe_status_set_quietly, spe_nevfr_shared, spe_cpu_flag_stays,
                          spe_switch_vhe)},
    Profile{"spe-v4-nvhe", Precedence::exact,
            behaviour_set(spe_series, spe_lock_leaks, spe_irq_unchecked, spe_stop_ignores_unknown,
                          spe_status_set_quietly, spe_nevfr_shared, spe_cpu_flag_stays,
                          spe_switch_nvhe)},
    Profile{"spe-v5-vhe", Precedence::exact,
            behaviour_set(spe_series, spe_v5, spe_lock_leaks, spe_irq_unchecked,
                          spe_stop_ignores_unknown, spe_status_set_quietly, spe_nevfr_shared,
                          spe_cpu_flag_stays, spe_tags_stay_pending, spe_switch_vhe)},
    Profile{"spe-v5-nvhe", Precedence::exact,
            behaviour_set(spe_series, spe_v5, spe_lock_leaks, spe_irq_unchecked,
                          spe_stop_ignores_unknown, spe_status_set_quietly, spe_nevfr_shared,
                          spe_cpu_flag_stays, spe_tags_stay_pending, spe_switch_nvhe)},
    Profile{"spe-intent", Precedence::exact, behaviour_set(spe_series, spe_v5)},
    Profile{"spe-v6", Precedence::exact, behaviour_set(spe_series, spe_v5, spe_pins_buffer)},
    Profile{"spe-fault-resume", Precedence::exact,
            behaviour_set(spe_series, spe_v5, spe_takes_faults)},
    Profile{"spe-fault-discard", Precedence::exact,
            behaviour_set(spe_series, spe_v5, spe_takes_faults, spe_discards_on_fault)},
    Profile{
        "arm-asl", Precedence::documented,
        behaviour_set(features_belong_to_vm, generic_target_accepted, default_pmu_at_init,
                      pmu_nr_counters, id_registers_writable, later_registers,
                      vgic_registers_before_init, timer_interrupts_of_vm, documented_alternatives,
                      spe_dl_kept_at_boundary, spe_dl_never_set_by_fault)},
};

const Profile* named(std::string_view name) {
  const auto at = std::find_if(profiles.begin(), profiles.end(),
                               [name](const Profile& p) { return p.name == name; });
  return at == profiles.end() ? nullptr : &*at;
}

}  // namespace

std::span<const Profile> arm64_profiles() { return profiles; }

const Profile* profile_for_release(std::string_view release) {
  int major = 0, minor = 0;
  const char* end = release.data() + release.size();
  auto [after_major, bad_major] = std::from_chars(release.data(), end, major);
  if (bad_major != std::errc{} || after_major == end || *after_major != '.') return nullptr;
  auto [after_minor, bad_minor] = std::from_chars(after_major + 1, end, minor);
  if (bad_minor != std::errc{} || after_minor == nullptr) return nullptr;
  auto at_least = [&](int a, int b) { return major > a || (major == a && minor >= b); };
  if (at_least(6, 16)) return named("linux-7.2");
  if (at_least(6, 7)) return named("linux-6.12");
  return named("linux-6.1");
}

const Profile* profile_of_kernel(std::string_view release) {
  const std::size_t dot = release.find('.');
  const std::size_t end =
      release.find_first_not_of("0123456789", std::min(dot, release.size()) + 1);
  return dot == std::string_view::npos ? nullptr
                                       : named("linux-" + std::string(release.substr(0, end)));
}

std::string_view name_of(Behaviour b) {
  switch (b) {
    case features_belong_to_vm: return "features_belong_to_vm";
    case generic_target_accepted: return "generic_target_accepted";
    case default_pmu_at_init: return "default_pmu_at_init";
    case nested_features_known: return "nested_features_known";
    case pmu_nr_counters: return "pmu_nr_counters";
    case id_registers_writable: return "id_registers_writable";
    case later_registers: return "later_registers";
    case vgic_registers_before_init: return "vgic_registers_before_init";
    case timer_interrupts_of_vm: return "timer_interrupts_of_vm";
    case documented_alternatives: return "documented_alternatives";
    case spe_dl_kept_at_boundary: return "spe_dl_kept_at_boundary";
    case spe_dl_never_set_by_fault: return "spe_dl_never_set_by_fault";
    case spe_series: return "spe_series";
    case spe_v5: return "spe_v5";
    case spe_pins_buffer: return "spe_pins_buffer";
    case spe_takes_faults: return "spe_takes_faults";
    case spe_discards_on_fault: return "spe_discards_on_fault";
    case spe_lock_leaks: return "spe_lock_leaks";
    case spe_irq_unchecked: return "spe_irq_unchecked";
    case spe_stop_ignores_unknown: return "spe_stop_ignores_unknown";
    case spe_status_set_quietly: return "spe_status_set_quietly";
    case spe_nevfr_shared: return "spe_nevfr_shared";
    case spe_cpu_flag_stays: return "spe_cpu_flag_stays";
    case spe_tags_stay_pending: return "spe_tags_stay_pending";
    case spe_switch_vhe: return "spe_switch_vhe";
    case spe_switch_nvhe: return "spe_switch_nvhe";
    case count_: break;
  }
  return "?";
}

}  // namespace assay

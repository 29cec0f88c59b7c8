// What single events keep of a guest's PEBS (PB-2, PB-3, PB-6, PB-9): which records are lost, and
// which tell the guest something wrong.
#pragma once
#include "spec/x86/pebs/buffer.hpp"
#include "spec/x86/pebs/cpuid.hpp"
#include "spec/x86/pebs/invariants.hpp"
#include "spec/x86_subject.hpp"

namespace assay::x86 {

template <class D>
const PebsVcpu<D>& pebs_before(const Taken<D>& t) {
  return t.before.vcpu[t.vcpu()].pebs;
}
template <class D>
const PebsVcpu<D>& pebs_after(const Taken<D>& t) {
  return t.after.vcpu[t.vcpu()].pebs;
}

template <class D>
void pebs_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (!is_kernel(t.profile)) return;
  if (t.template as<PebsDrain<D>>() != nullptr) {
    const PebsVcpu<D>& p = pebs_before(t);
    say("guest_sees_only_virtual_counter_indexes",
        !names_wrong_counters<D>(p) || p.slow.failed || !p.buffer.lawful, "PEBS-v3; PB-9");
  }
  if (t.template as<PebsPmiInjected<D>>() != nullptr) {
    const PebsVcpu<D>& p = pebs_after(t);
    say("pmi_only_after_rewrite", !names_wrong_counters<D>(p) || p.slow.failed || !p.buffer.lawful,
        "PEBS-v3; PB-9");
  }
  if (t.names_vcpu() && !t.template is_one_of<PebsDrain<D>, PebsProgram<D>>())
    say("index_monotone_until_reset", pebs_before(t).buffer.index <= pebs_after(t).buffer.index,
        "SDM PEBS; PB-3");
  if (const auto* record = t.template as<PebsRecord<D>>()) {
    const PebsVcpu<D>& p = pebs_before(t);
    const Word<D, 8> of = overflowed_counters<D>(p, record->counters);
    say("record_is_of_an_enabled_counter",
        host_counters<D>(p, of, false) == record->counters && (of & ~armed_counters<D>(p)) == 0,
        "core.c:intel_guest_get_msrs; PB-2");
    say("reload_is_the_guests",
        !reset_values_are_wrong<D>(p, record->counters) || p.slow.failed || !p.buffer.lawful,
        "PEBS-v3; PB-9");
  }
}

// What an event that could break it leaves true, of states that nobody has promised there.
template <class D>
void stays_true(const Taken<D>& t, const SayProperty<D>& say, const char* name,
                Flag<D> (*holds)(const Vm<D>&), const char* source) {
  say(name, !holds(t.before) || holds(t.after), source);
}
// Of what userspace sets.
template <class D>
void pebs_setting_questions(const Taken<D>& t, const SayProperty<D>& say) {
  stays_true<D>(t, say, "buffer_overflow_reaches_the_guest", buffer_overflow_reaches_the_guest<D>,
                "PB-4, PB-5");
  stays_true<D>(t, say, "pebs_enable_is_allowed", pebs_enable_is_allowed<D>, "PB-1");
  if (is_merged_pebs(t.profile))
    stays_true<D>(t, say, "pebs_unavailable_stays_true", pebs_unavailable_tells_the_truth<D>,
                  "PB-7; B-20");
}
template <class D>
void pebs_state_questions(const Taken<D>& t, const SayProperty<D>& say) {
  if (t.template as<SetCpuid2<D>>() != nullptr) pebs_setting_questions(t, say);
  if (t.template as<PebsEnter<D>>() != nullptr && is_merged_pebs(t.profile))
    stays_true<D>(t, say, "every_guest_counter_is_enabled", every_guest_counter_has_pebs<D>,
                  "PEBS-v3; PB-2");
  if (t.template as<PebsOverflow<D>>() == nullptr) return;
  if (!is_pebs_as_meant(t.profile))
    stays_true<D>(t, say, "overflows_are_never_ignored", no_overflow_is_ignored<D>, "PB-5");
  if (is_merged_pebs(t.profile))
    stays_true<D>(t, say, "full_buffer_was_announced", full_buffer_is_announced<D>, "PB-5; B-19");
}

// The seed's questions: which records can be lost, and when.
template <class D>
void pebs_questions(const Taken<D>& t, const SayProperty<D>& say) {
  if (!is_kernel(t.profile)) return;
  pebs_state_questions(t, say);
  if (t.template as<PebsMissed<D>>() != nullptr) {
    const PebsVcpu<D>& p = pebs_before(t);
    const Flag<D> host = any<D>(t.before.cpu, [&](const auto& at, std::size_t i) {
      return p.cpu == Word<D, 16>(i) && at.pebs.host_pebs;
    });
    say("every_overflow_leaves_a_record", !p.entering, "B-18");
    say("only_the_hosts_pebs_costs_records", !p.entering || host, "B-18");
  }
}

}  // namespace assay::x86

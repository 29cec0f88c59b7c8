// What is always true of a guest's PEBS (PB-1 to PB-11), or was promised.
#pragma once
#include "spec/x86/pebs/pmi.hpp"
#include "spec/x86/pebs/switch.hpp"

namespace assay::x86 {

// PB-3: of a buffer that was programmed lawfully the index stays within it.
template <class D>
Flag<D> no_record_past_absolute_maximum(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsBuffer<D>& b = c.pebs.buffer;
    return !b.lawful || (b.base <= b.index && b.index <= b.maximum);
  });
}

// PB-11: on a CPU where the host uses PEBS, no guest runs with it.
template <class D>
Flag<D> guest_pebs_disabled_while_host_uses_pebs(const Vm<D>& vm) {
  return all<D>(vm.cpu, [&](const auto& at, std::size_t i) {
    return !at.pebs.host_pebs || all<D>(vm.vcpu, [&](const auto& c) {
      return !c.pebs.entering || c.pebs.cpu != Word<D, 16>(i) || c.pebs.hardware == 0;
    });
  });
}

// PB-2: hardware has PEBS for counters of the guest only, which the guest has enabled.
template <class D>
Flag<D> hardware_pebs_is_the_guests(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const Word<D, 8> guests = host_counters<D>(c.pebs, armed_counters<D>(c.pebs), false);
    return (c.pebs.hardware & ~guests) == 0;
  });
}

// Where the host does not use PEBS, every counter that the guest has enabled and that counts has
// it. The merged code leaves out those that are cross-mapped.
template <class D>
Flag<D> every_guest_counter_has_pebs(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    const Word<D, 8> guests = host_counters<D>(c.pebs, armed_counters<D>(c.pebs), false);
    const Flag<D> host = any<D>(vm.cpu, [&](const auto& at, std::size_t i) {
      return c.pebs.cpu == Word<D, 16>(i) && at.pebs.host_pebs;
    });
    return !c.pebs.entering || host || c.pebs.hardware == guests;
  });
}

// Without the slow path hardware has PEBS only for counters of the same number.
template <class D>
Flag<D> cross_mapped_counters_have_no_pebs(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    Flag<D> straight = (c.pebs.hardware & ~Word<D, 8>((1u << pebs_counters) - 1)) == 0;
    for (unsigned i = 0; i < pebs_counters; ++i)
      straight = straight && (!bit(plain(c.pebs.hardware), i) || c.pebs.host_of[i] == i + 1);
    return straight;
  });
}

// PB-4, PB-5: a guest whose bit 62 is set was interrupted, or will be.
template <class D>
Flag<D> buffer_overflow_reaches_the_guest(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return !bit(plain(c.pebs.msr.global_status), buffer_overflow) || c.pebs.pmi.asked ||
           c.pebs.pmi.told;
  });
}

// PB-5: of a full buffer the guest was told, or will be, so that records are lost for its delay
// only. An overflow that comes while its counter is about to be reprogrammed is ignored.
template <class D>
Flag<D> full_buffer_is_announced(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsVcpu<D>& p = c.pebs;
    return !p.buffer.lawful || p.buffer.index < p.buffer.maximum || is_announced<D>(p) ||
           p.pmi.ignored;
  });
}
template <class D>
Flag<D> no_overflow_is_ignored(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return Flag<D>(!c.pebs.pmi.ignored); });
}

// PB-1: IA32_PEBS_ENABLE names counters only that the vCPU has.
template <class D>
Flag<D> pebs_enable_is_allowed(const Vm<D>& vm) {
  return all<D>(vm.vcpu,
                [](const auto& c) { return (c.pebs.msr.enable & ~pebs_capable<D>(c.pebs)) == 0; });
}

// PB-8.
template <class D>
Flag<D> accepted_pebs_is_the_hosts(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    const Word<D, 64> accepted = plain(c.pebs.msr.capabilities);
    const Word<D, 64> offered = plain(vm.host.pebs.perf_capabilities);
    return (accepted & Word<D, 64>(caps_pebs_format)) == 0 ||
           ((accepted ^ offered) & Word<D, 64>(caps_pebs)) == 0;
  });
}

// PB-7, B-20.
template <class D>
Flag<D> pebs_unavailable_tells_the_truth(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return !c.created || iff(c.pebs.msr.pebs_unavailable, !offers_pebs<D>(c.pebs));
  });
}

// PB-10: while cross-mapped counters write records, each of them interrupts.
template <class D>
Flag<D> one_record_threshold(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsVcpu<D>& p = c.pebs;
    const Flag<D> concerned =
        p.entering && p.hardware != 0 && p.slow.crossed && p.buffer.lawful && !p.slow.failed;
    return !concerned || p.buffer.threshold == p.buffer.base + Num<D>(pebs_record_bytes);
  });
}

// KVM's translation is that of the guest's DS area while counters with PEBS are enabled.
template <class D>
Flag<D> translation_is_of_the_ds_area(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsSlowPath<D>& s = c.pebs.slow;
    const Flag<D> some = (c.pebs.msr.enable & c.pebs.msr.global_ctrl) != 0;
    return !some || (s.cached && !s.stale && s.cached_area == c.pebs.msr.ds_area);
  });
}

// The slow path writes to the DS area of the guest, and to no other page.
template <class D>
Flag<D> kvm_writes_only_the_ds_area(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return Flag<D>(!c.pebs.slow.strayed); });
}

// --- what the claims rest on ----------------------------------------------------------------

// IA32_PEBS_ENABLE of the hardware is the guest's from its entry to its exit only.
template <class D>
Flag<D> hardware_pebs_ends_with_the_guest(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return c.pebs.entering || c.pebs.hardware == 0; });
}

// perf has one event on a host counter.
template <class D>
Flag<D> host_counters_have_one_event(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    Flag<D> apart = true;
    for (unsigned i = 0; i < pebs_counters; ++i) {
      apart = apart && c.pebs.host_of[i] <= host_pmcs;
      for (unsigned j = i + 1; j < pebs_counters; ++j)
        apart = apart && (c.pebs.host_of[i] == 0 || c.pebs.host_of[i] != c.pebs.host_of[j]);
    }
    return apart;
  });
}

// A vCPU that does not exist has no PEBS.
template <class D>
Flag<D> absent_vcpu_has_no_pebs(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return c.created || (c.pebs.msr.capabilities == 0 && !c.pebs.entering && !c.in_guest);
  });
}

// A buffer that was programmed lawfully stays so.
template <class D>
Flag<D> lawful_buffer_stays_lawful(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsBuffer<D>& b = c.pebs.buffer;
    const auto whole = [](const auto& n) { return is_multiple_of(plain(n), pebs_record_bytes); };
    return !b.lawful || (b.base < b.threshold && b.threshold <= b.maximum && whole(b.base) &&
                         whole(b.index) && whole(b.maximum) && whole(b.threshold));
  });
}

// Without the slow path every record names the guest's counters, and the slots of the DS area hold
// what the guest wrote.
template <class D>
Flag<D> records_are_right_without_help(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    Flag<D> same = !names_wrong_counters<D>(c.pebs);
    for (unsigned i = 0; i < pebs_counters; ++i)
      same = same && c.pebs.buffer.reset[i] == c.pebs.buffer.wanted[i];
    return same;
  });
}

// While the guest runs, KVM knows whether counters are cross-mapped.
template <class D>
Flag<D> crossing_is_known(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const Word<D, 8> armed = armed_counters<D>(c.pebs);
    return !c.pebs.entering || armed == 0 ||
           iff(c.pebs.slow.crossed, is_cross_mapped<D>(c.pebs, armed));
  });
}

// The threshold is limited, or will be before a cross-mapped counter writes.
template <class D>
Flag<D> threshold_is_or_will_be_limited(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsVcpu<D>& p = c.pebs;
    return armed_counters<D>(p) == 0 || !p.buffer.lawful || p.slow.failed ||
           p.slow.need_threshold || p.buffer.threshold == p.buffer.base + Num<D>(pebs_record_bytes);
  });
}

// A record that names host counters is on its way to be rewritten.
template <class D>
Flag<D> wrong_record_will_be_rewritten(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    const PebsVcpu<D>& p = c.pebs;
    return !names_wrong_counters<D>(p) || (p.pmi.due && p.slow.crossed) || p.slow.need_records ||
           p.slow.failed || !p.buffer.lawful;
  });
}

// As the cover letter has it, a translation ends where the guest disables PEBS.
template <class D>
Flag<D> translation_ends_with_pebs(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return !c.pebs.slow.cached || (c.pebs.msr.enable != 0 && !c.pebs.slow.stale);
  });
}

// Until records are rewritten the guest does not run.
template <class D>
Flag<D> rewrite_keeps_the_guest_out(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return !c.pebs.slow.need_records || (!c.pebs.pmi.due && !c.in_guest);
  });
}

// The hardware reloads what the guest wrote.
template <class D>
Flag<D> reset_values_are_in_place(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return !reset_values_are_wrong<D>(c.pebs, plain(c.pebs.hardware)) || c.pebs.slow.failed ||
           !c.pebs.buffer.lawful;
  });
}

}  // namespace assay::x86

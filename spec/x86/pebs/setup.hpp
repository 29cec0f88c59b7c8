// What KVM prepares for cross-mapped counters when the guest enables counters with PEBS (series v3,
// patches 14 and 16).
#pragma once
#include "spec/x86/pebs/counters.hpp"

namespace assay::x86 {

// The DS area is translated, once for each value of IA32_DS_AREA.
template <class D>
void translate_ds_area(Step<D>& k, PebsVcpu<D>& p) {
  k.when(p.msr.enable != 0 && (!p.slow.cached || p.slow.cached_area != p.msr.ds_area), [&] {
    k.set(p.slow.cached, true);
    k.set(p.slow.cached_area, p.msr.ds_area);
    k.set(p.slow.stale, false);
  });
}

// IA32_PERF_GLOBAL_CTRL was changed, and enables counters with PEBS: intel_pmu_pebs_setup().
template <class D>
void set_up_slow_path(Step<D>& k, PebsVcpu<D>& p) {
  Word<D, 8> counting(0);
  for (unsigned i = 0; i < pebs_counters; ++i)
    counting = counting | ite(bit(plain(p.msr.event_select[i]), eventsel_enable),
                              Word<D, 8>(u64{1} << i), Word<D, 8>(0));
  const Flag<D> some = (field_bits<8>(plain(p.msr.enable), 0) & counting) != 0;
  k.set(p.slow.need_threshold, some);
  k.set(p.slow.need_save, some);
  translate_ds_area<D>(k, p);
}

// The cover letter says that the threshold is limited in the slow path, whichever register enables
// a counter.
template <class D>
void set_up_as_meant(Step<D>& k, PebsVcpu<D>& p) {
  if (!k.is(Behaviour::pebs_slow_path_as_meant)) return;
  k.when((p.msr.global_ctrl & p.msr.enable) != 0, [&] { set_up_slow_path<D>(k, p); });
}

// The cover letter: the translation is valid until the guest disables PEBS. As posted, until
// IA32_DS_AREA changes.
template <class D>
void forget_translation(Step<D>& k, PebsVcpu<D>& p) {
  if (!k.is(Behaviour::pebs_slow_path_as_meant)) return;
  k.when(p.msr.enable == 0, [&] { k.set(p.slow.cached, false); });
}

}  // namespace assay::x86

// What single events keep of a guest's LPIs.
#pragma once
#include "spec/kvm/migration/entry.hpp"
#include "spec/kvm/migration/forwarding.hpp"
#include "spec/kvm/migration/restore.hpp"
#include "spec/kvm/migration/save.hpp"

namespace assay {

template <class D>
void migration_properties(const TakenMigration<D>& t, const SayProperty<D>& say) {
  if (const auto* bit = t.template as<SavePendingBit<D>>()) {
    const Flag<D> reads = Flag<D>(t.profile.is(GicBehaviour::vpt_can_be_read));
    say("vpt_read_only_when_unmapped",
        of_entry<D>(t.before.source.lpi, bit->lpi,
                    [&](const auto& l, std::size_t) {
                      return !l.forwarded || !reads || t.before.source.gic.unmapped;
                    }),
        "GIC-6.4; VL-4");
  }
  if (t.template as<Resume<D>>() != nullptr)
    say("guest_finds_its_mappings",
        t.before.step.resume || all<D>(t.before.source.lpi,
                                       [&](const auto& s, std::size_t i) {
                                         const auto& d = t.after.destination.lpi[i];
                                         return iff(plain(s.mapped), plain(d.mapped)) &&
                                                (!s.mapped || s.vcpu == d.vcpu);
                                       }),
        "ITS-4; VLPI-0");
  if (const auto* taken = t.template as<LpiTaken<D>>())
    say("taken_interrupt_was_sent",
        of_entry<D>(t.before.interrupt, taken->lpi,
                    [&](const auto& i, std::size_t) { return i.owed || t.before.step.cancelled; }),
        "VL-3: the guest sees it once");
  if (const auto* transfer = t.template as<VlpiTransfer<D>>()) {
    const auto keeps = [&](const auto& machine, const auto& after) {
      return of_entry<D>(machine.lpi, transfer->lpi, [&](const auto& l, std::size_t i) {
        return !is_pending<D>(l) || is_pending<D>(after.lpi[i]);
      });
    };
    say("transfer_keeps_what_is_pending",
        (transfer->vm != 0 || keeps(t.before.source, t.after.source)) &&
            (transfer->vm != 1 || keeps(t.before.destination, t.after.destination)),
        "VL-3; VLPI-3");
  }
}

// VL-7: what a call saves stays where it was. Its own events are asked one by one.
template <class D>
void saving_properties(const TakenMigration<D>& t, const SayProperty<D>& say) {
  if (!t.template is_one_of<SavePendingStart<D>, SavePendingBit<D>, SavePendingEnd<D>>()) return;
  say("saving_keeps_what_is_pending",
      all_changed(t, t.before.source.lpi, t.after.source.lpi,
                  [](const auto& a, const auto& b, std::size_t) {
                    return iff(is_pending<D>(a), is_pending<D>(b));
                  }),
      "VL-7");
}

// Nobody has promised it: the series names it as a limit.
template <class D>
void migration_questions(const TakenMigration<D>& t, const SayProperty<D>& say) {
  if (const auto* unmap = t.template as<VlpiUnmap<D>>()) {
    const auto keeps = [&](const auto& before, const auto& after) {
      return of_entry<D>(before.lpi, unmap->lpi, [&](const auto& l, std::size_t i) {
        return !is_pending<D>(l) || is_pending<D>(after.lpi[i]);
      });
    };
    say("unset_forwarding_keeps_what_is_pending",
        (unmap->vm != 0 || keeps(t.before.source, t.after.source)) &&
            (unmap->vm != 1 || keeps(t.before.destination, t.after.destination)),
        "VL-12");
  }
}

}  // namespace assay

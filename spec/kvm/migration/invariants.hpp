// What is true of a guest's LPIs whatever happens, on either machine and on the way between them.
#pragma once
#include "spec/kvm/migration/order.hpp"
#include "spec/kvm/migration/restore.hpp"
#include "spec/kvm/migration/save.hpp"

namespace assay {

constexpr bool forwards(const Profile& p) { return p.is(GicBehaviour::forwards); }

// Says holds(lpi on the machine, interrupt) of every LPI where the guest is.
template <class D, class F>
Flag<D> all_where_the_guest_is(const Migration<D>& m, F&& holds) {
  const auto on = [&](const auto& machine) {
    return all<D>(machine.lpi,
                  [&](const auto& l, std::size_t i) { return holds(l, m.interrupt[i]); });
  };
  return (m.step.resume || on(m.source)) && (!m.step.resume || on(m.destination));
}
// Says holds(source, destination, interrupt) of every LPI.
template <class D, class F>
Flag<D> all_lpis(const Migration<D>& m, F&& holds) {
  return all<D>(m.source.lpi,
                [&](const auto& s, std::size_t i) {
                  return holds(s, m.destination.lpi[i], m.interrupt[i]);
                }) &&
         all<D>(m.destination.lpi, [&](const auto& d, std::size_t i) {
           return holds(m.source.lpi[i], d, m.interrupt[i]);
         });
}

// --- the claims that a user of the workflow has -------------------------------------------------

// An interrupt that a device sent and the guest has not taken is pending where the guest is.
template <class D>
Flag<D> no_interrupt_lost(const Migration<D>& m) {
  return all<D>(m.interrupt, [&](const auto& interrupt, std::size_t i) {
    const Flag<D> is_there = (!m.step.resume && is_pending<D>(m.source.lpi[i])) ||
                             (m.step.resume && is_pending<D>(m.destination.lpi[i]));
    return !interrupt.owed || is_there;
  });
}

// What is pending where the guest is was sent.
template <class D>
Flag<D> nothing_is_invented(const Migration<D>& m) {
  return all_where_the_guest_is<D>(
      m, [](const auto& l, const auto& i) { return !is_pending<D>(l) || i.owed; });
}
template <class D>
Flag<D> no_interrupt_invented(const Migration<D>& m) {
  return m.step.cancelled || nothing_is_invented<D>(m);
}
template <class D>
Flag<D> no_interrupt_invented_after_a_cancelled_migration(const Migration<D>& m) {
  return !m.step.cancelled || nothing_is_invented<D>(m);
}

// Until the guest moves, guest memory of the source holds the pending state of each mapped LPI from
// SAVE_PENDING_TABLES on, whoever has it: KVM's latch or the hardware.
template <class D>
Flag<D> pending_state_is_saved(const Migration<D>& m) {
  const Flag<D> concerned = m.step.save_pending_end && !m.step.resume;
  return !concerned || all<D>(m.source.lpi, [](const auto& l) {
    return !l.mapped || iff(plain(l.table), is_pending<D>(l));
  });
}
// The destination has it once the tables are restored.
template <class D>
Flag<D> pending_state_survives_migration(const Migration<D>& m) {
  const Flag<D> concerned = m.step.its_restore_tables && !m.step.resume;
  return !concerned || all_lpis<D>(m, [](const auto& s, const auto& d, const auto&) {
    return iff(is_pending<D>(s), is_pending<D>(d));
  });
}
// ITS-4: what is restored translates as what was saved.
template <class D>
Flag<D> mappings_survive_migration(const Migration<D>& m) {
  const Flag<D> concerned = m.step.its_restore_tables && !m.step.resume;
  return !concerned || all_lpis<D>(m, [](const auto& s, const auto& d, const auto&) {
    return iff(plain(s.mapped), plain(d.mapped)) && (!s.mapped || s.vcpu == d.vcpu);
  });
}

// --- KVM and the hardware -----------------------------------------------------------------------

// VL-5: outside of SAVE_PENDING_TABLES each vPE is mapped, also after one that failed.
template <class D>
Flag<D> vpes_are_mapped_outside_of_saving(const Migration<D>& m) {
  return (!m.source.gic.unmapped || m.step.saving) && !m.destination.gic.unmapped;
}
// VL-1: what the hardware has is neither in the latch nor in a list register.
template <class D>
Flag<D> forwarded_lpi_has_one_pending_source(const Migration<D>& m) {
  const auto has_one = [](const auto& l) {
    return !l.forwarded || l.unfinished || (!l.latch && !l.listed);
  };
  return all<D>(m.source.lpi, has_one) && all<D>(m.destination.lpi, has_one);
}
// ITS-6, ITS-8: only what is mapped is pending, listed or forwarded.
template <class D>
Flag<D> only_mapped_lpis_are_pending(const Migration<D>& m) {
  const auto is_mapped = [](const auto& l) {
    return (l.mapped || (!l.latch && !l.listed && !l.forwarded && !l.unfinished)) &&
           (l.forwarded || !l.vlpi.pending);
  };
  return all<D>(m.source.lpi, is_mapped) && all<D>(m.destination.lpi, is_mapped);
}
template <class D>
Flag<D> listed_lpi_is_of_a_vcpu_in_guest(const Migration<D>& m) {
  const auto of = [](const auto& machine) {
    return all<D>(machine.lpi, [&](const auto& l) {
      return !l.listed || vcpu_is_in_guest<D>(machine, plain(l.vcpu));
    });
  };
  return of(m.source) && of(m.destination);
}
template <class D>
Flag<D> unfinished_forwarding_halts_the_guest(const Migration<D>& m) {
  const auto of = [](const auto& machine) {
    return all<D>(machine.lpi, [&](const auto& l) {
      return !l.unfinished || (l.forwarded && !some_vcpu_is_in_guest<D>(machine));
    });
  };
  return of(m.source) && of(m.destination);
}
// vCPUs are paused once KVM is through with forwarding that it sets up.
template <class D>
Flag<D> paused_vcpus_have_forwarding_set_up(const Migration<D>& m) {
  return guest_runs<D>(m) || all<D>(m.source.lpi, [](const auto& l) { return !l.unfinished; });
}
// GIC-6.4: while KVM saves what the hardware has, the hardware has no VPT.
template <class D>
Flag<D> vpes_are_unmapped_while_saving(const Migration<D>& m) {
  return !m.step.saving || m.source.gic.unmapped;
}
// Without GICv4.1 KVM unmaps no vPE while the VM lives.
template <class D>
Flag<D> vpes_stay_mapped(const Migration<D>& m) {
  return !m.source.gic.unmapped && !m.destination.gic.unmapped;
}
// Without direct injection all interrupts are KVM's.
template <class D>
Flag<D> nothing_is_forwarded(const Migration<D>& m) {
  const auto is_software = [](const auto& l) { return !l.forwarded && !l.unfinished; };
  return all<D>(m.source.lpi, is_software) && all<D>(m.destination.lpi, is_software);
}
constexpr bool forwards_nothing(const Profile& p) { return !forwards(p); }
constexpr bool cannot_read_vpt(const Profile& p) {
  return forwards(p) && !p.is(GicBehaviour::vpt_can_be_read);
}
constexpr bool reads_vpt(const Profile& p) { return p.is(GicBehaviour::vpt_can_be_read); }
// Paused vCPUs are out of the guest, and their vPEs are not resident.
template <class D>
Flag<D> paused_vcpus_are_put(const Migration<D>& m) {
  return guest_runs<D>(m) || !some_vcpu_is_locked<D>(m.source);
}
template <class D>
Flag<D> nothing_runs_on_the_destination_yet(const Migration<D>& m) {
  return m.step.resume || (!some_vcpu_is_locked<D>(m.destination) &&
                           !any<D>(m.destination.vcpu, [](const auto& v) { return v.blocked; }));
}
// VL-10, the safe half of "a vCPU that waits for an interrupt gets it": it is woken.
template <class D>
Flag<D> pending_lpi_wakes_its_vcpu(const Migration<D>& m) {
  const auto on = [&](const auto& machine) {
    return all<D>(machine.lpi, [&](const auto& l, std::size_t i) {
      const Flag<D> sleeps = any<D>(machine.vcpu, [&](const auto& v, std::size_t n) {
        return v.blocked && !v.woken && l.vcpu == Word<D, 16>(n);
      });
      return !(m.interrupt[i].enabled && is_pending<D>(l)) || !sleeps;
    });
  };
  return (m.step.resume || on(m.source)) && (!m.step.resume || on(m.destination));
}

// --- guest memory and the workflow --------------------------------------------------------------

template <class D>
Flag<D> nothing_is_saved_once_the_guest_moved(const Migration<D>& m) {
  return !m.step.saving || !m.step.resume;
}
template <class D>
Flag<D> tables_are_saved_once(const Migration<D>& m) {
  return !m.step.saving || !m.step.save_pending_end;
}
template <class D>
Flag<D> saved_entries_are_the_mappings(const Migration<D>& m) {
  const Flag<D> concerned = m.step.its_save_tables && !m.step.resume;
  return !concerned || all<D>(m.source.lpi, [](const auto& l) {
    return iff(plain(l.entry), plain(l.mapped)) && l.entry_vcpu == l.vcpu;
  });
}
// While a call saves them, bits that are written show what is pending.
template <class D>
Flag<D> written_bits_are_true(const Migration<D>& m) {
  return !m.step.saving || all<D>(m.interrupt, [&](const auto& interrupt, std::size_t i) {
    const auto& l = m.source.lpi[i];
    return !interrupt.saved || !l.mapped || iff(plain(l.table), is_pending<D>(l));
  });
}
// A VPT that may be read shows what the hardware has.
template <class D>
Flag<D> unmapped_vpt_shows_what_is_pending(const Migration<D>& m) {
  return !m.source.gic.unmapped || all<D>(m.source.lpi, [](const auto& l) {
    return !l.forwarded || iff(plain(l.vlpi.shown), plain(l.vlpi.pending));
  });
}
// Without GICv4.1 no LPI is forwarded once the tables are saved.
template <class D>
Flag<D> saved_lpis_can_be_saved(const Migration<D>& m) {
  return !m.step.its_save_tables || m.step.resume ||
         all<D>(m.source.lpi, [](const auto& l) { return !l.forwarded; });
}
// Memory that was copied is that of the source, until the tables are restored from it.
template <class D>
Flag<D> copied_tables_are_those_of_the_source(const Migration<D>& m) {
  const Flag<D> concerned = m.step.copy_memory && !m.step.resume;
  return !concerned || all_lpis<D>(m, [&](const auto& s, const auto& d, const auto&) {
    return iff(plain(s.entry), plain(d.entry)) && s.entry_vcpu == d.entry_vcpu &&
           (m.step.its_restore_tables || iff(plain(s.table), plain(d.table)));
  });
}
template <class D>
Flag<D> destination_is_blank_until_restored(const Migration<D>& m) {
  return m.step.its_restore_tables ||
         all<D>(m.destination.lpi, [](const auto& l) { return !l.mapped && !is_pending<D>(l); });
}
// Unless a migration was cancelled: until the guest moves, all that is on its way was sent, be it
// in guest memory, in KVM, in the hardware or in an old line of a CPU's cache.
template <class D>
Flag<D> all_that_is_on_its_way_was_sent(const Migration<D>& m) {
  const Flag<D> concerned = !m.step.cancelled && !m.step.resume;
  return !concerned || all_lpis<D>(m, [&](const auto& s, const auto& d, const auto& i) {
    const Flag<D> old_line = s.vlpi.shown;
    return (i.owed ||
            (!s.table && !d.table && !is_pending<D>(s) && !is_pending<D>(d) && !old_line)) &&
           (!old_line || m.step.pause_vcpus) && (!d.table || m.step.copy_memory);
  });
}
// Unless a migration was cancelled, the pending table holds ones only for what is being migrated.
template <class D>
Flag<D> pending_tables_are_consumed(const Migration<D>& m) {
  const Flag<D> source = all<D>(
      m.source.lpi, [&](const auto& l) { return !l.table || (l.mapped && m.step.pause_vcpus); });
  const Flag<D> destination = all<D>(m.destination.lpi, [](const auto& l) { return !l.table; });
  return m.step.cancelled || (source && (destination || !m.step.its_restore_tables));
}

}  // namespace assay

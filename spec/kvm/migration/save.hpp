// The source writes what it has of LPIs to guest memory, where it is copied with the rest:
// KVM_DEV_ARM_ITS_SAVE_TABLES of the ITS, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES of the vGIC.
#pragma once
#include "spec/kvm/migration/workflow.hpp"

namespace assay {

// What a vCPU that is in KVM_RUN holds is locked.
template <class D>
Flag<D> some_vcpu_is_locked(const MigrationMachine<D>& m) {
  return some_vcpu_is_in_guest<D>(m) || some_vpe_is_resident<D>(m.gic);
}

// SAVE_TABLES: devices, events and collections. An LPI that is not mapped has no entry afterwards.
template <class D>
struct ItsSaveTables {
  static constexpr const char* name = "its_save_tables";
  static constexpr const char* source = "arm-vgic-its.rst; GIC-5.9, GIC-6.4; ITS-4, ITS-5; VLPI-4";
  static constexpr unsigned answers = 1;
  Word<D, 8> error{};
  static constexpr auto fields() { return members<&ItsSaveTables::error>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::its_save_tables>(k, m.step);
    k.require(!m.step.its_save_tables, {"once", "VLPI-0"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
    Refusals<D> answer(k, error);
    answer.reject(Errno::busy, some_vcpu_is_locked<D>(m.source), {"vcpu_is_locked", "GIC-5.9"});
    if (!k.is(GicBehaviour::vpt_can_be_read))
      answer.reject(Errno::acces,
                    any<D>(m.source.lpi, [](const auto& l) { return l.mapped && l.forwarded; }),
                    {"lpi_is_forwarded", "GIC-6.4: EACCES without GICv4.1; ITS-5; VLPI-4"});
    answer.may_fail(Errno::fault, {"guest_memory", "arm-vgic-its.rst: EFAULT"});
    k.when(answer.succeeds(), [&] {
      each<D>(m.source.lpi, [&](auto& l) {
        k.set(l.entry, plain(l.mapped));
        k.set(l.entry_vcpu, plain(l.vcpu));
      });
      k.set(m.step.its_save_tables, true);
    });
  }
};

// SAVE_PENDING_TABLES begins. With GICv4.1 each vPE is unmapped, so that its VPT is in memory; then
// old lines of the CPU's cache must go.
template <class D>
struct SavePendingStart {
  static constexpr const char* name = "save_pending_start";
  static constexpr const char* source = "GIC-6.4; VLPI-2; vgic-v3.c:vgic_v3_save_pending_tables";
  static constexpr unsigned answers = 1;
  Word<D, 8> error{};
  static constexpr auto fields() { return members<&SavePendingStart::error>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::save_pending_end>(k, m.step);
    k.require(!m.step.save_pending_end, {"once", "VLPI-0"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
    Refusals<D> answer(k, error);
    answer.reject(Errno::busy, some_vcpu_is_locked<D>(m.source), {"vcpu_is_locked", "GIC-6.4"});
    k.when(answer.succeeds(), [&] {
      k.set(m.step.saving, true);
      each<D>(m.interrupt, [&](auto& i) { k.set(i.saved, false); });
      if (k.is(GicBehaviour::vpt_can_be_read)) unmap_vpes(k, m);
    });
  }

 private:
  // unmap_all_vpes()
  static void unmap_vpes(Step<D>& k, Migration<D>& m) {
    k.set(m.source.gic.unmapped, true);
    if (k.is(GicBehaviour::reads_vpt_through_old_cache)) return;
    each<D>(m.source.lpi, [&](auto& l) { k.set(l.vlpi.shown, plain(l.vlpi.pending)); });
  }
};

// The bit of one LPI is written to the pending table of its vCPU: the VPT's where the hardware has
// the LPI and its VPT can be read, KVM's latch otherwise.
template <class D>
struct SavePendingBit {
  static constexpr const char* name = "save_pending_bit";
  static constexpr const char* source =
      "GIC-6.4; VL-4, VL-11; VLPI-2; vgic-v3.c:vgic_v3_save_pending_tables";
  static constexpr unsigned answers = 1;
  Word<D, 16> lpi{};
  Flag<D> pending{};  // the bit
  static constexpr auto fields() { return members<&SavePendingBit::lpi, &SavePendingBit::pending>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(plain(m.step.saving), {"saving_goes_on", "GIC-6.4"});
    k.require(lpi < m.host.lpis, {"lpi_exists", "GIC-5.9"});
    k.at(m.source.lpi, lpi, [&](auto& l, std::size_t i) {
      k.require(plain(l.mapped), {"lpi_is_mapped", "GIC-6.4: the list of LPIs"});
      const Flag<D> from_vpt = l.forwarded && Flag<D>(k.is(GicBehaviour::vpt_can_be_read));
      k.require(from_vpt || iff(pending, plain(l.latch)), {"as_in_the_latch", "GIC-6.4"});
      k.require(!from_vpt || reads(k, l), {"as_in_the_vpt", "GIC-6.4; VLPI-1"});
      k.when(from_vpt, [&] { k.set(l.vlpi.shown, pending); });
      k.set(l.table, pending);
      k.set(m.interrupt[i].saved, true);
    });
  }

 private:
  // A line that is in the CPU's cache is read from there, another one from memory.
  Flag<D> reads(const Step<D>& k, const KvmLpi<D>& l) const {
    const Flag<D> from_memory = Flag<D>(k.is(GicBehaviour::reads_vpt_through_old_cache)) &&
                                iff(pending, plain(l.vlpi.pending));
    return from_memory || iff(pending, plain(l.vlpi.shown));
  }
};

// SAVE_PENDING_TABLES ends: all bits are written, or guest memory could not be. Either way each vPE
// is mapped again (map_all_vpes).
template <class D>
struct SavePendingEnd {
  static constexpr const char* name = "save_pending_end";
  static constexpr const char* source =
      "GIC-6.4; VL-5; VLPI-2; vgic-v3.c:vgic_v3_save_pending_tables";
  static constexpr unsigned answers = 2;
  Word<D, 8> error{};
  Flag<D> emptied{};  // with PTZ set, the hardware took the VPTs for empty
  static constexpr auto fields() {
    return members<&SavePendingEnd::error, &SavePendingEnd::emptied>;
  }
  void apply(Step<D>& k, Migration<D>& m) const {
    k.require(plain(m.step.saving), {"saving_goes_on", "GIC-6.4"});
    Refusals<D> answer(k, error);
    answer.may_fail(Errno::fault, {"guest_memory", "GIC-6.4: EFAULT"});
    const Flag<D> succeeds = answer.succeeds();
    k.require(!succeeds || all_are_saved(m), {"all_bits_are_written", "GIC-6.4"});
    k.set(m.step.saving, false);
    // map_all_vpes()
    if (k.is(GicBehaviour::vpt_can_be_read)) k.set(m.source.gic.unmapped, false);
    k.require(!emptied || Flag<D>(k.is(GicBehaviour::maps_with_ptz)),
              {"vpt_is_kept", "c21bc068cdbe: PTZ is not set"});
    k.when(emptied, [&] { each<D>(m.source.lpi, [&](auto& l) { k.set(l.vlpi.pending, false); }); });
    k.when(succeeds, [&] { k.set(m.step.save_pending_end, true); });
  }

 private:
  static Flag<D> all_are_saved(const Migration<D>& m) {
    return all<D>(m.source.lpi,
                  [&](const auto& l, std::size_t i) { return !l.mapped || m.interrupt[i].saved; });
  }
};

// Guest memory, with the tables in it, comes to the destination.
template <class D>
struct CopyMemory {
  static constexpr const char* name = "copy_memory";
  static constexpr const char* source = "GIC-6.5: copy dirty RAM";
  static constexpr auto fields() { return members<>; }
  void apply(Step<D>& k, Migration<D>& m) const {
    comes_after<MigrationStep::copy_memory>(k, m.step);
    k.require(!m.step.copy_memory, {"once", "GIC-6.5"});
    k.require(!m.step.resume, {"guest_has_not_moved", "GIC-6.5"});
    each<D>(m.source.lpi, [&](const auto& from, std::size_t i) {
      auto& to = m.destination.lpi[i];
      k.set(to.table, plain(from.table));
      k.set(to.entry, plain(from.entry));
      k.set(to.entry_vcpu, plain(from.entry_vcpu));
    });
    k.set(m.step.copy_memory, true);
  }
};

}  // namespace assay

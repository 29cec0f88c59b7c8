// Two machines in one model: the source of a migration and its destination. Each has a vGIC with an
// ITS, guest memory with the ITS's tables, and GICv4 hardware; the guest is on one of them.
//
// `Interrupt::owed` is no part of any implementation: it says that a device sent an interrupt which
// the guest has not taken. By it "lost" and "invented" can be said.
#pragma once
#include "spec/arch/gic/state.hpp"
#include "spec/subject.hpp"

namespace assay {

// --- one machine --------------------------------------------------------------------------------

// An LPI on one machine.
template <class D>
struct KvmLpi {
  // The ITS that KVM emulates.
  FlagCell<D> mapped{};      // its device and event are translated to it
  WordCell<D, 16> vcpu{};    // its target
  FlagCell<D> latch{};       // pending_latch: pending, and no list register holds it
  FlagCell<D> listed{};      // pending in a list register of its vCPU
  FlagCell<D> forwarded{};   // the hardware has it as a VLPI (irq->hw)
  FlagCell<D> unfinished{};  // forwarding is set up but for the transfer of the pending state
  GicVlpi<D> vlpi{};
  // Guest memory.
  FlagCell<D> table{};           // its bit in the pending table of the redistributor
  FlagCell<D> entry{};           // the interrupt translation table has a valid entry for it
  WordCell<D, 16> entry_vcpu{};  // whose collection names this vCPU
  static constexpr auto fields() {
    return members<&KvmLpi::mapped, &KvmLpi::vcpu, &KvmLpi::latch, &KvmLpi::listed,
                   &KvmLpi::forwarded, &KvmLpi::unfinished, &KvmLpi::vlpi, &KvmLpi::table,
                   &KvmLpi::entry, &KvmLpi::entry_vcpu>;
  }
};

template <class D>
struct KvmVcpu {
  FlagCell<D> in_guest{};  // between vgic_flush and vgic_sync
  FlagCell<D> blocked{};   // waits for an interrupt (WFI); its vPE asks for a doorbell
  FlagCell<D> woken{};     // the doorbell rang, or KVM kicked it
  static constexpr auto fields() {
    return members<&KvmVcpu::in_guest, &KvmVcpu::blocked, &KvmVcpu::woken>;
  }
};

template <class D>
struct MigrationMachine {
  Table<D, KvmLpi<D>, GicDim::lpi> lpi{};
  Table<D, KvmVcpu<D>, GicDim::vcpu> vcpu{};
  GicVpes<D> gic{};
  static constexpr auto fields() {
    return members<&MigrationMachine::lpi, &MigrationMachine::vcpu, &MigrationMachine::gic>;
  }
};

// Whether an LPI is pending anywhere on a machine, guest memory aside.
template <class D>
Flag<D> is_pending(const KvmLpi<D>& lpi) {
  return lpi.latch || lpi.listed || (lpi.forwarded && lpi.vlpi.pending);
}
template <class D>
Flag<D> some_vcpu_is_in_guest(const MigrationMachine<D>& m) {
  return any<D>(m.vcpu, [](const auto& v) { return v.in_guest; });
}
template <class D>
Flag<D> vcpu_is_in_guest(const MigrationMachine<D>& m, const Word<D, 16>& vcpu) {
  return any<D>(m.vcpu,
                [&](const auto& v, std::size_t i) { return v.in_guest && vcpu == Word<D, 16>(i); });
}

// --- the guest and the workflow -----------------------------------------------------------------

// What is true of an LPI wherever the guest is.
template <class D>
struct Interrupt {
  FlagCell<D> enabled{};  // in the configuration table, in guest memory
  FlagCell<D> owed{};     // sent, and not taken
  FlagCell<D> saved{};    // its bit was written by the call that saves the pending tables
  static constexpr auto fields() {
    return members<&Interrupt::enabled, &Interrupt::owed, &Interrupt::saved>;
  }
};

// Which steps the VMM has taken, each named like the event that ends it.
template <class D>
struct Workflow {
  FlagCell<D> pause_vcpus{}, pause_devices{}, its_save_tables{}, save_pending_end{}, copy_memory{},
      its_restore_tables{}, resume{};
  FlagCell<D> saving{};     // KVM is inside SAVE_PENDING_TABLES
  FlagCell<D> cancelled{};  // a migration was given up, and the guest went on on the source
  static constexpr auto fields() {
    return members<&Workflow::pause_vcpus, &Workflow::pause_devices, &Workflow::its_save_tables,
                   &Workflow::save_pending_end, &Workflow::copy_memory,
                   &Workflow::its_restore_tables, &Workflow::resume, &Workflow::saving,
                   &Workflow::cancelled>;
  }
};

template <class D>
struct MigrationHost {
  WordCell<D, 16> vcpus{}, lpis{}, pes{};
  // KVM forwards LPIs there: GICv4 hardware, its use asked for (kvm-arm.vgic_v4_enable), and a VFIO
  // device that sends them.
  FlagCell<D> source_forwards{}, destination_forwards{};
  static constexpr auto fields() {
    return members<&MigrationHost::vcpus, &MigrationHost::lpis, &MigrationHost::pes,
                   &MigrationHost::source_forwards, &MigrationHost::destination_forwards>;
  }
};

template <class D>
struct Migration {
  using Domain = D;
  MigrationHost<D> host{};
  FlagCell<D> made{};
  Workflow<D> step{};
  Table<D, Interrupt<D>, GicDim::lpi> interrupt{};
  MigrationMachine<D> source{}, destination{};
  static constexpr auto fields() {
    return members<&Migration::host, &Migration::made, &Migration::step, &Migration::interrupt,
                   &Migration::source, &Migration::destination>;
  }
};

template <class D>
Flag<D> guest_runs(const Migration<D>& m) {
  return m.step.resume || !m.step.pause_vcpus;
}
template <class D>
Flag<D> devices_run(const Migration<D>& m) {
  return m.step.resume || !m.step.pause_devices;
}

// body(machine) for the machine that the guest is on.
template <class D, class Body>
void where_the_guest_is(Step<D>& k, Migration<D>& m, Body&& body) {
  // Asked before `body` changes anything.
  const Flag<D> moved = m.step.resume;
  k.when(!moved, [&] { body(m.source); });
  k.when(moved, [&] { body(m.destination); });
}
// The same for the machine that an event names: 0 the source, 1 the destination.
template <class D, class Body>
void on_machine(Step<D>& k, Migration<D>& m, const Word<D, 1>& vm, Body&& body) {
  k.when(vm == 0, [&] { body(m.source); });
  k.when(vm == 1, [&] { body(m.destination); });
}

template <class D>
using TakenMigration = TakenOf<D, Migration<D>>;
template <class D>
using SayOfMigration = SayInvariantOf<D, Migration<D>>;

}  // namespace assay

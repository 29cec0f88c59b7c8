#!/usr/bin/env bash
# What `assay spec show` finds of each kind of name, and what it says of a wrong one.
# Usage: spec_show_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
. "$(dirname "$0")/expect.sh"
show() { "$assay" spec show "$@"; }

# An ioctl is its rule: checks in their order with their text, and sources with what they say.
expect 0 'vcpu_run: rule' -- show KVM_RUN
expect 0 'vcpu_run.not_initialized' -- show KVM_RUN
expect 0 'k.reject(Errno::noexec,' -- show KVM_RUN
expect 0 'api.rst 4.10: KVM_RUN, with its errnos.' -- show KVM_RUN
expect 0 'vcpu_run: rule' -- show vcpu_run
expect 0 'guest_entry: rule' -- show kvm_entry
expect 0 'pmu_set_irq: rule' -- show KVM_ARM_VCPU_PMU_V3_IRQ
# One of many rules is named only.
expect 0 'vgic_set_dist: rule' -- show KVM_SET_DEVICE_ATTR
expect_not 'k.reject' -- show KVM_SET_DEVICE_ATTR
# An ioctl without a rule.
expect 0 'it changes nothing that a rule reads' -- show KVM_PRE_FAULT_MEMORY
expect 0 'api.rst 4.75: KVM_IRQFD.' -- show KVM_IRQFD
expect 0 'it may change what rules read: slot' -- show KVM_SET_USER_MEMORY_REGION2

# A check, with its rule and without, is shown where it stands.
expect 0 'spec/kvm/pmu/rules.hpp' -- show pmu_set_pmu.vm_has_run
expect 0 'k.reject(Errno::busy, vm.has_ran_once,' -- show pmu_set_pmu.vm_has_run
expect 0 'vcpu.rst 1.4: KVM_ARM_VCPU_PMU_V3_SET_PMU' -- show pmu_set_pmu.vm_has_run
expect 0 'of      pmu_set_pmu' -- show pmu_set_pmu.vm_has_run
expect_not 'pmu_set_filter' -- show pmu_set_pmu.vm_has_run
expect 0 'of      vcpu_run, guest_entry' -- show sve_not_finalized
expect 0 'vcpu_finalize' -- show not_initialized
# An effect has the source of its rule.
expect 0 'sets' -- show 'vcpu_init.vcpu[].features'

# What the profile lacks is shown of those that have it.
expect 0 'linux-6.1 has none such: shown is that of spe-v4' -- show spe_sync
expect 0 'event_raises_line' -- show spe_sync
expect 0 'of      spe-v4, spe-v5' -- show enable_cap.notifier_ran
expect_not 'has none such' -- show --profile spe-v5 spe_sync
expect 0 'spec/kvm/vcpu' -- show --profile linux-7.2 vcpu_init.unknown_feature

# Claims, stages, registers.
expect 0 'vcpu_ids_are_unique: invariant' -- show vcpu_ids_are_unique
expect 0 'Flag<D> vcpu_ids_are_unique(const Vm<D>& vm) {' -- show vcpu_ids_are_unique
expect 0 'service_is_sticky: property of steps' -- show service_is_sticky
expect 0 'A07: The SPU sets S and never clears it' -- show service_is_sticky
expect 0 'of      spe' -- show service_is_sticky
expect 0 'collisions_reach_the_guest: question' -- show collisions_reach_the_guest
expect 0 'way_in_of_run: stage of vcpu_run' -- show way_in_of_run
expect 0 'way_in_of_run: stage of vcpu_run' -- show way_in_of_run.timer_enabled
expect 0 'PMBSR_EL1  op0=3 op1=0 CRn=9 CRm=10 op2=3  read and written' -- show PMBSR_EL1
expect 0 'events  spe_write_pmbsr, spe_read_pmbsr' -- show PMBSR_EL1
expect 0 'PMBSR_EL1: What was reported' -- show PMBSR_EL1

# Ids of sources: what they say, who cites them, where comments name them.
expect 0 'L05: KVM itself never takes a locked slot out of stage 2' -- show L05
expect 0 'locked_memslot_is_never_unmapped' -- show L05
expect 0 'spec/kvm/spe/CLAIMS.md' -- show L05
expect 0 '"Implement the memslot lock/unlock functionality"' -- show v4-03
expect 0 'check      enable_cap.already_locked' -- show v4-03
expect 0 'check      vcpu_run.signal_pending' -- show 'api.rst 4.10'
expect 0 'check      create_vcpu.duplicate_id' -- show kvm_main.c:kvm_vm_ioctl_create_vcpu
expect 0 'check      guest_exit.was_in_guest' -- show 'an exit follows an entry'
expect 0 'gone in 6.12' -- show reset.c:kvm_set_vm_width

# Documents.
expect 0 '"shown_under": "spe-v4"' -- show --json spe_sync
expect 0 '"place": "spec/kvm/pmu/rules.hpp:' -- show --json pmu_set_pmu.vm_has_run
expect 0 '"cited_by"' -- show --json L05
valid() { show --json "$1" | python3 "$root/tests/end_to_end/json_valid.py"; }
for name in KVM_RUN KVM_IRQFD not_initialized PMBSR_EL1 way_in_of_run vcpu_ids_are_unique L05; do
  expect 0 -- valid "$name"
done

# A wrong name: what is like it.
expect 3 "nothing in the specification is called 'KVM_RUNN'" -- show KVM_RUNN
expect 3 'nearest: KVM_RUN' -- show KVM_RUNN
expect 3 'nearest: vcpu_run' -- show vcpu_rnu
expect 3 'no_irqchip' -- show no_irqchp
expect 3 'vcpu_ids_are_unique' -- show vcpu_ids_are_uniqe
expect 3 'nearest: PMBSR_EL1' -- show PMBSR_EL11
expect 3 'is called' -- show L99
expect 3 'is called' -- show ''
expect 3 -- show

# --- other systems are found without a profile ---
expect 0 'EACCES without GICv4.1' -- "$assay" spec show its_save_tables --profile gicv4.0
expect 0 'its_save_tables: error=error' -- "$assay" spec show its_save_tables
expect 0 'vgic_update_irq_pending: VCPU=vcpu IRQ=irq level=level' -- \
  "$assay" spec show vgic_update_irq_pending
finish

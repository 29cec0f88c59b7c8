// What a stage is: a point of one subject's rule at which others act.
//
// spec/kvm/stages.hpp lists who does, in the order of the implementation; what a subject does there
// stands in its own folder, as a function of the form below. So a rule runs its list and names no
// subject, and the order is written once.
#pragma once
#include <utility>

#include "spec/kvm/vm.hpp"

namespace assay {

// One subject's part in a stage: a name, where the implementation does it, and what it does.
template <class D, class Argument>
struct StagePart {
  const char* name;
  const char* source;
  void (*act)(Step<D>& k, Vm<D>& vm, const Argument& argument);
};

// Runs the parts of a stage in the order of the list, which is known when this is compiled.
template <const auto& parts, class D, class Argument>
void run_stage(Step<D>& k, Vm<D>& vm, const Argument& argument) {
  constexpr std::size_t count = std::tuple_size_v<std::remove_cvref_t<decltype(parts)>>;
  [&]<std::size_t... i>(std::index_sequence<i...>) { (parts[i].act(k, vm, argument), ...); }
  (std::make_index_sequence<count>{});
}

// --- what a rule hands to the parts of its stage -----------------------------------------------

// KVM_CREATE_VM has passed its checks.
struct NewVm {};

// KVM_CHECK_EXTENSION: the capability that is asked for.
template <class D>
struct Extension {
  Word<D, 32> cap;
};

// A memory slot, before or after a change.
template <class D>
struct SlotChange {
  MemSlot<D>& slot;
  Flag<D> modifies;    // it existed before and goes on to exist
  Flag<D> moves;       // to another guest address
  Flag<D> resizes;     // to another number of pages
  Flag<D> is_none;     // the slot is asked for as it is
  Flag<D> logs_dirty;  // KVM_MEM_LOG_DIRTY_PAGES is asked for
};

// KVM_CREATE_VCPU, before the vCPU exists. What a part finds out for those after it is written
// through this.
template <class D>
struct NewVcpu {
  Word<D, 16>& limit;    // how many vCPUs the VM may have
  Flag<D>& takes_frame;  // a redistributor frame is given to the vCPU
};

// The vCPU that KVM_CREATE_VCPU has made.
template <class D>
struct CreatedVcpu {
  Vcpu<D>& self;
  Flag<D> took_frame;
};

// KVM_ARM_VCPU_INIT of a vCPU whose features are accepted.
template <class D>
struct NewFeatures {
  VcpuId vcpu;
  Word<D, 32> asked;  // features[0] of the call
  Word<D, 16> cpu;    // CPU that executes the call; 0xffff = not told
};

// The reset of a vCPU (Linux before 6.7), which validates the features that it is to have.
template <class D>
struct Reset {
  Vcpu<D>& self;
  const Word<D, 16>& features;
  VcpuId vcpu;
  Flag<D> has(Feature f) const { return bit(features, static_cast<unsigned>(f)); }
  // A reset that fails forgets that the vCPU was initialised, and its features.
  void fails(Step<D>& k, const Flag<D>& condition, const Why& why) const {
    k.when(condition, [&] {
      k.set(self.initialized, false);
      k.set(self.features, Word<D, 16>(0));
    });
    k.reject(Errno::inval, condition, why);
  }
};

// kvm_arch_vcpu_put() of a vCPU, which is still on its PE.
template <class D>
struct PutVcpu {
  VcpuId vcpu;
};

// A vCPU on its way into the guest.
template <class D>
struct Running {
  VcpuId vcpu;
  Word<D, 32> task;  // the thread that runs it
  Word<D, 16> cpu;   // where; 0xffff = not told
};

}  // namespace assay

// The Statistical Profiling Unit of a PE. What of it belongs to the system: rules, invariants,
// properties.
#pragma once
#include "spec/arch/spu/invariants.hpp"
#include "spec/arch/spu/properties.hpp"
#include "spec/arch/spu/registers.hpp"
#include "spec/arm64_subject.hpp"

namespace assay {

struct ArchSpu {
  template <class D>
  using Rules = TypeList<
      PeOffline<D>, PeOnline<D>, SpuWrite<D, Pmbptr>, SpuWrite<D, Pmblimitr>, SpuWrite<D, Pmbsr>,
      SpuWrite<D, PmscrEl1>, SpuWrite<D, PmscrEl2>, SpuContext<D>, SpuReset<D>, SpuWrite<D, Pmsirr>,
      SpuWrite<D, Pmsicr>, SpuWrite<D, Pmsfcr>, SpuWrite<D, Pmsevfr>, SpuWrite<D, Pmsnevfr>,
      SpuWrite<D, Pmslatfr>, SpuWrite<D, Pmsdsfr>, SpuWrite<D, Pmbmar>, SpuRead<D, Pmbptr>,
      SpuRead<D, Pmbsr>, SpuRead<D, Pmblimitr>, SpuRead<D, PmscrEl1>, SpuRead<D, PmscrEl2>,
      SpuRead<D, Pmsirr>, SpuRead<D, Pmsicr>, SpuRead<D, Pmsfcr>, SpuRead<D, Pmsevfr>,
      SpuRead<D, Pmsnevfr>, SpuRead<D, Pmslatfr>, SpuRead<D, Pmsdsfr>, SpuRead<D, Pmbmar>,
      SpuRead<D, Pmsidr>, SpuRead<D, Pmbidr>, SpuReadCounts<D>, SpuInterrupt<D>, SpuCount<D>,
      SpuSample<D>, SpuCollision<D>, SpuDrop<D>, SpuRecord<D>, SpuStore<D>, SpuMarked<D>,
      SpuUnmapped<D>, SpuTranslation<D>, SpuFault<D>, SpuAbort<D>, SpuNotAllowed<D>,
      SpuImplementationEvent<D>, SpuContextBarrier<D>, SpuProfilingBarrier<D>, SpuDataBarrier<D>,
      SpuDrained<D>, SpuFirmwareControls<D>, SpuWrite<D, PmbsrEl2>, SpuWrite<D, PmbsrEl3>,
      SpuRead<D, PmbsrEl2>, SpuRead<D, PmbsrEl3>>;

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    const OfEverySpu<D> spu{say};
    buffer_invariants(spu);
    event_invariants(spu);
    order_invariants(spu);
  }

  template <class D>
  static void properties(const Taken<D>& t, const SayProperty<D>& say) {
    const OfItsSpu<D> spu{t, say};
    if (t.call.by_hardware) {
      register_properties(spu);
      progress_properties(spu);
    }
    if (t.template is_one_of<SpuSample<D>>()) sample_properties(spu);
    if (const auto* record = t.template as<SpuRecord<D>>()) record_properties(spu, *record);
    event_properties(spu);
    software_properties(spu);
  }
};

}  // namespace assay

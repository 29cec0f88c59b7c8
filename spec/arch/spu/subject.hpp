// The Statistical Profiling Unit of a PE. What of it belongs to the system: rules, invariants,
// properties.
#pragma once
#include "spec/arch/spu/invariants.hpp"
#include "spec/arch/spu/properties.hpp"
#include "spec/arch/spu/reads.hpp"
#include "spec/subject.hpp"

namespace assay {

struct ArchSpu {
  template <class D>
  using Rules = TypeList<
      SpuWritePointer<D>, SpuWriteLimit<D>, SpuWriteStatus<D>, SpuWriteControl<D>,
      SpuWriteControl2<D>, SpuContext<D>, SpuReset<D>, SpuWriteInterval<D>, SpuWriteCounter<D>,
      SpuWriteFilter<D>, SpuWriteValue<D, PmsevfrName>, SpuWriteValue<D, PmsnevfrName>,
      SpuWriteValue<D, PmslatfrName>, SpuWriteValue<D, PmsdsfrName>, SpuWriteValue<D, PmbmarName>,
      SpuReadPointer<D>, SpuReadStatus<D>, SpuReadLimit<D>, SpuReadControl<D>, SpuReadControl2<D>,
      SpuReadInterval<D>, SpuReadCounter<D>, SpuReadFilter<D>, SpuReadValue<D, PmsevfrName>,
      SpuReadValue<D, PmsnevfrName>, SpuReadValue<D, PmslatfrName>, SpuReadValue<D, PmsdsfrName>,
      SpuReadValue<D, PmbmarName>, SpuReadSamplingId<D>, SpuReadBufferId<D>, SpuReadCounts<D>,
      SpuInterrupt<D>, SpuCount<D>, SpuSample<D>, SpuCollision<D>, SpuDrop<D>, SpuRecord<D>,
      SpuStore<D>, SpuMarked<D>, SpuTranslation<D>, SpuFault<D>, SpuAbort<D>, SpuNotAllowed<D>,
      SpuContextBarrier<D>, SpuProfilingBarrier<D>, SpuDataBarrier<D>, SpuDrained<D>>;

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "pmbsr_dl_is_correct", pmbsr_dl_is_correct<D>, "D17.8, D17.8.3; facts/spe A18, A19");
    say(every, "no_write_at_or_above_limit", no_write_at_or_above_limit<D>,
        "D17.8.2; facts/spe A12");
    say(every, "no_sampling_while_service", no_sampling_while_service<D>, "D17.4; facts/spe A01");
    say(every, "irq_line_equals_service_bit", irq_line_equals_service_bit<D>, "D17.8 RTSJRP; A26");
    say(every, "buffer_pointers_are_ordered", buffer_pointers_are_ordered<D>, "D17.7; A13, A14");
    say(every, "running_buffer_has_room", running_buffer_has_room<D>, "D17.7 RHXSYK; A43, A44");
    say(every, "pointer_stays_below_limit", pointer_stays_below_limit<D>, "D17.8.2; A15");
    say(every, "full_event_is_exact", full_event_is_exact<D>, "D17.8.2; A16, A17");
    say(every, "fault_is_within_one_record", fault_is_within_one_record<D>, "D17.8; A20");
    say(every, "no_external_abort_from_v1p3", no_external_abort_from_v1p3<D>, "D17.8.4; A21");
    say(every, "not_allowed_loses_data", not_allowed_loses_data<D>, "D17.8.5; A22");
    say(every, "events_keep_service", events_keep_service<D>, "D17.8; A07, A09");
    say(every, "syndrome_is_of_the_event", syndrome_is_of_the_event<D>, "D17.8; A09");
    say(every, "in_flight_is_bounded", in_flight_is_bounded<D>, "D17.3.7; A24");
    say(every, "covered_samples_are_in_flight", covered_samples_are_in_flight<D>,
        "D17.9 PSB CSYNC");
    say(every, "drained_registers_are_shown", drained_registers_are_shown<D>, "D17.9; A39");
    say(every, "buffer_owner_is_defined", buffer_owner_is_defined<D>, "D24.3.17 MDCR_EL2.E2PB");
  }

  template <class D>
  static void properties(const Taken<D>& t, const SayProperty<D>& say) {
    spu_properties(t, say);
  }
};

}  // namespace assay

// Writing to the profiling buffer: records, the bytes behind them, and the events that end it
// (D17.7 to D17.9).
#pragma once
#include "spec/arch/spu/sampling.hpp"

namespace assay {

// The timestamp of a record: none, or the counter it was read from.
enum class SpeTime : unsigned { none, virtual_count, physical_count, guest_physical };

// A record that was being written, or was to be, ends without being complete: its sample is lost.
template <class D>
void loses_record(Step<D>& k, Spu<D>& s) {
  k.set(s.lost, s.lost || s.in_flight != 0);
  k.when(s.in_flight != 0, [&] { leaves_flight<D>(k, s); });
}

// A complete record, with its alignment padding, is in the buffer.
template <class D>
struct SpuRecord {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_record";
  static constexpr const char* source =
      "D17.5 to D17.8, D18.1; ASL SPEWriteToBuffer, SPEBufferIsFull";
  Word<D, 16> cpu{};
  Num<D> address{}, size{};
  Word<D, 64> events{};
  Word<D, 5> type{};
  Word<D, 16> latency{};
  Word<D, 8> ds{};                 // DS[5:0] of its Data Source packet, plus one; 0: it has none
  Word<D, 2> time{};               // SpeTime
  Flag<D> pa{};                    // has a data physical address packet
  Flag<D> context1{}, context2{};  // has a Context packet of EL1, of EL2
  static constexpr auto fields() {
    return members<&SpuRecord::cpu, &SpuRecord::address, &SpuRecord::size, &SpuRecord::events,
                   &SpuRecord::type, &SpuRecord::latency, &SpuRecord::ds, &SpuRecord::time,
                   &SpuRecord::pa, &SpuRecord::context1, &SpuRecord::context2>;
  }
  static SpuEventKind<D> kind() { return {}; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe, const Word<D, 2>& at) const {
    const Num<D> end = address + size;
    const Lawful<D> lawful{k, spu.unpredictable};
    const Flag<D> late = takes_late_records<D>(spu);
    lawful(takes_records<D>(spu) || late,
           {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
    k.require(end < wrap_at<D>(), {"record_does_not_wrap", "addresses have 64 bits"});
    k.require(spu.in_flight != 0, {"one_in_flight", "a record of a sample that was selected"});
    lawful(address == spu.records_end,
           {"follows_the_last_record", "D17.7: records are written one after the other"});
    lawful(size != 0 && size <= pe.spe_record_max,
           {"size_at_most_max", "D24.7 PMSIDR_EL1.MaxSize"});
    lawful(is_aligned<D>(pe, size), {"size_fills_alignment", "D24.7 PMBIDR_EL1.Align; D17.7"});
    lawful(end <= limit_of<D>(spu),
           {"below_limit", "D17.7: the SPU never writes at or above LIMIT"});
    lawful(!cannot_write<D>(spu, address, end),
           {"is_translated", "D17.7: every write has a valid stage 1 and stage 2 entry"});
    lawful(is_undecided<D>(spu) ||
               passes_filters<D>(spu, pe, {events, type, latency, ds}, Optional::ignored),
           {"passes_filters", "D17.5: rejected samples are not written"});
    lawful((events & ~events_of_some_pe<D>(pe)) == 0,
           {"events_are_defined", "D18.1: Events packet; SPE-1.4"});
    check_packets(k, spu);
    const Flag<D> follows = address == spu.records_end && is_aligned<D>(pe, size);
    k.set(spu.torn, spu.torn || !follows);
    k.set(spu.wrote, true);
    leaves_flight<D>(k, spu);
    count_sample<D>(k, spu, true, false);
    moves_registers<D>(k, spu);
    becomes_told<D>(k, spu, SpuRegister::pmbptr);
    k.set(spu.ptr, end);
    k.set(spu.records_end, end);
    k.set(spu.bytes_end, ite(spu.bytes_end < end, end, Num<D>(plain(spu.bytes_end))));
    k.when(!late && spu.limit < end + pe.spe_record_max, [&] {
      stop_profiling<D>(k, spu, at, SpuEvent::full, Word<D, 6>(ec_buffer), Word<D, 16>(bsc_full));
      // The counters may have been frozen by the same event.
      k.when(!spu.freeze, [&] { k.set(spu.counts.full_least, spu.counts.full_least + 1); });
      k.set(spu.counts.full_most, spu.counts.full_most + 1);
    });
  }

 private:
  // PCT: 0 virtual, 1 physical, 3 physical less the guest's offset (FEAT_ECV); 2 is reserved.
  static Word<D, 2> time_of(const Word<D, 2>& pct) {
    const auto count = [](SpeTime t) { return Word<D, 2>(static_cast<u64>(t)); };
    return ite(pct == 0, count(SpeTime::virtual_count),
               ite(pct == 1, count(SpeTime::physical_count), count(SpeTime::guest_physical)));
  }
  void check_packets(Step<D>& k, const Spu<D>& spu) const {
    const Lawful<D> lawful{k, spu.unpredictable || is_undecided<D>(spu)};
    const Flag<D> el2 = owned_by_el2<D>(spu);
    // PMSCR_EL2.PCT, which leaves the choice to EL1 where it is 1 and EL1 owns the buffer.
    const Flag<D> of_el1 = !el2 && spu.pct2 == 1;
    const Word<D, 2> pct = ite(of_el1, Word<D, 2>(plain(spu.pct1)), Word<D, 2>(plain(spu.pct2)));
    lawful(time == 0 || (el2 && spu.ts2) || (!el2 && spu.ts1),
           {"timestamps_enabled", "D17.6: the owner's PMSCR_ELx.TS"});
    lawful(el2 || spu.pct2 != 0 || time <= static_cast<u64>(SpeTime::virtual_count),
           {"time_is_virtual", "D24.7 PMSCR_EL2.PCT: 0 forces the virtual count on EL1"});
    lawful(time == 0 || pct == 2 || time == time_of(pct),
           {"time_is_of_pct", "D17.6, D24.7 PMSCR_ELx.PCT: which counter"});
    lawful(!pa || (el2 && spu.pa2) || (!el2 && spu.pa1 && spu.pa2),
           {"physical_addresses_enabled", "D17.6: PMSCR_EL1.PA and PMSCR_EL2.PA"});
    lawful(!context1 || spu.cx1, {"context1_enabled", "D17.6: PMSCR_EL1.CX"});
    lawful(!context1 || spu.low_flight,
           {"context1_is_of_el1", "D17.6: CONTEXTIDR_EL1 of EL1 and EL0 without TGE"});
    lawful(!context2 || spu.cx2, {"context2_enabled", "D17.6: PMSCR_EL2.CX"});
  }
};

// One access of the SPU to memory. It may be wide, speculative and out of order, and it may be
// part of no record that is ever completed (D17.7).
template <class D>
struct SpuStore {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_store";
  static constexpr const char* source = "D17.7";
  Word<D, 16> cpu{};
  Num<D> address{}, size{};
  static constexpr auto fields() {
    return members<&SpuStore::cpu, &SpuStore::address, &SpuStore::size>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    const Num<D> end = address + size;
    const Lawful<D> lawful{k, spu.unpredictable};
    lawful(takes_records<D>(spu) || takes_late_records<D>(spu),
           {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
    lawful(spu.records_end <= address,
           {"not_before_the_records_end", "D17.7: complete records are not written again"});
    lawful(end <= limit_of<D>(spu),
           {"below_limit", "D17.7: the SPU never writes at or above LIMIT"});
    lawful(!cannot_write<D>(spu, address, end),
           {"is_translated", "D17.7: every write has a valid stage 1 and stage 2 entry"});
    k.require(end < wrap_at<D>(), {"store_does_not_wrap", "addresses have 64 bits"});
    lawful(size <= Num<D>(2048), {"granule", "D17.7: an access of at most 2 KB"});
    k.set(spu.torn, spu.torn || address < spu.records_end);
    k.set(spu.wrote, true);
    k.set(spu.bytes_end, ite(spu.bytes_end < end, end, Num<D>(plain(spu.bytes_end))));
  }
};

// The SPU sets the access flag or the dirty state of an entry that translates the buffer. It may do
// so ahead of a write that it never makes, so a hypervisor's tracking of dirty pages is imprecise
// (D17.8.3.1). PMBIDR_EL1.F: mandatory from SPEv1p3.
template <class D>
struct SpuMarked {
  static constexpr u64 page = 4096;
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_marked";
  static constexpr const char* source = "D17.8.3.1; D24.7 PMBIDR_EL1.F";
  Word<D, 16> cpu{};
  Num<D> address{};  // virtual: of a byte that the entry translates
  Flag<D> dirty{};   // told to be the dirty state, and not the access flag
  static constexpr auto fields() {
    return members<&SpuMarked::cpu, &SpuMarked::address, &SpuMarked::dirty>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    lawful(takes_records<D>(spu), {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
    // The entry is at least that of a page, which may begin below PTR.
    lawful(spu.records_end / page <= address / page && address < spu.limit,
           {"inside_the_buffer", "D17.8.3.1: any page or block of the buffer"});
    lawful(!is_told<D>(spu, address, SpuAccessTo::absent),
           {"is_translated", "D17.7: there is an entry to mark"});
    lawful(!dirty || !is_told<D>(spu, address, SpuAccessTo::read_only),
           {"write_is_permitted", "D17.8.3.1: dirty state of what may be written otherwise"});
    becomes_dirty<D>(k, spu, address);
  }
};

// Which level a fault on a write to the buffer concerns.
template <class D>
SpuEventKind<D> kind_of_fault(const Word<D, 6>& ec, const Word<D, 6>& fsc) {
  const Flag<D> granule = ec == ec_granule_protection;
  const Flag<D> routed = (fsc >= 0x22 && fsc <= 0x28) || fsc == 0x10 || is_abort_on_walk(fsc);
  return {Flag<D>(true), ec == ec_stage2, granule, routed && !granule};
}

// A write of the SPU faults: alignment, stage 1, stage 2 or granule protection (D17.8.3). PTR is
// the faulting address; DL tells whether it still is the end of the last complete record.
template <class D>
struct SpuFault {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_fault";
  static constexpr const char* source = "D17.8, D17.8.3; SPE-2.7";
  Word<D, 16> cpu{};
  Num<D> address{};
  Word<D, 6> ec{}, fsc{};
  Word<D, 24> mss2{};  // TopLevel, AssuredOnly, Overlay, DirtyBit
  Flag<D> ea{};        // EA is set: an external abort on a walk may do so
  Flag<D> dl{};        // PMBSR_EL1.DL afterwards
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&SpuFault::cpu, &SpuFault::address, &SpuFault::ec, &SpuFault::fsc,
                   &SpuFault::mss2, &SpuFault::ea, &SpuFault::dl>;
  }
  SpuEventKind<D> kind() const { return kind_of_fault<D>(ec, fsc); }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe, const Word<D, 2>& at) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    lawful(takes_records<D>(spu),
           {"buffer_takes_records", "D17.8: reported only while S is clear"});
    k.require(spu.in_flight != 0, {"one_in_flight", "the write of a sample that was selected"});
    k.require(ec == ec_stage1 || ec == ec_stage2 || ec == ec_granule_protection,
              {"is_a_fault", "D24.7 PMBSR_EL1.EC: 0x24, 0x25, 0x1E"});
    k.require(fsc != 0x11, {"is_not_asynchronous", "D17.8.3: MMU faults are synchronous"});
    k.require(is_fault_status(fsc), {"status_is_defined", "D24.7 PMBSR_EL1.MSS: FSC"});
    k.require(ec != ec_granule_protection || !(fsc >= 0x22 && fsc <= 0x28),
              {"granule_fault_is_a_stage1_fault", "D24.7 PMBSR_EL1.EC 0x1E: all but GPFs"});
    lawful(ec != ec_stage2 || !owned_by_el2<D>(spu),
           {"stage2_is_of_el1", "D17.4: EL2's buffer has one stage of translation"});
    k.require((mss2 & Word<D, 24>(~mss2_bits & 0xffffff)) == 0 &&
                  (mss2 == 0 || (ec != ec_granule_protection && is_permission_fault())),
              {"mss2_is_defined", "D24.7 PMBSR_EL1.MSS2: of permission faults only"});
    k.require((mss2 & Word<D, 24>(mss2_of_stage2)) == 0 || ec == ec_stage2,
              {"assured_is_of_stage2", "D17.8.3: TopLevel and AssuredOnly are of stage 2"});
    lawful((ec != ec_stage1 || can_fault_at(spu.translations.stage1, pe)) &&
               (ec != ec_stage2 || can_fault_at(spu.translations.stage2, pe)),
           {"translation_is_missing", "D17.8.3: an address that can be written does not fault"});
    lawful(spu.records_end <= address && address < spu.limit,
           {"inside_the_buffer", "D17.7: PTR is below LIMIT"});
    lawful(address < spu.records_end + pe.spe_record_max,
           {"within_one_record", "D17.8: LRE lies at most MaxSize below PTR"});
    lawful(!ea || is_abort_on_walk(fsc) || spu.external_abort,
           {"ea_is_of_a_walk", "D17.8.4: IMPLEMENTATION DEFINED for aborts on walks"});
    check_data_loss(k, spu);
    lawful(ec != ec_stage1 || !is_physical<D>(spu) ||
               !(is_translation_fault() || is_permission_fault() ||
                 (is_address_size_fault() && address < least_size)),
           {"stage1_translates", "D17.7.2 RRPSLW, RQJNFT: with nVM stage 1 is disabled"});
    lawful(!cannot_write<D>(spu, plain(spu.records_end), address),
           {"is_the_first_that_faults",
            "D17.8.3, RMYXZK: bytes are written in order until one faults"});
    moves_registers<D>(k, spu);
    k.set(spu.ptr, address);
    k.set(spu.bytes_end, ite(spu.bytes_end < address, address, Num<D>(plain(spu.bytes_end))));
    k.set(spu.data_loss, dl);
    k.set(spu.external_abort, spu.external_abort || ea);
    // The record is not written to its end, and the sample is not kept for later.
    k.set(spu.torn, spu.torn || spu.records_end < address);
    loses_record<D>(k, spu);
    count_sample<D>(k, spu, true, false);
    // The pseudocode looks for a full buffer after a write that faulted, too (SPE-7.49).
    k.when(spu.limit < address + pe.spe_record_max,
           [&] { k.set(spu.counts.full_most, spu.counts.full_most + 1); });
    stop_profiling<D>(k, spu, at, SpuEvent::fault, ec, zero_extend<16>(fsc), mss2);
  }

 private:
  static constexpr u64 mss2_bits = 0x1e0;       // PMBSR_EL1[40:37]
  static constexpr u64 mss2_of_stage2 = 0x180;  // TopLevel, AssuredOnly
  // Of MMU and alignment faults, and of external aborts on walks. 0x10 is an abort of the write.
  static Flag<D> is_fault_status(const Word<D, 6>& fsc) {
    return fsc <= 0x0f || is_abort_on_walk(fsc) || (fsc >= 0x21 && fsc <= 0x2c) || fsc == 0x30 ||
           fsc == 0x31;
  }
  Flag<D> is_translation_fault() const {
    return (fsc >= 0x04 && fsc <= 0x07) || fsc == 0x2a || fsc == 0x2b;
  }
  Flag<D> is_address_size_fault() const { return fsc <= 0x03 || fsc == 0x29 || fsc == 0x2c; }
  // Every PE has physical addresses of 32 bits.
  static constexpr u64 least_size = u64{1} << 32;
  Flag<D> is_permission_fault() const { return fsc >= 0x0c && fsc <= 0x0f; }
  Flag<D> can_fault_at(const SpuStage<D>& stage, const Pe<D>& pe) const {
    return can_fault<D>(stage, pe, address, is_translation_fault(), is_permission_fault());
  }
  void check_data_loss(Step<D>& k, const Spu<D>& spu) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    const Flag<D> boundary = address == spu.records_end;
    const Flag<D> kept = iff(dl, spu.data_loss);
    Flag<D> inside = boundary || dl;
    if (k.is(Behaviour::spe_dl_never_set_by_fault)) inside = boundary || kept;
    lawful(inside, {"partial_record_sets_dl", "D17.8, D17.8.3: PTR is not LRE"});
    // Otherwise RMYXZK: at a boundary an IMPLEMENTATION DEFINED 0 or 1 is written.
    if (k.is(Behaviour::spe_dl_kept_at_boundary))
      lawful(!boundary || kept, {"dl_kept_at_boundary", "D17.8.3"});
    else lawful(dl || !spu.data_loss, {"dl_is_sticky", "D17.8: not cleared by the SPU"});
  }
};

// An external abort on a buffer write, reported through PMBSR_EL1: only before SPEv1p3 (D17.8.4).
template <class D>
struct SpuAbort {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_abort";
  static constexpr const char* source = "D17.8.4";
  Word<D, 16> cpu{};
  Num<D> address{};
  Word<D, 6> ec{}, fsc = Word<D, 6>(0x10);  // of a synchronous one
  Flag<D> asynchronous{};
  static constexpr auto fields() {
    return members<&SpuAbort::cpu, &SpuAbort::address, &SpuAbort::ec, &SpuAbort::fsc,
                   &SpuAbort::asynchronous>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    // So there is no other register than PMBSR_EL1 that could record it.
    const Flag<D> old = pe.spe < 4 || pe.spe == 0xff;
    k.require(old && !el2_takes_events<D>(spu) && !el3_takes_events<D>(spu),
              {"before_v1p3", "D17.8.4: not reported from SPEv1p3 on"});
    lawful(asynchronous || takes_records<D>(spu), {"synchronous_while_writing", "D17.8.4"});
    k.require(ec == ec_stage1 || ec == ec_stage2 || ec == ec_granule_protection,
              {"is_an_abort", "D24.7 PMBSR_EL1.EC"});
    lawful(ec != ec_stage2 || !owned_by_el2<D>(spu),
           {"stage2_is_of_el1", "D17.4: EL2's buffer has one stage of translation"});
    lawful(asynchronous || spu.in_flight != 0,
           {"one_in_flight", "D17.8.4: the write of a sample that was selected"});
    lawful(!asynchronous || spu.wrote || spu.in_flight != 0,
           {"something_was_written", "D17.8.4: an abort is that of a write"});
    k.require(asynchronous || is_abort_on_walk(fsc) || (fsc == 0x10 && ec != ec_stage2),
              {"stage2_abort_is_of_a_walk", "D17.8.4: EC 0x25 is an access to a stage 2 table"});
    const Flag<D> first = !is_stopped<D>(spu);
    const Flag<D> writes = takes_records<D>(spu);
    const Flag<D> inside = spu.records_end <= address && address < spu.limit;
    lawful(asynchronous || inside, {"inside_the_buffer", "D17.7: PTR is below LIMIT"});
    lawful(asynchronous || address < spu.records_end + pe.spe_record_max,
           {"within_one_record", "D17.8: LRE lies at most MaxSize below PTR"});
    const Flag<D> moves = writes && (!asynchronous || inside);
    moves_registers<D>(k, spu);
    k.set(spu.external_abort, true);
    const Flag<D> cut = asynchronous || address != spu.records_end;
    k.set(spu.data_loss, spu.data_loss || cut);
    // Of an asynchronous one it is not told which bytes did not arrive, nor where PTR stops.
    k.set(spu.torn, spu.torn || cut);
    // A synchronous one is that of the record in hand; samples that others met end by themselves.
    const Flag<D> had_something = spu.wrote || spu.in_flight != 0 || spu.unpredictable;
    k.set(spu.lost, spu.lost || (cut && had_something && (asynchronous || spu.unpredictable)));
    k.when(!asynchronous, [&] {
      loses_record<D>(k, spu);
      count_sample<D>(k, spu, true, false);
    });
    k.when(first && moves, [&] { k.set(spu.ptr, address); });
    k.when(first, [&] {
      const Word<D, 16> code = ite(asynchronous, Word<D, 16>(0x11), zero_extend<16>(fsc));
      stop_profiling<D>(k, spu, Word<D, 2>(number_of(SpuRecordedAt::el1)), SpuEvent::abort, ec,
                        code);
    });
  }
};

// The buffer may not be accessed by its owner any more (D17.8.5): DL is set, the syndrome is zero.
template <class D>
struct SpuNotAllowed {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_not_allowed";
  static constexpr const char* source = "D17.8.5";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuNotAllowed::cpu>; }
  static SpuEventKind<D> kind() { return {}; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&, const Word<D, 2>& at) const {
    k.require(!is_stopped<D>(spu), {"first_event", "D17.8: reported only while S is clear"});
    k.require(spu.in_flight != 0, {"one_in_flight", "the write of a sample that was selected"});
    k.require(spu.unpredictable || !buffer_enabled<D>(spu),
              {"access_was_withdrawn", "D17.9: the buffer reads as disabled at write time"});
    k.require(spu.unpredictable || spu.fill != discard_mode,
              {"not_in_discard_mode", "D17.5.5: no management events in discard mode"});
    moves_registers<D>(k, spu);
    k.set(spu.data_loss, true);
    loses_record<D>(k, spu);
    count_sample<D>(k, spu, false, false);
    stop_profiling<D>(k, spu, at, SpuEvent::not_allowed, Word<D, 6>(ec_buffer),
                      Word<D, 16>(bsc_not_allowed));
  }
};

// An event for an IMPLEMENTATION DEFINED reason: EC 0x1F. What it does to DL, EA and PTR is the
// implementation's, as far as that is no lie.
template <class D>
struct SpuImplementationEvent {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_implementation_event";
  static constexpr const char* source = "D17.8; D24.7 PMBSR_EL1.EC 0x1F";
  Word<D, 16> cpu{};
  Num<D> address{};  // PMBPTR_EL1 afterwards
  Word<D, 16> mss{};
  Flag<D> ea{}, dl{};  // PMBSR_EL1.EA and DL afterwards
  static constexpr unsigned answers = 2;
  static constexpr auto fields() {
    return members<&SpuImplementationEvent::cpu, &SpuImplementationEvent::address,
                   &SpuImplementationEvent::mss, &SpuImplementationEvent::ea,
                   &SpuImplementationEvent::dl>;
  }
  static SpuEventKind<D> kind() { return {}; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&, const Word<D, 2>& at) const {
    const Lawful<D> lawful{k, spu.unpredictable};
    k.require(!is_stopped<D>(spu), {"first_event", "D17.8: reported only while S is clear"});
    lawful(takes_records<D>(spu), {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
    lawful(spu.records_end <= address && (address <= spu.limit || address == spu.records_end),
           {"inside_the_buffer", "D17.7: PTR is not above LIMIT"});
    lawful(address == spu.records_end || dl, {"partial_record_sets_dl", "D17.8: PTR is not LRE"});
    lawful(!dl || spu.data_loss || spu.in_flight != 0,
           {"data_loss_has_a_cause", "D24.7 PMBSR_EL1.DL"});
    lawful((dl || !spu.data_loss) && (ea || !spu.external_abort),
           {"status_is_sticky", "D17.8: not cleared by the SPU"});
    moves_registers<D>(k, spu);
    k.set(spu.ptr, address);
    k.set(spu.torn, spu.torn || spu.records_end < address);
    k.set(spu.lost, spu.lost || (dl && spu.unpredictable));
    k.when(dl && !spu.data_loss, [&] { loses_record<D>(k, spu); });
    k.set(spu.data_loss, dl);
    k.set(spu.external_abort, ea);
    stop_profiling<D>(k, spu, at, SpuEvent::implementation, Word<D, 6>(ec_implementation), mss);
  }
};

// The level of PMBIRQ, as the interrupt controller sees it.
template <class D>
struct SpuInterrupt {
  static constexpr const char* name = "spe_irq";
  static constexpr const char* source = "D17.8 RTSJRP, ISMLLS";
  Word<D, 16> cpu{};
  Flag<D> level{};
  static constexpr auto fields() { return members<&SpuInterrupt::cpu, &SpuInterrupt::level>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    // FEAT_SPE_EXC: with an effective PMSCR_EL1.EE the event is an exception instead.
    const Flag<D> delegated = spu.ee2 != 0 && spu.firmware != number_of(SpuFirmware::disables);
    const Flag<D> exception = is_of_version<D>(pe, 6) && delegated && spu.ee1 != 0;
    k.require(spu.unpredictable || iff(level, spu.irq && !exception),
              {"level_is_service", "D17.8 RTSJRP: PMBIRQ is driven by PMBSR_EL1.S"});
  }
};

}  // namespace assay

// What the events of SPE virtualisation keep (L, V, W, I, E and N of REFERENCES.md, as far as they
// speak of steps).
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/lifecycle/rules.hpp"
#include "spec/kvm/memslot/rules.hpp"
#include "spec/kvm/spe/designs.hpp"
#include "spec/kvm/spe/teardown.hpp"
#include "spec/kvm/vcpu/rules.hpp"

namespace assay {

// holds(before, after) of the vCPU that the event names.
template <class D, class F>
Flag<D> of_its_vcpu(const Taken<D>& t, F&& holds) {
  return holds(t.before.vcpu[t.vcpu()], t.after.vcpu[t.vcpu()]);
}

// holds(slot) of the memory slot that the event names.
template <class D, class F>
Flag<D> with_its_slot(const Taken<D>& t, const SpeGuestFault<D>& call, F&& holds) {
  return all<D>(t.before.slot, [&](const auto& s, std::size_t i) {
    return call.slot != Word<D, 16>(i) || holds(s);
  });
}

template <class D>
void slot_change_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("locked_memslot_does_not_change",
      !t.succeeds || all<D>(t.before.slot,
                            [&](const auto& a, std::size_t i) {
                              const auto& b = t.after.slot[i];
                              const Flag<D> stays = a.pages == b.pages &&
                                                    a.base_gfn == b.base_gfn &&
                                                    a.userspace_addr == b.userspace_addr &&
                                                    iff(a.readonly, b.readonly);
                              return !a.lock.held || (stays && (!a.log_dirty || b.log_dirty));
                            }),
      "L07, L19; v4-08");
}

template <class D>
void lock_properties(const Taken<D>& t, const EnableCap<D>& call, const SayProperty<D>& say) {
  const u64 number = t.profile.is(Behaviour::spe_v5) ? 207 : 206;
  const Flag<D> locks = call.cap == number && call.flags == EnableCap<D>::lock_flag;
  const Flag<D> slots_are_left = all<D>(t.before.slot, [&](const auto& a, std::size_t i) {
    const auto& b = t.after.slot[i].lock;
    // What was mapped may be gone: it is mapped again when it is used.
    return a.lock.pinned == b.pinned && (a.lock.stale || !b.stale) && iff(a.lock.held, b.held) &&
           (a.lock.mapped || !b.mapped);
  });
  say("failed_lock_changes_nothing",
      t.succeeds || !locks || (slots_are_left && is_same<D>(t.before.spe, t.after.spe)),
      "L09; v4-03");
  say("no_vcpu_runs_during_lock",
      !t.succeeds || !locks || !any<D>(t.before.vcpu, [](const auto& c) { return c.in_guest; }),
      "L16; v4-03");
  if (!t.profile.is(Behaviour::spe_v5))
    say("lock_comes_before_the_first_run",
        !t.succeeds || !locks ||
            !any<D>(t.before.vcpu, [](const auto& c) { return c.runner != 0; }),
        "L17; v4-03");
  const Flag<D> pending = is_pending<D>(t.before);
  // A LOCK leaves the data cache pending and a run cleans it: that it was cleaned means that the
  // guest has run with what is locked now.
  const Flag<D> cleaned = !t.before.spe.flush_dcache && !t.before.spe.flush_icache;
  say("unlock_after_a_run_keeps_the_mapping",
      all<D>(t.before.slot,
             [&](const auto& a, std::size_t i) {
               const auto& b = t.after.slot[i];
               const Flag<D> unlocked = t.succeeds && a.lock.held && !b.lock.held;
               const Flag<D> owed = t.before.spe.clear_tags && t.before.spe.mte;
               return !unlocked || !a.lock.mapped || !cleaned || owed || b.lock.mapped;
             }),
      "v5-07; SPE-4.3: unmapped if no vCPU ran since the lock");
  if (t.profile.is(Behaviour::spe_v5))
    say("unlock_of_a_pristine_lock_unmaps",
        all<D>(t.before.slot,
               [&](const auto& a, std::size_t i) {
                 const auto& b = t.after.slot[i];
                 return !(t.succeeds && a.lock.held && !b.lock.held && pending) || !b.lock.mapped;
               }),
        "L18; v5-07");
  const Flag<D> unlocks_all =
      call.cap == number && call.flags == EnableCap<D>::unlock_flag && bit(call.args[1], 0);
  const Flag<D> none_locked = !any<D>(t.before.slot, [](const auto& s) { return s.lock.held; });
  const Flag<D> slots_stay = all<D>(
      t.before.slot, [&](const auto& a, std::size_t i) { return is_same<D>(a, t.after.slot[i]); });
  say("unlock_all_is_idempotent", !t.succeeds || !unlocks_all || !none_locked || slots_stay,
      "L22; v4-03");
}

// Stage 2 entries of locked memory.
template <class D>
void mapping_properties(const Taken<D>& t, const SpeGuestFault<D>& call,
                        const SayProperty<D>& say) {
  say("locked_memory_maps_single_pages",
      with_its_slot(t, call,
                    [&](const auto& s) { return !s.lock.held || call.bytes == page_bytes; }),
      "L06; v4-03");
  say("locked_memory_faults_only_behind_a_notifier",
      with_its_slot(t, call,
                    [&](const auto& s) {
                      const Flag<D> intact = s.lock.held && s.lock.mapped && !call.access_flag;
                      return !intact || call.exec || (call.write && !s.lock.write);
                    }),
      "L20; v4-10");
}

// Attributes and the set of CPUs: what refuses changes nothing, what is set once stays.
template <class D>
void attribute_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("refused_attribute_changes_nothing", t.succeeds || is_same<D>(t.before, t.after),
      "E02; v4-20 to v4-35");
  say("interrupt_number_is_set_once",
      of_its_vcpu(
          t, [](const auto& a, const auto& b) { return a.spe.irq == 0 || a.spe.irq == b.spe.irq; }),
      "V10; v4-21");
  say("setup_stays_set_up",
      of_its_vcpu(t,
                  [](const auto& a, const auto& b) {
                    return implies<D>(plain(a.spe.initialized), plain(b.spe.initialized));
                  }),
      "V10; v4-22");
  say("attributes_touch_one_vcpu",
      all<D>(t.before.vcpu,
             [&](const auto& a, std::size_t i) {
               return i == t.vcpu() || is_same<D>(a.spe, t.after.vcpu[i].spe);
             }),
      "V14; v4-20");
  if (!t.template is_one_of<SpeSupportedCpus<D>>())
    say("attributes_need_the_feature", !t.succeeds || has_spe_feature<D>(t.before.vcpu[t.vcpu()]),
        "V13; v4-20");
}

// Whatever the event, the copies of other vCPUs' registers stay as they are.
template <class D>
void isolation_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("other_vcpus_registers_stay",
      all_changed<D>(t, t.before.vcpu, t.after.vcpu,
                     [&](const auto& a, const auto& b, std::size_t i) {
                       const Flag<D> own = t.names_vcpu() && i == t.vcpu();
                       return own || is_same<D>(a.spe.regs, b.spe.regs);
                     }),
      "W04; v4-30");
  if (!t.template is_one_of<SpeTrapLimit<D>, SpeSetRegLimit<D>, VcpuInit<D>>())
    say("limit_changes_by_trapped_writes_only",
        all_changed<D>(t, t.before.vcpu, t.after.vcpu,
                       [](const auto& a, const auto& b, std::size_t) {
                         return a.spe.regs.limit == b.spe.regs.limit &&
                                iff(a.spe.regs.enable, b.spe.regs.enable);
                       }),
        "W13; v4-30");
  if (!t.template is_one_of<CreateVm<D>>())
    say("capability_is_sampled_once", iff(t.before.spe.perfmon, t.after.spe.perfmon), "W20; v4-33");
}

// `entered(holds)` asks holds(spu) of the PE that the vCPU is entered on.
template <class D, class Entered>
void entry_loads(const Taken<D>& t, const SayProperty<D>& say, const Entered& entered) {
  const SpeVcpu<D>& self = t.before.vcpu[t.vcpu()].spe;
  const Flag<D> runs = wants_buffer<D>(self);
  say("entry_loads_the_guests_buffer", !runs || entered([&](const auto& s) {
        return s.ptr == self.regs.ptr && s.limit == self.regs.limit && s.enable;
      }),
      "W10; v4-30, v4-31");
  say("entry_loads_the_guests_sampling",
      self.stop != spe_running || all<D>(t.after.spu,
                                         [&](const auto& s, std::size_t i) {
                                           const Pe<D>& pe = t.before.host.pe[i];
                                           return t.cpu() != Word<D, 16>(i) ||
                                                  t.before.spe_switch[i].lawless ||
                                                  has_sampling<D>(s, self.regs.sampling, pe);
                                         }),
      "W10; v4-30, v4-31");
  const Flag<D> pinned = self.buffer.mapped && self.buffer.pinned != 0;
  const Flag<D> entered_pinned = entered([&](const auto&) { return pinned; });
  if (pins_buffer(t.profile))
    say("enabled_buffer_is_pinned", !runs || entered_pinned, "N01; v6-28");
}

template <class D>
void enter_properties(const Taken<D>& t, const SayProperty<D>& say) {
  const SpeVcpu<D>& self = t.before.vcpu[t.vcpu()].spe;
  const Flag<D> wants = self.regs.enable && (self.regs.e0spe || self.regs.e1spe);
  auto entered = [&](auto&& holds) {
    return all<D>(t.after.spu, [&](const auto& s, std::size_t i) {
      return t.cpu() != Word<D, 16>(i) || t.before.spe_switch[i].lawless || holds(s);
    });
  };
  if (pins_memory(t.profile)) {
    say("maintenance_comes_before_the_guest",
        !t.after.spe.flush_dcache && !t.after.spe.flush_icache, "L10, L12; v4-04, v4-05");
    say("tags_are_cleared_before_the_guest", !t.after.spe.clear_tags || !t.after.spe.mte,
        "L13; v4-06");
  }
  say("entered_vcpu_is_initialized", Flag<D>(plain(self.initialized)), "V06; v4-22");
  const Flag<D> stopped = self.stop != spe_running;
  say("status_is_clear_at_entry",
      stopped || entered([](const auto& s) { return status_is_clear<D>(s); }), "W11; v4-34");
  say("asserted_line_disables_the_buffer",
      stopped || !self.line || entered([](const auto& s) { return !s.enable; }), "W12; v4-34");
  say("stopped_vcpu_never_samples",
      !stopped || entered([](const auto& s) { return !s.e0spe && !s.e1spe; }), "W14; v4-36");
  say("stopped_vcpu_leaves_the_buffer",
      !stopped || all<D>(t.after.spu,
                         [&](const auto& s, std::size_t i) {
                           const SpeSwitch<D>& sw = t.before.spe_switch[i];
                           return t.cpu() != Word<D, 16>(i) || sw.lawless ||
                                  holds_buffer_of_host<D>(s, sw);
                         }),
      "W15; v4-36");
  entry_loads<D>(t, say, entered);
  say("stop_exit_keeps_profiling_guests_out", self.stop != spe_stopped_exit || self.line || !wants,
      "W16; v4-36");
  say("line_is_service_at_entry", iff(self.line, self.regs.service), "I01; v4-34");
}

template <class D>
void sync_properties(const Taken<D>& t, const SayProperty<D>& say) {
  const SpeVcpu<D>& a = t.before.vcpu[t.vcpu()].spe;
  const SpeVcpu<D>& b = t.after.vcpu[t.vcpu()].spe;
  const Flag<D> pending = Flag<D>(plain(a.event_pending));
  say("hardware_event_is_delivered", !pending || b.line, "I02, I09; v4-34");
  say("line_is_sticky_until_the_guest_acts", !a.line || b.line, "I08; v4-34");
  say("guest_never_sees_stage2", !pending || b.regs.ec != ec_stage2, "I04; v4-34");
  say("guest_sees_two_event_classes", !pending || b.regs.ec == ec_buffer || b.regs.ec == ec_stage1,
      "I05; v4-34");
  const Flag<D> replaced = a.regs.ec != ec_buffer && a.regs.ec != ec_stage1;
  say("other_events_become_an_external_abort",
      !pending || !replaced ||
          (b.regs.external_abort && b.regs.ec == ec_stage1 && b.regs.mss == 0x10),
      "I06; v4-34");
}

template <class D>
void stage_properties(const Taken<D>& t, const SayProperty<D>& say) {
  say("guest_is_drained_before_the_save",
      all<D>(t.before.spu,
             [&](const auto& s, std::size_t i) {
               return t.cpu() != Word<D, 16>(i) || t.before.spe_switch[i].lawless ||
                      (s.in_flight == 0 && !reads_lag<D>(s));
             }),
      "W06; v4-30");
}

// The end of the VM, injections, ONE_REG, and guests without SPE.
template <class D>
void other_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (t.template is_one_of<SpeTablesFreed<D>>())
    say("no_spu_holds_the_vms_addresses",
        all<D>(t.before.spe_switch, [](const auto& sw) { return is_at<D>(sw, Switch::host); }),
        "W21; v4-07");
  if (t.template is_one_of<SpeUnpinned<D>>())
    say("pins_outlive_the_tables", Flag<D>(plain(t.before.spe.tables_freed)), "L15; v4-07");
  if (t.template is_one_of<VcpuPut<D>>())
    say("stopped_guest_keeps_its_event_filter",
        of_its_vcpu(t,
                    [](const auto& a, const auto& b) {
                      return a.spe.stop == spe_running ||
                             a.spe.regs.events_clear == b.spe.regs.events_clear;
                    }),
        "SPE-4.8: PMSNEVFR_EL1; v4-32");
  if (t.template is_one_of<SpeInject<D>>())
    say("injections_follow_changes",
        of_its_vcpu(
            t, [](const auto& a, const auto& b) { return !iff(a.spe.injected, b.spe.injected); }),
        "I07; v4-34");
  if (const auto* call = t.template as<SpeGetReg<D>>()) {
    const Word<D, 4> version = field_bits<4>(call->value, 32);
    const Flag<D> spe = has_spe_feature<D>(t.before.vcpu[t.vcpu()]);
    say("guest_version_is_capped",
        !t.succeeds || call->id != reg_id_aa64dfr0_el1 || version == 0 || (spe && version <= 2),
        "V12; v4-18");
  }
  if (t.template is_one_of<SpeEnterWithout<D>>())
    say("guest_without_spe_reaches_nothing",
        all<D>(t.before.spu,
               [&](const auto& s, std::size_t i) {
                 return t.cpu() != Word<D, 16>(i) || (s.e2pb == 0 && s.tpms);
               }),
        "W02; v4-26");
  if (t.template is_one_of<VcpuRun<D>>())
    say("run_succeeds_after_maintenance",
        !t.succeeds || !pins_memory(t.profile) ||
            (!t.after.spe.flush_dcache && !t.after.spe.flush_icache &&
             !(t.after.spe.clear_tags && t.after.spe.mte)),
        "L11, L14; v4-06");
  // A vCPU whose checks of the first run are behind it.
  if (const auto* call = t.template as<VcpuRun<D>>())
    say("refused_vcpu_may_move_and_run",
        of_its_vcpu(t,
                    [&](const auto& a, const auto&) {
                      const Flag<D> told = call->cpu != VcpuRun<D>::not_told_16;
                      const Flag<D> refused = t.answer == static_cast<u64>(Errno::noexec);
                      return call->task != a.runner || !told || !refused ||
                             (has_spe_feature<D>(a) && !spe_may_run_on<D>(t.before, a, call->cpu));
                    }),
        "V03; v4-19");
}

// What a design could promise and none of the series does: a question to designs, no fault of an
// implementation.
template <class D>
void spe_questions(const Taken<D>& t, const SayProperty<D>& say) {
  if (!is_spe_series(t.profile)) return;
  if (const auto* call = t.template as<EnableCap<D>>()) {
    const u64 number = t.profile.is(Behaviour::spe_v5) ? 207 : 206;
    const Flag<D> locks = call->cap == number && call->flags == EnableCap<D>::lock_flag;
    say("memory_is_pinned_for_profiling_guests_only",
        !t.succeeds || !locks ||
            any<D>(t.before.vcpu, [](const auto& c) { return Flag<D>(plain(c.spe.regs.enable)); }),
        "SPE-5.1; the designs' price");
  }
  if (const auto* call = t.template as<SpeGuestFault<D>>())
    say("memory_locked_for_reading_takes_writes",
        with_its_slot(t, *call,
                      [&](const auto& s) {
                        return !s.lock.held || !s.lock.mapped || !call->write || call->exec;
                      }),
        "L21; v4-02");
  if (t.template is_one_of<SpeGuestSaved<D>>())
    say("collisions_reach_the_guest",
        all<D>(t.before.spu,
               [&](const auto& s, std::size_t i) {
                 const auto& regs = t.after.vcpu[t.vcpu()].spe.regs;
                 return t.cpu() != Word<D, 16>(i) || !s.collision || regs.collision;
               }),
        "I10; v4-34");
}

// The host has its registers back.
template <class D>
void host_properties(const Taken<D>& t, const SayProperty<D>& say) {
  auto restored = [&](auto&& holds) {
    return all<D>(t.after.spu, [&](const auto& s, std::size_t i) {
      return t.cpu() != Word<D, 16>(i) || t.before.spe_switch[i].host_is_back ||
             t.before.spe_switch[i].lawless ||
             holds(s, t.before.spe_switch[i].host, t.before.host.pe[i]);
    });
  };
  say("host_finds_its_own_status", restored([](const auto& s, const auto& host, const auto&) {
        return iff(s.service, host.service) && s.ec == host.ec && s.mss == host.mss;
      }),
      "I11; v4-30");
  say("host_finds_its_own_sampling", restored([](const auto& s, const auto& host, const auto& pe) {
        return has_sampling<D>(s, host.sampling, pe);
      }),
      "W03; v4-30, v4-31");
}

// The demands of a stage as claims about the code that leads to it. `demands(spu, pe, switch, say)`
// of the PE that the event names.
template <class D, class Demands>
void code_reaches(const Taken<D>& t, const SayProperty<D>& say, Demands&& demands) {
  struct Claim {
    Why why;
    Flag<D> holds;
  };
  std::vector<Claim> claims;
  // Their names do not depend on a PE.
  demands(Spu<D>{}, Pe<D>{}, SpeSwitch<D>{}, [&](const Flag<D>&, const Why& why) {
    claims.push_back({why, true});
  });
  const auto& pes = t.before.spu;
  pes.for_each([&](const auto& spu, std::size_t i) {
    std::size_t at = 0;
    demands(
        spu, t.before.host.pe[i], t.before.spe_switch[i], [&](const Flag<D>& holds, const Why&) {
          Flag<D>& all_hold = claims[at++].holds;
          const Flag<D> concerned = t.cpu() == Word<D, 16>(i) && !t.before.spe_switch[i].lawless;
          all_hold = all_hold && (!concerned || holds);
        });
  });
  for (const Claim& c : claims) say(c.why.id, c.holds, c.why.source);
}

template <class D>
void code_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (!has_switch_code(t.profile)) return;
  if (t.template is_one_of<SpeHostSaved<D>>())
    code_reaches<D>(t, say, [](const auto& spu, const auto&, const auto&, auto&& claim) {
      host_saved_demands<D>(spu, claim);
    });
  if (t.template is_one_of<SpeEnter<D>>())
    code_reaches<D>(t, say, [&](const auto& spu, const auto& pe, const auto& sw, auto&& claim) {
      enter_demands<D>(t.before, t.profile, t.before.vcpu[t.vcpu()].spe, spu, pe, sw, claim);
    });
  if (t.template is_one_of<SpeGuestSaved<D>>())
    code_reaches<D>(t, say, [](const auto& spu, const auto&, const auto&, auto&& claim) {
      guest_saved_demands<D>(spu, claim);
    });
  if (t.template is_one_of<SpeHostRestored<D>>())
    code_reaches<D>(t, say, [&](const auto& spu, const auto& pe, const auto& sw, auto&& claim) {
      host_restored_demands<D>(t.profile, spu, pe, sw, claim);
    });
}

// What the designs that followed keep.
template <class D>
void design_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (const auto* call = t.template as<SpeTrapBufferId<D>>())
    say("guest_reads_its_maximum",
        buffer_size_of<D>(field_bits<16>(call->value, 32)) == t.before.spe.buffer_max,
        "N03; v6-14");
  if (t.template is_one_of<SetAttribute<D, SpeSpu>>())
    say("spu_is_chosen_once",
        !t.succeeds || (!t.before.has_ran_once &&
                        (t.before.spe.spu == 0 || t.before.spe.spu == t.after.spe.spu)),
        "V15; v6-12");
  if (t.template is_one_of<SpeBufferPinned<D>>()) {
    const SpeRegisters<D>& r = t.before.vcpu[t.vcpu()].spe.regs;
    const auto& most = t.before.spe.buffer_max;
    say("pinned_buffer_is_within_its_maximum", most == 0 || r.limit <= r.ptr + most, "N02; v6-14");
  }
  if (t.template is_one_of<SpeRlimitExit<D>>())
    say("rlimit_exit_starts_nothing", is_same<D>(t.before, t.after), "N04; v6-33");
  if (t.template is_one_of<SpeBufferPinned<D>, SetAttribute<D, SpeBufferMax>, SpeTrapLimit<D>>() &&
      pins_buffer(t.profile))
    say("charge_is_never_lowered", t.before.spe.locked_pages <= t.after.spe.locked_pages,
        "N05; v6-33");
  if (t.template is_one_of<SpeStage1Missing<D>>())
    say("missing_translation_is_an_event",
        of_its_vcpu(t,
                    [](const auto&, const auto& b) {
                      return b.spe.regs.service && b.spe.line && b.spe.regs.ec == ec_stage1;
                    }),
        "N06; LIST-2025");
}

// Every property of SPE virtualisation that speaks of this kind of event.
template <class D>
void spe_properties(const Taken<D>& t, const SayProperty<D>& say) {
  if (!is_spe_series(t.profile)) return;
  if (!t.template is_one_of<CreateVm<D>>()) isolation_properties(t, say);
  other_properties(t, say);
  if (t.template is_one_of<SetUserMemoryRegion<D>>()) slot_change_properties<D>(t, say);
  if (const auto* call = t.template as<EnableCap<D>>()) lock_properties<D>(t, *call, say);
  if (const auto* call = t.template as<SpeGuestFault<D>>()) mapping_properties<D>(t, *call, say);
  if (t.template is_one_of<SetAttribute<D, SpeIrq>, SetAttribute<D, SpeInit>,
                           SetAttribute<D, SpeStop>, SetAttribute<D, SpeOther>,
                           SetAttribute<D, SpeSpu>, SetAttribute<D, SpeBufferMax>,
                           SpeSupportedCpus<D>>())
    attribute_properties(t, say);
  if (const auto* call = t.template as<SetAttribute<D, SpeStop>>()) {
    const Word<D, 32>& flags = field<"flags">(*call);
    say("stop_takes_one_flag", !t.succeeds || flags == 1 || flags == 2 || flags == 4, "E03; v4-35");
    say("stop_changes_nothing_else",
        of_its_vcpu(t,
                    [](const auto& a, const auto& b) {
                      return is_same<D>(a.spe.regs, b.spe.regs) && iff(a.spe.line, b.spe.line);
                    }),
        "W17; v4-36");
  }
  if (t.template is_one_of<SpeSupportedCpus<D>>())
    say("cpus_are_named_before_the_first_run", !t.succeeds || t.before.vcpu[t.vcpu()].runner == 0,
        "V05; v4-12");
  if (t.template is_one_of<SpeEnter<D>>()) enter_properties<D>(t, say);
  if (t.template is_one_of<SpeSync<D>>()) sync_properties<D>(t, say);
  if (t.template is_one_of<SpeGuestSaved<D>>()) stage_properties<D>(t, say);
  if (t.template is_one_of<SpeHostRestored<D>>()) host_properties<D>(t, say);
  code_properties(t, say);
  design_properties(t, say);
  if (t.template is_one_of<SpeTrapStatus<D>>())
    say("cleared_service_drops_the_line",
        of_its_vcpu(t,
                    [](const auto&, const auto& b) { return iff(b.spe.line, b.spe.regs.service); }),
        "I03; v4-34");
}

}  // namespace assay

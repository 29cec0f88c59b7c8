// The world switch as the posted series make it: its instructions, their order and their conditions
// (SPE-4.10), one table for VHE and one for nVHE. In protected mode ordinary VMs take the path of
// nVHE (SPE-4.9). v5 changed what surrounds the tables, not their order.
//
// A profile with such a code asks two things of a trace: that the hypervisor executes just these
// instructions, and, as claims, what must hold at each stage (switch_demands.hpp). So the code
// itself can be refuted.
#pragma once
#include "spec/arch/spu/context.hpp"
#include "spec/kvm/spe/copies.hpp"
#include "spec/kvm/spe/switch_stage.hpp"

namespace assay {

// An instruction, or a mark: the event that says that a stage is reached.
enum class SwitchOp : unsigned {
  begins,
  msr,
  mdcr,  // MSR MDCR_EL2: who owns the buffer
  isb,
  psb,
  dsb,
  host_saved,
  restoring,
  enter,
  exit,  // the exception that leaves the guest
  guest_saved,
  host_restored,
};
// What a register is set to: zero, what was saved of the host, KVM's copy of the guest's.
enum class SwitchValue : unsigned { none, zero, host, guest };
// When an instruction is executed. Profiling: PMBLIMITR_EL1.E was set when its owner was left.
// Running and stopped: what KVM_ARM_VCPU_SPE_STOP says of the vCPU.
enum class SwitchWhen : unsigned {
  always,
  profiling,
  running,
  running_profiling,
  stopped,
  stopped_profiling,
};
struct SwitchInstruction {
  SwitchOp op;
  SwitchWhen when = SwitchWhen::always;
  SpuRegister reg{};  // of an MSR
  SwitchValue value = SwitchValue::none;
};
using SwitchCode = std::span<const SwitchInstruction>;

namespace switch_code_detail {
using enum SwitchOp;
using enum SwitchWhen;
using enum SpuRegister;
inline constexpr SwitchValue zero = SwitchValue::zero, host = SwitchValue::host,
                             guest = SwitchValue::guest;

inline constexpr SwitchInstruction of_vhe[] = {
    {begins},
    {msr, always, pmscr_el2, guest},
    {isb},
    {psb, profiling},
    {dsb, profiling},
    {isb, profiling},
    {host_saved},
    {mdcr, always, {}, guest},
    {restoring},
    {msr, running, pmsicr, guest},
    {msr, running, pmsirr, guest},
    {msr, running, pmsfcr, guest},
    {msr, running, pmsevfr, guest},
    {msr, running, pmslatfr, guest},
    {msr, running, pmbptr, guest},
    {msr, running, pmbsr, zero},
    {msr, running, pmblimitr, guest},
    {msr, running, pmscr_el1, guest},
    {msr, stopped, pmscr_el1, zero},
    {enter},
    {exit},
    {psb, running_profiling},
    {dsb, running_profiling},
    {isb, running_profiling},
    {guest_saved},
    {mdcr, always, {}, host},
    {msr, running, pmsicr, host},
    {msr, running, pmsirr, host},
    {msr, running, pmsfcr, host},
    {msr, running, pmsevfr, host},
    {msr, running, pmslatfr, host},
    {msr, running, pmbptr, host},
    {msr, running, pmblimitr, host},
    {msr, running, pmbsr, host},
    {isb},
    {msr, always, pmscr_el2, host},
    {host_restored},
};

inline constexpr SwitchInstruction of_nvhe[] = {
    {begins},
    {psb, profiling},
    {dsb, profiling},
    {isb, profiling},
    {host_saved},
    {mdcr, always, {}, guest},
    {restoring},
    {msr, running, pmsicr, guest},
    {msr, running, pmsirr, guest},
    {msr, running, pmsfcr, guest},
    {msr, running, pmsevfr, guest},
    {msr, running, pmslatfr, guest},
    {msr, running, pmbptr, guest},
    {msr, running, pmbsr, zero},
    {msr, running, pmblimitr, guest},
    {msr, running, pmscr_el1, guest},
    {msr, stopped_profiling, pmscr_el1, zero},
    {msr, always, pmscr_el2, guest},
    {enter},
    {exit},
    {psb, running_profiling},
    {dsb, running_profiling},
    {isb, running_profiling},
    {guest_saved},
    {mdcr, always, {}, host},
    {msr, running, pmsicr, host},
    {msr, running, pmsirr, host},
    {msr, running, pmsfcr, host},
    {msr, running, pmsevfr, host},
    {msr, running, pmslatfr, host},
    {msr, running, pmbptr, host},
    {msr, running, pmbsr, host},
    {msr, running, pmblimitr, host},
    {msr, running, pmscr_el1, host},
    {msr, stopped_profiling, pmscr_el1, host},
    {msr, always, pmscr_el2, host},
    {host_restored},
};

constexpr unsigned place_of(SwitchCode code, SwitchOp mark) {
  unsigned i = 0;
  while (code[i].op != mark) ++i;
  return i;
}
// The two are never executed in the same switch.
constexpr bool excludes(SwitchWhen a, SwitchWhen b) {
  const auto is_stopped = [](SwitchWhen w) { return w == stopped || w == stopped_profiling; };
  const auto is_running = [](SwitchWhen w) { return w == running || w == running_profiling; };
  return (is_stopped(a) && is_running(b)) || (is_running(a) && is_stopped(b));
}
}  // namespace switch_code_detail

inline constexpr SwitchCode switch_code_of_vhe = switch_code_detail::of_vhe;
inline constexpr SwitchCode switch_code_of_nvhe = switch_code_detail::of_nvhe;

// Empty: the profile says what must hold at each stage, and not how the hypervisor gets there.
constexpr SwitchCode switch_code(const Profile& p) {
  if (p.is(Behaviour::spe_switch_vhe)) return switch_code_of_vhe;
  if (p.is(Behaviour::spe_switch_nvhe)) return switch_code_of_nvhe;
  return {};
}
// MDCR_EL2.E2PB of the host: the buffer is EL2's on VHE, and EL1's, without traps, on nVHE
// (SPE-4.9).
constexpr u64 hosts_owner(SwitchCode code) {
  return code.data() == switch_code_of_vhe.data() ? 0 : 3;
}
constexpr bool has_switch_code(const Profile& p) { return !switch_code(p).empty(); }
constexpr bool has_switch_code_of_vhe(const Profile& p) { return p.is(Behaviour::spe_switch_vhe); }
constexpr bool has_switch_code_of_nvhe(const Profile& p) {
  return p.is(Behaviour::spe_switch_nvhe);
}

// --- what an instruction does -------------------------------------------------------------------

template <class D>
Flag<D> is_executed(const Vm<D>& vm, const Spu<D>& spu, const SpeSwitch<D>& sw, SwitchWhen when) {
  using enum SwitchWhen;
  switch (when) {
    case always: return true;
    case profiling: return plain(spu.enable);
    case running: return !is_of_stopped_vcpu<D>(vm, sw);
    case running_profiling: return !is_of_stopped_vcpu<D>(vm, sw) && spu.enable;
    case stopped: return is_of_stopped_vcpu<D>(vm, sw);
    case stopped_profiling: return is_of_stopped_vcpu<D>(vm, sw) && spu.enable;
  }
  return false;
}

// get(F{}) is a field of the register, of an MSR or as the SPU holds it.
template <class D, class Register, class Get>
Flag<D> is_zero_value(Get&& get) {
  return [&]<class... F>(FieldList<F...>) {
    return (... && is_same_value<D>(get(F{}), typename FieldValue<D, F::kept>::type(0)));
  }(typename Register::template Fields<D>{});
}
// Where FM is a reserved value, it behaves as one that is not (SPE-7.19); before SPEv1p2 it is
// RES0.
template <class D>
Flag<D> fills_as(const Word<D, 2>& now, const Word<D, 2>& wanted, const Pe<D>& pe) {
  return bit(wanted, 0) || !is_of_version<D>(pe, 3) || now == wanted;
}
// What an SPU can hold of FM.
template <class D>
Flag<D> is_fill_mode_of(const Word<D, 2>& fill, const Pe<D>& pe) {
  return fill == fill_mode || (fill == discard_mode && is_of_version<D>(pe, 3));
}
template <class D, class F>
inline constexpr bool is_fill_mode = F::low == 1 && std::string_view(F::name) == "fm";
template <class D, class Register, class Get>
Flag<D> is_kept_in(const SpeRegisters<D>& kept, const Pe<D>& pe, Get&& get) {
  Flag<D> same = true, same_sampling = true;
  each_copy<D, Register>(kept, [&]<class F>(F f, const auto& copy) {
    if constexpr (is_fill_mode<D, F>) same = same && fills_as<D>(get(f), plain(copy), pe);
    else if constexpr (CopyOf<F::kept, BufferCopies<D>>::exists)
      same = same && is_same_value<D>(get(f), plain(copy));
    else same_sampling = same_sampling && is_same_value<D>(get(f), plain(copy));
  });
  // What held no value when it was saved may get any.
  const Flag<D> any = bit(plain(kept.sampling.unknown), static_cast<unsigned>(Register::number));
  return same && (same_sampling || any);
}
// PMSCR_EL2, as far as KVM and the host use it: E0HSPE, E2SPE, CX, PA, TS, PCT.
template <class D, class Get>
Word<D, 16> control2_value(Get&& get) {
  Word<D, 16> value(0);
  [&]<class... F>(FieldList<F...>) {
    const auto add = [&]<class G>(G g) {
      if constexpr (G::low >= 8) return;
      else if constexpr (std::is_same_v<typename FieldValue<D, G::kept>::type, Flag<D>>)
        value = value | ite(get(g), Word<D, 16>(u64{1} << G::low), Word<D, 16>(0));
      else
        for (unsigned i = 0; i < WordWidth<typename FieldValue<D, G::kept>::type>::value; ++i)
          value = value | ite(bit(get(g), i), Word<D, 16>(u64{1} << (G::low + i)), Word<D, 16>(0));
    };
    (add(F{}), ...);
  }(typename PmscrEl2::Fields<D>{});
  return value;
}

// The register has, or is set to, the value that the table names.
template <class D, class Register, class Get>
Flag<D> has_value(const Vm<D>& vm, const SpeSwitch<D>& sw, const Pe<D>& pe, SwitchValue value,
                  Get&& get) {
  const auto of_guest = [&](auto&& holds) {
    return any<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
      return sw.vcpu == Word<D, 16>(i) && holds(c.spe);
    });
  };
  if (value == SwitchValue::zero) return is_zero_value<D, Register>(get);
  if constexpr (std::is_same_v<Register, PmscrEl2>) {
    const Word<D, 16> now = control2_value<D>(get);
    if (value == SwitchValue::host)
      return sw.host_control2 == 0 || now + 1 == plain(sw.host_control2);
    return now == ite(plain(vm.spe.perfmon), Word<D, 16>(u64{1} << 6), Word<D, 16>(0));
  } else {
    if (value == SwitchValue::host) return is_kept_in<D, Register>(sw.host, pe, get);
    return of_guest([&](const SpeVcpu<D>& self) {
      const Flag<D> kept = is_kept_in<D, Register>(self.regs, pe, get);
      // While the virtual line is up the guest's buffer is off (W12).
      if constexpr (std::is_same_v<Register, Pmblimitr>)
        return ite(plain(self.line), is_zero_value<D, Register>(get), kept);
      else return kept;
    });
  }
}

// Nothing is in flight, and what the SPU wrote can be read.
template <class D>
Flag<D> is_quiet(const Spu<D>& s) {
  return s.in_flight == 0 && !s.barriers.behind;
}
// An exception was taken, and no barrier executed since.
template <class D>
Flag<D> follows_an_exception(const Spu<D>& s) {
  return has_reached<D>(s, Synchronised::context) && s.barriers.covered == s.in_flight;
}

// The guest's pointers would break the pointer rule (RHXSYK) if they were loaded.
template <class D>
Flag<D> asks_for_bad_pointers(const SpeRegisters<D>& guest, const Pe<D>& pe) {
  return guest.enable && !pointers_valid<D>(guest, pe);
}

// Runs body(Register{}) for each register that the switch writes.
template <class Body>
void each_switched_register(Body&& body) {
  const auto all = [&](auto... registers) { (body(registers), ...); };
  all(PmscrEl1{}, PmscrEl2{}, Pmsicr{}, Pmsirr{}, Pmsfcr{}, Pmsevfr{}, Pmslatfr{}, Pmbptr{},
      Pmbsr{}, Pmblimitr{});
}

// --- following the code -------------------------------------------------------------------------

// The hypervisor is executing the code on this PE; not while the guest runs.
template <class D>
Flag<D> follows_code(const SpeSwitch<D>& sw, SwitchCode code) {
  return sw.next != 0 && sw.next != switch_code_detail::place_of(code, SwitchOp::exit);
}

// The instruction at `i` may come now: what lies between is not executed.
template <class D>
Flag<D> comes_next(const Vm<D>& vm, const Spu<D>& spu, const SpeSwitch<D>& sw, SwitchCode code,
                   unsigned i) {
  Flag<D> next = sw.next == i, skipped = true;
  for (unsigned j = i; j-- > 0 && code[j].when != SwitchWhen::always;) {
    skipped = skipped && !is_executed<D>(vm, spu, sw, code[j].when);
    next = next || (sw.next == j && skipped);
  }
  return next && is_executed<D>(vm, spu, sw, code[i].when);
}

// What the hypervisor executes is an instruction of the code, in its turn: `is_it(instruction)`
// says whether it could be that one. A mark belongs to the code always.
template <class D, class IsIt>
void follow_code(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, SpeSwitch<D>& sw, SwitchOp op,
                 IsIt&& is_it) {
  const SwitchCode code = switch_code(k.profile());
  if (code.empty()) return;
  const bool is_mark = op == SwitchOp::host_saved || op == SwitchOp::restoring ||
                       op == SwitchOp::enter || op == SwitchOp::guest_saved ||
                       op == SwitchOp::host_restored;
  const Flag<D> follows = is_mark ? Flag<D>(true) : follows_code<D>(sw, code);
  Flag<D> found = false;
  Word<D, 6> next = plain(sw.next);
  for (unsigned i = 0; i < code.size(); ++i) {
    if (code[i].op != op) continue;
    const Flag<D> here = comes_next<D>(vm, spu, sw, code, i) && is_it(code[i]);
    found = found || here;
    next = ite(here, Word<D, 6>((i + 1) % code.size()), next);
  }
  k.require(!follows || found, {"next_instruction_of_the_switch", "SPE-4.10"});
  k.when(follows && found, [&] { k.set(sw.next, next); });
}
template <class D>
void follow_code(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, SpeSwitch<D>& sw, SwitchOp op) {
  follow_code<D>(k, vm, spu, sw, op, [](const SwitchInstruction&) { return Flag<D>(true); });
}
template <class D, class Register>
void follow_write(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, const Pe<D>& pe, SpeSwitch<D>& sw,
                  const SpuWrite<D, Register>& w) {
  follow_code<D>(k, vm, spu, sw, SwitchOp::msr, [&](const SwitchInstruction& i) {
    if (i.reg != Register::number) return Flag<D>(false);
    return has_value<D, Register>(vm, sw, pe, i.value,
                                  [&]<class F>(F) { return part<Register, F, D>(w); });
  });
}
template <class D>
void follow_context(Step<D>& k, const Vm<D>& vm, const Spu<D>& spu, SpeSwitch<D>& sw,
                    const SpuContext<D>& now) {
  const SwitchCode code = switch_code(k.profile());
  if (code.empty()) return;
  const unsigned exit = switch_code_detail::place_of(code, SwitchOp::exit);
  const Flag<D> leaves = sw.next == exit && now.el == 2;
  follow_code<D>(k, vm, spu, sw, SwitchOp::mdcr, [&](const SwitchInstruction& i) {
    const bool guest = i.value == SwitchValue::guest;
    return now.el == 2 && now.e2pb == (guest ? 2 : hosts_owner(code)) &&
           (!guest || iff(now.tpms, is_of_stopped_vcpu<D>(vm, sw)));
  });
  k.when(leaves, [&] {
    k.require(follows_an_exception<D>(spu),
              {"came_by_an_exception", "SPE-4.10; D17.9: it synchronises the context"});
    k.set(sw.next, Word<D, 6>(exit + 1));
  });
}

}  // namespace assay

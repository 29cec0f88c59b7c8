// A vGIC's interrupts. What of it belongs to the system: rules, invariants, properties.
#pragma once
#include "spec/kvm/lines/list_registers.hpp"

namespace assay {

// Says holds(irq) of every interrupt.
template <class D, class F>
struct OfEveryIrq {
  static Flag<D> holds(const Lines<D>& m) {
    return all<D>(m.irq, [](const auto& i) { return F{}(i); });
  }
};

constexpr bool knows_every_wire(const Profile& p) {
  return !p.is(LineBehaviour::level_is_known_of_levels_only);
}

struct KvmLines {
  template <class D>
  using Rules = TypeList<VgicMade<D>, VgicUpdateIrqPending<D>, IrqConfig<D>, IrqEnable<D>,
                         IrqRoute<D>, DistEnable<D>, IrqSetPending<D>, VgicFlush<D>, VgicSync<D>,
                         IrqAck<D>, IrqDeactivate<D>>;

  template <class D>
  static void invariants(const SayOfLines<D>& say) {
    const auto of_each = [&]<class F>(const char* name, const char* source, F) {
      say(every, name, OfEveryIrq<D, F>::holds, source);
    };
    // An edge that was sent, or an interrupt that software made pending, is pending until it is
    // taken; and what is pending was sent.
    of_each("no_edge_interrupt_lost", "VG-9", [](const auto& i) {
      return !i.owed || i.level || i.reconfigured || i.latch || i.lr_pending;
    });
    of_each("no_edge_interrupt_invented", "VG-9", [](const auto& i) {
      return i.owed || i.level || i.reconfigured || (!i.latch && !i.lr_pending);
    });
    // VG-8: the vGIC's idea of a level is the wire.
    of_each("level_follows_the_wire", "VG-8", [](const auto& i) {
      return !i.level || i.reconfigured || iff(plain(i.line), plain(i.wire));
    });
    of_each("level_follows_the_wire_after_reconfiguration", "VG-8", [](const auto& i) {
      return !i.level || !i.reconfigured || iff(plain(i.line), plain(i.wire));
    });
    of_each("active_interrupt_is_in_hand", "VG-11", [](const auto& i) {
      return iff(i.handler != 0, (i.listed && i.lr_active) || (!i.listed && i.active));
    });
    of_each("active_interrupt_stays_on_its_vcpu", "VG-11",
            [](const auto& i) { return i.handler == 0 || i.queued == i.handler; });
    of_each("level_is_not_pending_and_active", "VG-13", [](const auto& i) {
      return !i.level || i.reconfigured || !i.lr_pending || !i.lr_active;
    });
    of_each("only_listed_interrupts_have_a_state", "VG-10",
            [](const auto& i) { return i.listed || (!i.lr_pending && !i.lr_active); });
    of_each("soft_pending_is_latched", "VG-8", [](const auto& i) {
      return !i.level || i.reconfigured || iff(plain(i.latch), plain(i.soft));
    });
    of_each("unused_interrupt_is_quiet", "VG-9", [](const auto& i) {
      return i.used || (!i.latch && !i.line && !i.wire && !i.soft && !i.owed && !i.active &&
                        !i.lr_pending && !i.lr_active);
    });
    say(
        knows_every_wire, "every_line_is_its_wire",
        [](const Lines<D>& m) {
          return all<D>(m.irq, [](const auto& i) { return iff(plain(i.line), plain(i.wire)); });
        },
        "VG-8");
    say(
        every, "targets_are_vcpus",
        [](const Lines<D>& m) {
          return all<D>(m.irq,
                        [&](const auto& i) { return i.target == 0 || i.target < m.host.vcpus; });
        },
        "vgic-mmio-v3.c:vgic_mmio_write_irouter");
    say(
        every, "listed_interrupt_is_of_a_vcpu_in_guest",
        [](const Lines<D>& m) {
          return all<D>(m.irq, [&](const auto& i) {
            return !i.listed || any<D>(m.vcpu, [&](const auto& v, std::size_t n) {
              return v.in_guest && i.queued == Word<D, 16>(n) + 1;
            });
          });
        },
        "VG-10");
    // The safe half of "a pending interrupt is delivered": it is on a list, so that the next entry
    // of its vCPU sees it.
    say(
        every, "pending_interrupt_is_queued",
        [](const Lines<D>& m) {
          return all<D>(m.irq, [&](const auto& i) {
            return !(m.enabled && i.enabled && is_pending<D>(i)) || i.queued != 0;
          });
        },
        "VG-18");
  }

  template <class D>
  static void properties(const TakenLine<D>& t, const SayProperty<D>& say) {
    if (const auto* ack = t.template as<IrqAck<D>>())
      say("active_interrupt_not_delivered_twice",
          of_entry<D>(t.before.irq, ack->irq,
                      [](const auto& i, std::size_t) { return i.handler == 0; }),
          "VG-11");
    if (const auto* flush = t.template as<VgicFlush<D>>())
      say("level_interrupt_pending_iff_line_or_latch",
          all<D>(t.after.irq,
                 [&](const auto& i) {
                   const Flag<D> concerned =
                       i.listed && i.level && !i.reconfigured && i.queued == flush->vcpu + 1;
                   return !concerned ||
                          iff(plain(i.lr_pending), (i.wire || i.soft) && i.handler == 0);
                 }),
          "VG-8");
    if (const auto* sync = t.template as<VgicSync<D>>())
      say("pruned_list_holds_what_should_be_there",
          all<D>(t.after.irq,
                 [&](const auto& i) {
                   const Flag<D> wanted =
                       i.active || (i.enabled && is_pending<D>(i) && t.after.enabled);
                   return i.queued != sync->vcpu + 1 || wanted;
                 }),
          "VG-12");
  }
};

}  // namespace assay

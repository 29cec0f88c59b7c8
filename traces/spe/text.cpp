#include "traces/spe/text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace assay::traces::spe {
namespace {

// E[n] of the Events packet (D18.2.6); those without a name are IMPLEMENTATION DEFINED or reserved.
constexpr std::string_view event_name[] = {"exception",
                                           "retired",
                                           "l1d-access",
                                           "l1d-miss",
                                           "tlb-access",
                                           "tlb-walk",
                                           "not-taken",
                                           "mispredicted",
                                           "llc-access",
                                           "llc-miss",
                                           "remote",
                                           "misaligned",
                                           "",
                                           "",
                                           "",
                                           "",
                                           "transactional",
                                           "partial-pred",
                                           "empty-pred",
                                           "l2d-access",
                                           "l2d-miss",
                                           "modified-data",
                                           "recently-fetched",
                                           "data-snooped",
                                           "streaming",
                                           "coprocessor"};

std::string_view state_name(bool ns, bool nse) {
  return nse ? "realm" : ns ? "non-secure" : "secure";
}

std::string flag(bool value, std::string_view name) {
  return value ? " " + std::string(name) : std::string();
}

std::string vector_length(std::uint8_t evl) {
  return evl == 7 ? "evl >2048" : fmt::format("evl {}", 32u << evl);
}

std::string_view store_name(bool store) { return store ? "store" : "load"; }

std::string_view target_name(LoadStore::Target target) {
  switch (target) {
    case LoadStore::Target::general: return "general";
    case LoadStore::Target::simd_fp: return "simd-fp";
    case LoadStore::Target::unspecified: return "unspecified";
    case LoadStore::Target::allocation_tag: return "allocation-tag";
    case LoadStore::Target::system_register: return "system-register";
  }
  return "";
}

struct Describe {
  std::string operator()(const Padding&) const { return "padding"; }
  std::string operator()(const End&) const { return "end"; }
  std::string operator()(const Timestamp& p) const { return fmt::format("timestamp {}", p.ticks); }
  std::string operator()(const Events& p) const { return "events" + event_names(p.bits); }
  std::string operator()(const DataSource& p) const {
    return fmt::format("data-source {:#x}", p.source);
  }
  std::string operator()(const CodeAddress& p) const {
    const std::string_view name = p.of == CodeAddress::Of::pc              ? "pc"
                                  : p.of == CodeAddress::Of::branch_target ? "target"
                                                                           : "previous-target";
    return fmt::format("{} {:#x} el{} {}", name, p.address, p.el, state_name(p.ns, p.nse));
  }
  std::string operator()(const DataVirtualAddress& p) const {
    return fmt::format("va {:#x} tag {:#04x}", p.address, p.tag);
  }
  std::string operator()(const DataPhysicalAddress& p) const {
    std::string text = fmt::format("pa {:#x} {}", p.address, state_name(p.ns, p.nse));
    if (p.checked || p.physical_tag != 0)
      text += fmt::format(" tag {:#x}{}", p.physical_tag, p.checked ? " checked" : "");
    return text;
  }
  std::string operator()(const ImpdefAddress& p) const {
    return fmt::format("address-{} {:#x}", p.index, p.payload);
  }
  std::string operator()(const Counter& p) const {
    switch (p.index) {
      case Counter::total: return fmt::format("latency total {}", p.cycles);
      case Counter::issue: return fmt::format("latency issue {}", p.cycles);
      case Counter::translation: return fmt::format("latency translation {}", p.cycles);
      case Counter::alternate_issue: return fmt::format("latency alternate-issue {}", p.cycles);
      default: return fmt::format("counter-{} {}", p.index, p.cycles);
    }
  }
  std::string operator()(const Context& p) const {
    return fmt::format("context {:#x} el{}", p.id, p.el);
  }
  std::string operator()(const OtherOperation& p) const {
    return "other" + flag(p.advanced_simd, "simd") + flag(p.floating_point, "fp") +
           flag(p.conditional, "conditional");
  }
  std::string operator()(const SveOperation& p) const {
    return "sve " + vector_length(p.evl) + flag(p.floating_point, "fp") +
           flag(p.predicated, "predicated");
  }
  std::string operator()(const SmeOperation& p) const {
    const std::string size = p.ets == 15 ? "whole-za" : std::to_string(128u << p.ets);
    return "sme size " + size + flag(p.floating_point, "fp");
  }
  std::string operator()(const LoadStore& p) const {
    return fmt::format("{} {}", store_name(p.store), target_name(p.target));
  }
  std::string operator()(const LoadStoreExtended& p) const {
    return std::string(store_name(p.store)) + " extended" + flag(p.atomic, "atomic") +
           flag(p.exclusive, "exclusive") + flag(p.acquire_release, "acquire-release");
  }
  std::string operator()(const LoadStoreSve& p) const {
    return std::string(store_name(p.store)) + " sve " + vector_length(p.evl) +
           flag(p.predicated, "predicated") + flag(p.gather_scatter, "gather-scatter");
  }
  std::string operator()(const MemoryCopy& p) const {
    return std::string(store_name(p.store)) + " memory-copy";
  }
  std::string operator()(const MemorySet&) const { return "store memory-set"; }
  std::string operator()(const LoadStoreGcs& p) const {
    return std::string(store_name(p.store)) + " gcs" + flag(p.common, "common");
  }
  std::string operator()(const Branch& p) const {
    constexpr std::string_view links[] = {"", " call", " return", " no-link"};
    return "branch" + flag(p.conditional, "conditional") + flag(p.indirect, "indirect") +
           std::string(links[static_cast<unsigned>(p.link)]) + flag(p.gcs, "gcs");
  }
  std::string operator()(const Unknown& p) const {
    std::string text = fmt::format("unknown {:02x}", p.header[0]);
    if (p.header_bytes == 2) text += fmt::format(" {:02x}", p.header[1]);
    if (p.payload_bytes > 0) text += fmt::format(" payload {:#x}", p.payload);
    return text + fmt::format(" ({})", name_of(p.why));
  }
};

}  // namespace

std::string event_names(std::uint64_t bits) {
  std::string text;
  for (unsigned i = 0; i < 64; ++i) {
    if ((bits >> i & 1) == 0) continue;
    const bool named = i < std::size(event_name) && !event_name[i].empty();
    text += named ? fmt::format(" {}", event_name[i]) : fmt::format(" event-{}", i);
  }
  return text;
}

std::string describe(const Body& body) { return std::visit(Describe{}, body); }

std::string packet_line(const Packet& packet, std::span<const std::uint8_t> bytes,
                        std::uint64_t base) {
  constexpr std::uint64_t shown_max = 16;
  std::string hex;
  const bool inside = packet.offset >= base && packet.offset - base <= bytes.size() &&
                      packet.bytes <= bytes.size() - (packet.offset - base);
  if (inside) {
    const auto own = bytes.subspan(packet.offset - base, packet.bytes);
    for (std::size_t i = 0; i < own.size() && i < shown_max; ++i)
      hex += fmt::format("{:02x} ", own[i]);
    if (own.size() > shown_max) hex += "...";
  }
  return fmt::format("{:08x}: {:<30} {}", packet.offset, hex, describe(packet.body));
}

std::string record_line(std::span<const Packet> packets) {
  if (packets.empty()) return {};
  const Packet& last = packets.back();
  std::string text = fmt::format("{:#x}..{:#x}:", packets.front().offset, last.offset + last.bytes);
  std::string_view before = " ";
  for (const Packet& packet : packets) {
    if (is<Padding>(packet)) continue;
    text += before;
    text += describe(packet.body);
    before = "; ";
  }
  return text;
}

}  // namespace assay::traces::spe

// System registers as whole values: where their fields lie, and how MSR and MRS become events.
#include <fmt/format.h>

#include <map>
#include <random>

#include "spec/kvm/spe/one_reg.hpp"
#include "spec/register.hpp"
#include "tests/arm64.hpp"
#include "tests/traces/trace_text.hpp"
#include "traces/bind/binder.hpp"

namespace assay::traces {
namespace {

const Binder& binder() {
  static const Binder bound(default_system());
  return bound;
}

TraceEvent bound(const std::string& line) {
  TraceEvent out;
  binder().bind(test::read(line), out);
  return out;
}

const Sysreg& named(std::string_view name) {
  for (const Sysreg& r : arm64_kvm().info().registers)
    if (r.name == name) return r;
  throw std::out_of_range(std::string(name));
}

TEST(SpeLayout, FieldsAscendAndDoNotOverlap) {
  for (const Sysreg& r : arm64_kvm().info().registers) {
    unsigned free = 0;
    for (const SysregField& f : r.fields) {
      EXPECT_GE(f.low, free) << r.name << "." << f.argument;
      free = f.low + f.width;
      EXPECT_LE(free, 64u) << r.name << "." << f.argument;
    }
  }
}

// The masks that other software has written down for SPEv1p0 and SPEv1p2.
TEST(SpeLayout, KnownMasks) {
  EXPECT_EQ(named("PMBSR_EL1").res0() & 0xffffffff, 0xffffffff & ~0xfc0fffffu);
  EXPECT_EQ(named("PMBLIMITR_EL1").res0(), 0xf58u);
  EXPECT_EQ(named("PMSIRR_EL1").res0(), 0xffffffff000000feu);
  EXPECT_EQ(named("PMSICR_EL1").res0(), 0x00ffffff00000000u);
  EXPECT_EQ(named("PMSLATFR_EL1").res0(), ~u64{0xffff});
  EXPECT_EQ(named("PMSCR_EL1").res0(), ~u64{0xffb});
}

// KVM_REG_ARM64_SYSREG of the encoding is how KVM_GET_ONE_REG names the register.
TEST(SpeLayout, EncodingsAreTheOnesOfOneReg) {
  const auto id = [](std::string_view name) { return one_reg_id(named(name).encoding); };
  EXPECT_EQ(id("PMBSR_EL1"), 0x603000000013c4d3u);
  EXPECT_EQ(id("PMSCR_EL1"), 0x603000000013c4c8u);
  EXPECT_EQ(id("PMBIDR_EL1"), 0x603000000013c4d7u);
}

// Every field of a value arrives in its argument, and nothing else does.
TEST(SpeSysregs, ValuesBecomeTheFieldsOfTheirEvents) {
  std::mt19937_64 random(7);
  for (const Sysreg& r : arm64_kvm().info().registers) {
    for (const bool write : {true, false}) {
      const std::string_view event = write ? r.write_event : r.read_event;
      if (event.empty()) continue;
      for (int round = 0; round < 50; ++round) {
        const u64 value = random();
        const TraceEvent raw =
            bound(fmt::format("{}: cpu=3 {}={:#x}", write ? "msr" : "mrs", r.name, value));
        ASSERT_EQ(raw.kind, TraceKind::rule) << r.name;
        std::string named = fmt::format("{}: cpu=3", event);
        const bool whole = r.fields.size() == 1 && r.fields[0].argument == "value";
        for (const SysregField& f : r.fields) {
          u64 part = 0;
          for (unsigned bit = 0; bit < f.width; ++bit)
            part |= (value >> (f.low + bit) & 1) << (bit + (f.in_place ? f.low : 0));
          named += fmt::format(" {}={:#x}", f.argument, whole ? value : part);
        }
        const Pattern& pattern = binder().pattern(raw.event.rule);
        for (const PatternNode& n : pattern.arguments)
          if (n.name == "res0") named += fmt::format(" res0={:#x}", value & r.res0());
        const TraceEvent by_name = bound(named);
        ASSERT_EQ(by_name.event.rule, raw.event.rule) << named;
        EXPECT_EQ(by_name.event.value, raw.event.value) << named << " of " << r.name;
      }
    }
  }
}

TEST(SpeSysregs, EveryArgumentOfTheirEventsIsAField) {
  for (const Sysreg& r : arm64_kvm().info().registers) {
    for (const std::string_view event : {r.write_event, r.read_event}) {
      if (event.empty()) continue;
      const std::uint32_t rule = binder().rule_named(event);
      ASSERT_NE(rule, Event::no_rule) << event;
      for (const PatternNode& n : binder().pattern(rule).arguments) {
        bool known = n.name == "cpu" || n.name == "res0";
        for (const SysregField& f : r.fields) known = known || f.argument == n.name;
        EXPECT_TRUE(known) << event << " has " << n.name << ", " << r.name << " does not";
      }
    }
  }
}

TEST(SpeSysregs, ARegisterThatCannotBeWrittenIsCounted) {
  EXPECT_EQ(bound("msr: cpu=0 PMSIDR_EL1=0x1").kind, TraceKind::unmodelled);
}

TEST(SpeSysregs, OtherRegistersAreNobodysConcern) {
  EXPECT_EQ(bound("msr: cpu=0 TTBR0_EL1=0x1").kind, TraceKind::ignored);
  EXPECT_EQ(bound("mrs: cpu=0").kind, TraceKind::ignored);
  EXPECT_EQ(bound("msr: cpu=0 PMBSR_EL9=0x1").kind, TraceKind::unmodelled);
  EXPECT_EQ(bound("mrs: cpu=0 PMSCR_EL21=0x1").kind, TraceKind::unmodelled);
}

}  // namespace
}  // namespace assay::traces

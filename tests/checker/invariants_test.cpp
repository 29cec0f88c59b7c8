// Which invariants an event can break, and what they are asked about: held against evaluating
// all of them on the whole state.
#include "checker/invariants.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "model/focus.hpp"
#include "tests/arm64.hpp"
#include "tests/checker/corpus_traces.hpp"

namespace assay::checker {
namespace {

u32 invariant_named(std::string_view name) {
  const auto& all = system_claims<Recorded>().invariants;
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& i) { return i.name == name; });
  EXPECT_NE(at, all.end()) << name;
  return static_cast<u32>(at - all.begin());
}
const InvariantReads& reads_of(std::string_view name) {
  return reads_of_invariants(arm64_kvm())[invariant_named(name)];
}
std::set<std::string> touched_by(const char* profile, const char* rule) {
  std::set<std::string> out;
  for (const auto& t : invariants_of_rules(*find_profile(profile)).touched_by(rule_named(rule)))
    out.insert(system_claims<Recorded>().invariants[t.invariant].name);
  return out;
}

TEST(Invariants, ReadWhatTheirTextReads) {
  EXPECT_EQ(reads_of("memslots_never_overlap").places, (Places{"slot[].base_gfn", "slot[].pages"}));
  EXPECT_EQ(reads_of("narrowed_vm_has_pmu").places, (Places{"pmu.arm_pmu", "pmu.narrowed"}));
  EXPECT_EQ(reads_of("irq_line_equals_service_bit").places, (Places{"spu[].irq", "spu[].service"}));
  for (const InvariantReads& reads : reads_of_invariants(arm64_kvm()))
    EXPECT_FALSE(reads.places.empty());
}

TEST(Invariants, NeedAnEntryOnlyWhereTheyThenSayAllThatTheySayOfIt) {
  EXPECT_EQ(reads_of("memslots_never_overlap").tables, Places{"slot"});
  EXPECT_EQ(reads_of("memslots_lie_below_ipa_size").tables, Places{"slot"});
  // "Or the tables are freed" is said of each entry.
  EXPECT_EQ(reads_of("locked_memslot_is_never_unmapped").tables, Places{"slot"});
  EXPECT_EQ(reads_of("vcpu_ids_are_unique").tables, Places{"vcpu"});
  // The loop is over the switches, and each reads the SPU of its PE.
  EXPECT_EQ(reads_of("guest_spe_state_isolated").tables, Places{"spe_switch"});
  // Written as a loop in a loop: the pairs in which the entry comes second would be left out.
  EXPECT_EQ(reads_of("vcpu_is_on_one_pe").tables, Places{});
}

TEST(Invariants, AreTouchedByRulesThatWriteWhatTheyRead) {
  EXPECT_EQ(touched_by("linux-6.1", "check_extension"), std::set<std::string>{});
  const std::set<std::string> slots = touched_by("linux-6.1", "set_user_memory_region");
  EXPECT_TRUE(slots.contains("memslots_never_overlap"));
  EXPECT_FALSE(slots.contains("vcpu_ids_are_unique"));
  // Another profile's invariant.
  EXPECT_FALSE(slots.contains("locked_memslot_is_never_unmapped"));
  EXPECT_TRUE(touched_by("spe-v5", "mmu_unmap").contains("locked_memslot_survives_mmu_notifiers"));
}

// Were an effect missing in the catalog, what it breaks would not be judged.
TEST(Invariants, TheCatalogListsWhatRulesWriteInEveryTrace) {
  unsigned changes_seen = 0;
  for (const Origin origin : {Origin::recorded, Origin::written})
    for (Trace& t : traces_of(origin)) {
      std::map<u32, Places> effects;
      for (const CatalogEntry& c : system_catalog(*t.options.profile))
        if (c.kind == VerbKind::set) effects[rule_named(c.rule)].insert(place_of_every_entry(c.id));
      t.options.explain = true;
      t.options.on_event = [&](const traces::TraceEvent& e, const EventNotes& notes) {
        if (e.kind != traces::TraceKind::rule) return;
        for (const std::string& change : notes.changes) {
          ++changes_seen;
          const std::string place = place_of_every_entry(change.substr(0, change.find(':')));
          EXPECT_TRUE(effects[e.event.rule].contains(place))
              << t.name << ": " << system_rules()[e.event.rule].name << " writes " << place;
        }
      };
      Checker checker(binder(), t.options);
      for (const traces::TraceEvent& e : t.events) checker.feed(e);
      static_cast<void>(checker.finish());
    }
  EXPECT_GT(changes_seen, 10'000u);
}

// A state with as many entries in each table as make it long, of small numbers: many of the
// invariants hold, and many writes break one.
class RandomState {
 public:
  explicit RandomState(unsigned seed) : random_(seed) {}

  void fill(Vm<Recorded>& vm) {
    for (unsigned i = 0; i < 4; ++i) for_each_entry(vm, i, [&](auto& entry) { fill_some(entry); });
    fill_some(vm.gic);
    fill_some(vm.spe);
  }
  // Writes to one entry of one table, whose leaves the journal names then.
  void write(Vm<Recorded>& vm, Journal& journal) {
    unsigned table = below(6);
    for_each_entry(vm, below(10), [&](auto& entry) {
      if (table-- != 0) return;
      leaves(
          [&](auto& leaf) {
            if (below(4) != 0) return;
            journal.save(leaf);
            store(leaf, below(3));
          },
          entry);
    });
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  template <class T>
  void fill_some(T& record) {
    if (below(4) != 0) return;
    leaves(
        [&](auto& leaf) {
          if (below(12) == 0) store(leaf, below(3));
        },
        record);
  }
  template <class F>
  static void for_each_entry(Vm<Recorded>& vm, unsigned i, F&& f) {
    f(vm.vcpu[i]);
    f(vm.slot[i]);
    f(vm.spu[i]);
    f(vm.spe_switch[i]);
    f(vm.power[i]);
    f(vm.gic.region[i]);
  }

  std::mt19937 random_;
};

// What holds before a write to one entry, and of the entry after it, holds of all.
TEST(Invariants, AskedAboutTheEntryThatWasWrittenSayTheSameAsOfTheWholeState) {
  const auto& all = system_claims<Recorded>().invariants;
  const std::vector<InvariantReads>& reads = reads_of_invariants(arm64_kvm());
  unsigned kept = 0;
  std::set<std::string> broken;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    RandomState random(seed);
    SystemState<Recorded> state = arm64_state<Recorded>();
    random.fill(vm_of(state));
    std::vector<bool> held;
    for (const auto& invariant : all) held.push_back(invariant.holds(state));
    Journal journal;
    random.write(vm_of(state), journal);
    if (journal.empty()) continue;
    std::string path;
    state.leaf_at(journal.entries().front().place, path, [](const PlainLeaf&) {});
    const std::string table = path.substr(0, path.find('['));
    for (u32 i = 0; i < all.size(); ++i) {
      if (!held[i] || !reads[i].tables.contains(table)) continue;
      const bool holds = all[i].holds(state);
      Focus focus(journal);
      const UseFocus use(&focus);
      EXPECT_EQ(all[i].holds(state), holds) << all[i].name << ", seed " << seed;
      if (holds) ++kept;
      else broken.insert(all[i].name);
    }
  }
  EXPECT_GT(kept, 1000u);
  EXPECT_GT(broken.size(), 20u);
}

}  // namespace
}  // namespace assay::checker

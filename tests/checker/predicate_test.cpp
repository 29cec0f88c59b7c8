// The language of `assay find`: messages with their columns, precedence, operators, quantifiers,
// and one meaning in every domain. On the small shape.
#include "checker/prove/predicate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "checker/prove/find.hpp"
#include "checker/prove/obligations.hpp"
#include "checker/prove/ordinary.hpp"
#include "checker/prove/predicate_terms.hpp"
#include "tests/arm64.hpp"
#include "tests/checker/random_predicate.hpp"

namespace assay::prove {
namespace {

Options small() {
  Options o;
  o.shape = assay::shape_of(2, 2, 3, 2, 2);
  o.profile = find_profile("linux-6.1");
  return o;
}

const StateNames& names() {
  static const StateNames all = *state_names(small());
  return all;
}

Predicate read(const std::string& text) {
  auto result = read_predicate(text, names());
  if (const auto* f = std::get_if<traces::ReadFailure>(&result)) {
    ADD_FAILURE() << text << ": " << f->why.column << ": " << f->why.message;
    return std::get<Predicate>(read_predicate("dead && !dead", names()));
  }
  return std::get<Predicate>(result);
}

using Values = std::vector<std::pair<const char*, u64>>;

// Whether a predicate holds where these leaves have these values and all others are zero.
bool holds(const std::string& text, const Values& values = {}) {
  SystemState<Concrete> state = arm64_state<Concrete>();
  for (const auto& [path, value] : values) EXPECT_TRUE(state.set(path, value)) << path;
  return holds_in(read(text), names(), state);
}

// --- messages ----------------------------------------------------------------------------------
struct Wrong {
  const char* text;
  u32 column;
  const char* message;
};

class BadPredicate : public testing::TestWithParam<Wrong> {};

TEST_P(BadPredicate, SaysWhereAndWhatWasExpected) {
  const auto result = read_predicate(GetParam().text, names());
  const auto* f = std::get_if<traces::ReadFailure>(&result);
  ASSERT_NE(f, nullptr) << GetParam().text;
  EXPECT_EQ(f->why.line, 1u);
  EXPECT_EQ(f->why.column, GetParam().column) << f->why.message;
  // The nearest names come first; what else is like them depends on the specification.
  const std::string expected = GetParam().message;
  const bool names_others = expected.find("nearest") != std::string::npos;
  EXPECT_EQ(names_others ? f->why.message.substr(0, expected.size()) : f->why.message, expected);
  EXPECT_EQ(f->source_line, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, BadPredicate,
    testing::Values(
        Wrong{"", 1, "expected a condition, found end of the predicate"},
        Wrong{"  ", 3, "expected a condition, found end of the predicate"},
        Wrong{"dead &&", 8, "expected a condition, found end of the predicate"},
        Wrong{"dead => ", 9, "expected a condition, found end of the predicate"},
        Wrong{"dead || )", 9, "expected a condition, found ')'"},
        Wrong{"(dead", 6, "expected ')', found end of the predicate"},
        Wrong{"dead)", 5, "expected an operator or the end, found ')'"},
        Wrong{"dead created", 6, "expected an operator or the end, found 'created'"},
        Wrong{"dead = 1", 6, "expected an operator or the end, found '='; '==' compares"},
        Wrong{"online == ", 11, "expected a value, found end of the predicate"},
        Wrong{"online + == 2", 10, "expected a value, found '=='"},
        Wrong{"1 < online < 3", 12, "expected '&&' or '||' before another comparison, found '<'"},
        Wrong{"vcpu[", 6, "expected an index: a number or a variable, found end of the predicate"},
        Wrong{"vcpu[0", 7, "expected ']', found end of the predicate"},
        Wrong{"vcpu[0].", 9, "expected a field name, found end of the predicate"},
        Wrong{"any(", 5, "expected a table, found end of the predicate"},
        Wrong{"any(vcpu c: dead)", 10, "expected ',', found 'c'"},
        Wrong{"any(vcpu, 1: dead)", 11, "expected a variable name, found '1'"},
        Wrong{"any(vcpu, c dead)", 13, "expected ':', found 'dead'"},
        Wrong{"any(vcpu, c: dead", 18, "expected ')', found end of the predicate"},
        Wrong{"dead @", 6, "expected an operator or the end, found '@'"},
        Wrong{"dead \x80", 6, "expected a printable ASCII character"}));

INSTANTIATE_TEST_SUITE_P(
    Names, BadPredicate,
    testing::Values(
        Wrong{"vcpu[7].id == 1", 6,
              "index 7 is beyond vcpu[0] to vcpu[1] in the shape "
              "vcpus=2,pes=2,slots=3,pmus=2,regions=2,itses=1"},
        Wrong{"vcpu[0].pmu.irqq == 1", 13,
              "vcpu[0].pmu has no field 'irqq'; nearest: vcpu[0].pmu.irq"},
        Wrong{"memslot_never_overlap", 1,
              "nothing is called 'memslot_never_overlap'; nearest: memslots_never_overlap"},
        Wrong{"deda", 1, "nothing is called 'deda'; nearest: dead"},
        Wrong{"any(vcpu, c: c.irq == 1)", 16, "c has no field 'irq'; nearest: c.pmu.irq"},
        Wrong{"vcpu.id == 1", 5, "expected an index: vcpu is a table, vcpu[0] to vcpu[1]"},
        Wrong{"vcpu == 1", 1,
              "vcpu is a table: expected an index, vcpu[0] to vcpu[1], or any(vcpu, x: ...)"},
        Wrong{"vcpu[0].id.x == 1", 11, "vcpu[0].id is a value and has no fields"},
        Wrong{"dead[0]", 6, "dead is no table and has no index"},
        Wrong{"vcpu[x].created", 6,
              "expected a number or a variable of any/all as index, found 'x'"},
        Wrong{"any(dead, c: dead)", 5, "expected a table, dead is none"},
        Wrong{"any(vcpu, c: any(slot, c: dead))", 24, "'c' is a variable already"},
        Wrong{"any(spu, s: s.event == fill)", 24,
              "no value of s.event is called 'fill'; there are none, full, fault, abort, "
              "not_allowed, implementation"},
        Wrong{"online == full", 11, "nothing is called 'full'; nearest: vcpu"}));

INSTANTIATE_TEST_SUITE_P(
    Types, BadPredicate,
    testing::Values(
        Wrong{"online", 1,
              "expected a condition, found a word of 16 bits; compare it, as in '... != 0'"},
        Wrong{"dead && 1", 9,
              "expected a condition, found the number 1; compare it, as in '... != 0'"},
        Wrong{"dead || !(slot[0].pages + 1)", 11,
              "expected a condition, found an address or size; compare it, as in '... != 0'"},
        Wrong{"slot[0].pages & 1 == 0", 15,
              "'&' takes words; addresses and sizes can be added and compared"},
        Wrong{"online - slot[0].pages == 0", 8,
              "'-' takes words; addresses and sizes can be added and compared"},
        Wrong{"online == 65536", 11, "65536 does not fit online, a word of 16 bits"},
        Wrong{"2 == vcpu[1].created", 1, "2 does not fit vcpu[1].created, a flag"},
        Wrong{"online == 12ab", 11, "expected a number below 2^64, decimal or 0x..., found '12ab'"},
        Wrong{"online == 0x", 11, "expected a number below 2^64, decimal or 0x..., found '0x'"},
        Wrong{"0x10000000000000000 != online", 1,
              "expected a number below 2^64, decimal or 0x..., found '0x10000000000000000'"}));

// --- names of values ---------------------------------------------------------------------------
TEST(Predicate, ValuesWithNamesAreAskedForByThem) {
  EXPECT_TRUE(holds("any(spu, s: s.event == full)", {{"spu[1].event", 1}}));
  EXPECT_FALSE(holds("any(spu, s: s.event == full)", {{"spu[1].event", 2}}));
  EXPECT_TRUE(holds("stage2 == spu[0].ec && spu[0].ec != stage1", {{"spu[0].ec", 0x25}}));
  EXPECT_TRUE(holds("vcpu[0].spe.stop >= trap", {{"vcpu[0].spe.stop", 2}}));
  // A field of the state has the same name, but is no value.
  EXPECT_TRUE(holds("spe_switch[0].stage == host && spe_switch[1].stage == guest",
                    {{"spe_switch[1].stage", 3}}));
}

TEST(Predicate, LeavesWithNamesAndOrdinaryStatesAreOfTheState) {
  for (const NamedLeaf& leaf : arm64_kvm().info().named_leaves) {
    std::string path(leaf.place);
    for (std::size_t at = 0; (at = path.find("[]", at)) != std::string::npos;)
      path.insert(at + 1, "0");
    for (const NamedValue& v : leaf.values)
      EXPECT_TRUE(holds(path + " == " + std::string(v.name), {{path.c_str(), v.value}})) << path;
  }
  for (const OrdinaryState& state : arm64_kvm().info().ordinary) read(std::string(state.condition));
  EXPECT_FALSE(arm64_kvm().info().ordinary.empty());
}

using What = std::vector<std::string>;
What ordinary(const std::string& text) {
  return of_ordinary_states(read(text), names(), arm64_kvm()).what;
}

TEST(Predicate, OrdinaryStatesAreOfWhatIsAskedAboutAndNotNamed) {
  EXPECT_EQ(ordinary("online == 1"), What{"a VM was created"});
  EXPECT_EQ(ordinary("!created"), What{});
  EXPECT_EQ(ordinary("any(spu, s: s.service)"),
            (What{"a VM was created", "no SPU may do anything", "a PE has SPE"}));
  EXPECT_EQ(ordinary("any(spu, s: s.unpredictable)"), (What{"a VM was created", "a PE has SPE"}));
  EXPECT_EQ(ordinary("!pmbsr_dl_is_correct").size(), 3u);  // which reads the SPUs
  EXPECT_EQ(ordinary("spe_switch[0].stage == guest"), (What{"a VM was created", "a PE has SPE"}));
  const Predicate both = of_ordinary_states(read("spu[0].service"), names(), arm64_kvm()).predicate;
  SystemState<Concrete> state = arm64_state<Concrete>();
  for (const char* path : {"spu[0].service", "created", "host.pe[1].spe"}) {
    EXPECT_FALSE(holds_in(both, names(), state)) << path;
    EXPECT_TRUE(state.set(path, 1));
  }
  EXPECT_TRUE(holds_in(both, names(), state));
  EXPECT_TRUE(state.set("spu[1].unpredictable", 1));
  EXPECT_FALSE(holds_in(both, names(), state));
}

TEST(Predicate, MessagesNameTheLine) {
  const auto result = read_predicate("dead &&\n  onlin == 2 ||\n  dead", names());
  const auto& f = std::get<traces::ReadFailure>(result);
  EXPECT_EQ(f.why.line, 2u);
  EXPECT_EQ(f.why.column, 3u);
  EXPECT_EQ(f.source_line, "  onlin == 2 ||");
}

TEST(Predicate, NestingAndLengthAreBounded) {
  auto column = [](const std::string& text) {
    const auto result = read_predicate(text, names());
    const auto* f = std::get_if<traces::ReadFailure>(&result);
    return f == nullptr ? 0 : f->why.column;
  };
  const std::string deep(predicate_nesting_max, '(');
  EXPECT_EQ(column(deep + "dead" + std::string(predicate_nesting_max, ')')), 0u);
  EXPECT_EQ(column("(" + deep + "dead"), predicate_nesting_max + 1);
  EXPECT_EQ(column(std::string(predicate_nesting_max, '!') + "dead"), 0u);
  EXPECT_EQ(column(std::string(4000, '!') + "dead"), predicate_nesting_max + 1);
  EXPECT_EQ(column(std::string(5000, ' ') + "dead"), predicate_length_max + 1);
  std::string chain = "dead", implied = "dead";
  while (chain.size() < predicate_length_max - 8) chain += "||dead";
  while (implied.size() < predicate_length_max - 8) implied += "=>dead";
  EXPECT_EQ(column(chain), 0u);
  EXPECT_EQ(column(implied), 0u);
  EXPECT_TRUE(holds(implied));
  const std::string any = "any(vcpu, ";
  EXPECT_EQ(column(any + "a: " + any + "b: " + any + "c: " + any + "d: " + any + "e: dead)))))"),
            53u);
}

// Damaged predicates: an answer or a message whose place lies within the text.
TEST(Predicate, DamagedTextsAreAnsweredWithAPlace) {
  std::mt19937_64 random(7);
  const std::string letters = "()[]!&|=<>+-,:.0x9_ \n\x01vcpuanysl";
  for (unsigned i = 0; i < 3000; ++i) {
    std::string text = tests::RandomPredicate(names(), random).text();
    for (std::size_t cut = random() % 3; cut > 0 && !text.empty(); --cut)
      text.erase(random() % text.size(), 1 + random() % 3);
    for (std::size_t more = random() % 3; more > 0; --more)
      text.insert(random() % (text.size() + 1), 1, letters[random() % letters.size()]);
    const auto result = read_predicate(text, names());
    if (const auto* f = std::get_if<traces::ReadFailure>(&result)) {
      EXPECT_GE(f->why.column, 1u);
      EXPECT_LE(f->why.column, f->source_line.size() + 1) << text;
      EXPECT_NE(f->why.message, "") << text;
      EXPECT_EQ(f->why.message.find("N5boost"), std::string::npos) << f->why.message;
    }
  }
}

// --- meaning -----------------------------------------------------------------------------------
TEST(Predicate, AtomsAreFlagsComparisonsAndInvariants) {
  EXPECT_FALSE(holds("dead"));
  EXPECT_TRUE(holds("dead", {{"dead", 1}}));
  EXPECT_TRUE(holds("gic.initialized && vcpu[1].pmu.created",
                    {{"gic.initialized", 1}, {"vcpu[1].pmu.created", 1}}));
  EXPECT_TRUE(holds("memslots_never_overlap"));
  const Values overlap = {{"slot[0].pages", 2}, {"slot[1].pages", 2}, {"slot[1].base_gfn", 1}};
  EXPECT_TRUE(holds("!memslots_never_overlap", overlap));
  EXPECT_TRUE(holds("numbers_are_natural", overlap));
}

TEST(Predicate, ComparesWordsNumbersAndFlags) {
  const Values v = {{"online", 3}, {"slot[0].pages", 3}, {"dead", 1}};
  for (const char* yes :
       {"online == 3", "online != 4", "online < 4", "online <= 3", "online > 2", "online >= 3",
        "0x3 == online", "slot[0].pages == 3", "slot[0].pages < 0xffffffffffffffff",
        "slot[0].pages == online", "online >= slot[0].pages", "dead == 1", "dead != created",
        "created < dead", "dead + dead == 2", "(online == 3) == dead", "slot[0].pages > dead"})
    EXPECT_TRUE(holds(yes, v)) << yes;
  for (const char* no :
       {"online == 4", "online != 3", "online < 3", "online <= 2", "online > 3", "online >= 4",
        "slot[0].pages != online", "dead == created", "dead <= created"})
    EXPECT_FALSE(holds(no, v)) << no;
}

TEST(Predicate, WordsWrapAtSixtyFourBitsAndNumbersDoNot) {
  const Values v = {{"online", 5}, {"vcpu[0].pmu.irq", 0xffffffff}, {"slot[0].pages", ~0ull}};
  EXPECT_TRUE(holds("online - 6 == 0xffffffffffffffff", v));
  EXPECT_TRUE(holds("vcpu[0].pmu.irq + 1 == 0x100000000", v));
  EXPECT_TRUE(holds("slot[0].pages + 1 > 0xffffffffffffffff", v));
  EXPECT_TRUE(holds("slot[0].pages + slot[0].pages > slot[0].pages + online", v));
  EXPECT_TRUE(holds("online & 4 == 4 && online & 2 == 0 && online | 2 == 7", v));
}

TEST(Predicate, BindsAsDocumented) {
  const Values v = {{"online", 6}, {"dead", 1}};
  EXPECT_TRUE(holds("dead || dead && created", v));
  EXPECT_FALSE(holds("(dead || dead) && created", v));
  EXPECT_TRUE(holds("created => dead => created", v));  // created => (dead => created)
  EXPECT_FALSE(holds("(created => dead) => created", v));
  EXPECT_TRUE(holds("created && dead => created", v));
  EXPECT_TRUE(holds("!created && dead", v));
  EXPECT_FALSE(holds("!(created || dead)", v));
  EXPECT_TRUE(holds("!created == dead", v));     // (!created) == dead
  EXPECT_TRUE(holds("online & 2 + 2 == 4", v));  // online & (2 + 2)
  EXPECT_TRUE(holds("1 | online & 8 == 1", v));  // 1 | (online & 8)
  EXPECT_TRUE(holds("online - 1 - 1 == 4", v));  // to the left
  EXPECT_TRUE(holds("online==6&&dead", v));
}

TEST(Predicate, QuantifiersRangeOverTables) {
  const Values v = {{"vcpu[0].created", 1}, {"vcpu[1].created", 1}, {"vcpu[1].id", 4},
                    {"vcpu[1].on_pe", 1},   {"host.pe[1].pmu", 9},  {"gic.region[1].count", 2}};
  EXPECT_TRUE(holds("any(vcpu, c: c.id == 4)", v));
  EXPECT_FALSE(holds("all(vcpu, c: c.id == 4)", v));
  EXPECT_TRUE(holds("all(vcpu, c: c.created)", v));
  EXPECT_FALSE(holds("any(vcpu, c: !c.created)", v));
  EXPECT_TRUE(holds("any(host.pe, p: p.pmu == 9) && any(gic.region, r: r.count + 1 == 3)", v));
  EXPECT_TRUE(holds("any(vcpu, c: any(host.pe, p: p == c.on_pe && p.pmu == 9))", v));
  EXPECT_FALSE(holds("any(vcpu, c: any(vcpu, d: c != d && c.id == d.id))", v));
  EXPECT_TRUE(holds("any(vcpu, c: any(vcpu, d: c < d && c.id < d.id))", v));
  EXPECT_TRUE(holds("any(vcpu, c: c == 1 && slot[c].pages == 0 && vcpu[c].id == 4)", v));
  EXPECT_TRUE(holds("all(vcpu, c: c == 0 => vcpu[c].id == 0)", v));
  // A variable's scope ends with its quantifier.
  EXPECT_TRUE(holds("any(vcpu, c: c.id == 4) && any(slot, c: c.pages == 0)", v));
}

TEST(Predicate, EveryLeafIsReachedByItsPath) {
  EXPECT_GT(names().paths().size(), 50u);
  for (const std::string& path : names().paths()) {
    EXPECT_FALSE(holds(path + " == 1")) << path;
    EXPECT_TRUE(holds(path + " == 1", {{path.c_str(), 1}})) << path;
  }
}

// --- one meaning -------------------------------------------------------------------------------
// The same leaves for both domains.
struct TwoStates {
  SystemState<Concrete> concrete = arm64_state<Concrete>();
  Terms symbolic;
};

// Mostly small numbers: values that predicates can tell apart.
u64 random_value(std::mt19937_64& random) {
  const u64 v = random();
  switch (random() % 4) {
    case 0: return 0;
    case 1: return v % 4;
    case 2: return v % 64;
    default: return v;
  }
}

TwoStates random_states(std::mt19937_64& random) {
  TwoStates s;
  z3::context& c = z3_context();
  const Terms kinds = encoding_of(small())->unknown_state("s");
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const z3::sort sort = kinds[i].get_sort();
    u64 value = random_value(random);
    if (sort.is_bool()) value &= 1;
    if (sort.is_bv() && sort.bv_size() < 64) value &= (u64{1} << sort.bv_size()) - 1;
    EXPECT_TRUE(s.concrete.set(names().paths()[i], value));
    const auto number = static_cast<std::uint64_t>(value);
    s.symbolic.push_back(sort.is_bool()  ? c.bool_val(value != 0)
                         : sort.is_int() ? c.int_val(number)
                                         : c.bv_val(number, sort.bv_size()));
  }
  return s;
}

TEST(Predicate, DomainsAgreeOnRandomPredicatesAndStates) {
  unsigned held = 0, did_not = 0;
  const bool agreed = rc::check([&] {
    std::mt19937_64 random(*rc::gen::arbitrary<u64>());
    const std::string text = tests::RandomPredicate(names(), random).text();
    const Predicate p = read(text);
    for (unsigned i = 0; i < 3; ++i) {
      const TwoStates s = random_states(random);
      const bool concrete = holds_in(p, names(), s.concrete);
      const z3::expr formula = formula_of(p, *encoding_of(small()), s.symbolic).simplify();
      RC_ASSERT(formula.is_true() || formula.is_false());
      if (formula.is_true() != concrete) RC_FAIL("the domains disagree on " + text);
      ++(concrete ? held : did_not);
    }
  });
  EXPECT_TRUE(agreed);
  EXPECT_GT(held, 20u);
  EXPECT_GT(did_not, 20u);
}

}  // namespace
}  // namespace assay::prove

// What is unknown has a value all the same: whichever leaves of a state and arguments of a call are
// hidden, a step in the Partial domain holds of their true values, and it leaves what Concrete
// leaves.
#include <algorithm>

#include "spec/partial_state.hpp"
#include "tests/arm64.hpp"
#include "tests/model/agreement.hpp"

namespace assay::tests {
namespace {

using PartialVm = SystemState<Partial>;

// Values that a step read of an entry of which nothing is known. Where a table has entries that
// were never used and one of them was written, they are unknown from there on, and no value of
// theirs is that of the concrete state.
struct Forgotten {
  const Terms& terms;
  std::size_t first;  // symbols from here on are the step's

  bool decides(const PartialValue& leaf) const {
    std::vector<u32> symbols;
    terms.symbols_of(leaf.term, symbols);
    return !leaf.is_known() && std::any_of(symbols.begin(), symbols.end(), [&](u32 s) {
      return s >= first && terms.symbols()[s].name.empty();
    });
  }
};

// Whether each entry that the Partial state has is that of the concrete one, and whether what it
// lacks is blank or forgotten.
template <class T, class From>
bool is_instance(const T& t, const From& from, const Forgotten& forgotten) {
  const Terms& terms = forgotten.terms;
  bool same = true;
  if constexpr (is_std_array<T>::value) {
    for (std::size_t i = 0; i < t.size(); ++i) same = same && is_instance(t[i], from[i], forgotten);
  } else if constexpr (AnyTable<T>) {
    from.for_each([&](const auto& e, std::size_t i) {
      const bool is_used = t.find([&](const auto&, std::size_t j) { return i == j; });
      if (is_used || !t.has_unknown_rest()) same = same && is_instance(t[i], e, forgotten);
    });
  } else if constexpr (Record<T>) {
    [&]<auto... P, auto... Q>(Members<P...>, Members<Q...>) {
      ((same = same && is_instance(t.*P, from.*Q, forgotten)), ...);
    }
    (T::fields(), From::fields());
  } else {
    same = static_cast<u64>(terms.value(t)) == raw(from) || forgotten.decides(t);
  }
  return same;
}

struct Hidden {
  std::vector<bool> leaves;
  std::vector<bool> arguments;
};

void partial_step(const RandomStep& step, u32 rule, const Hidden& hidden, Tally& tally) {
  // The answer first; then the step of which the answer is known.
  auto state = state_of<Concrete>(step);
  const Outcome answer = execute<Concrete>(step, rule, state);
  StepContext context = context_of(step, rule);
  context.knows_observed = true;
  context.observed = static_cast<Errno>(answer.code);
  const Event e = event_of(step, rule);
  state = state_of<Concrete>(step);
  Step<Concrete> expected(context);
  apply_rule<Concrete>(e, expected, state);

  Terms terms;
  UseTerms use(terms);
  PartialVm partial = arm64_state<Partial>();
  make_known(vm_of(partial), vm_of_step<Concrete>(step));
  std::size_t at = 0;
  auto hide = [&](PartialValue& leaf) { leaf = terms.unknown(leaf.width, "", terms.value(leaf)); };
  each_partial_leaf(vm_of(partial), [&](PartialValue& leaf) {
    if (hidden.leaves[at++ % hidden.leaves.size()]) hide(leaf);
  });
  const auto call = system_ops<Partial>()[rule](
      e.handle, [&](PartialValue& leaf, unsigned i, const std::string&) {
        store(leaf, e.value[i]);
        if (hidden.arguments[i]) hide(leaf);
      });
  Step<Partial> k(context);
  const Forgotten forgotten{terms, terms.symbols().size()};
  call->apply(k, partial);

  bool holds = terms.value(k.explains(context.observed)) != 0;
  for (const PartialFlag& c : k.conditions()) holds = holds && terms.value(c) != 0;
  const bool is_lawful = answer.code != 0 || expected.illegal() == nullptr;
  require(holds == is_lawful, step, rule, "whether the answer is explained differs");
  if (answer.code == 0 && is_lawful) {
    require(expected.has_return() == (k.has_return() && terms.value(k.returns_if()) != 0), step,
            rule, "whether a number is returned differs");
    require(!expected.has_return() ||
                expected.returned().value() == static_cast<u64>(terms.value(k.returned())),
            step, rule, "returned number differs");
  }
  require(is_instance(vm_of(partial), vm_of(state), forgotten), step, rule, "next states differ");
  tally.count(answer);
}

void agrees_when_hidden(Precedence precedence) {
  Tally tally;
  EXPECT_TRUE(rc::check([&] {
    RandomStep step = random_step();
    step.profile.precedence = precedence;
    Hidden hidden;
    hidden.leaves = *rc::gen::container<std::vector<bool>>(64, rc::gen::arbitrary<bool>());
    hidden.arguments = *rc::gen::container<std::vector<bool>>(std::size_t{Event::values_max},
                                                              rc::gen::arbitrary<bool>());
    for (u32 rule = 0; rule < system_rules().size(); ++rule)
      partial_step(step, rule, hidden, tally);
  }));
}

TEST(DomainsAgree, PartialHoldsOfTheHiddenValues) { agrees_when_hidden(Precedence::exact); }
TEST(DomainsAgree, PartialHoldsWhereAnyCheckMayAnswer) {
  agrees_when_hidden(Precedence::documented);
}

// Nothing is hidden: then nothing may be unknown afterwards either, but for freedoms.
TEST(DomainsAgree, PartialKnowsAllWhereAllIsKnown) {
  EXPECT_TRUE(rc::check([&] {
    const RandomStep step = random_step();
    for (u32 rule = 0; rule < system_rules().size(); ++rule) {
      Terms terms;
      UseTerms use(terms);
      PartialVm partial = arm64_state<Partial>();
      make_known(vm_of(partial), vm_of_step<Concrete>(step));
      const Event e = event_of(step, rule);
      const auto call = system_ops<Partial>()[rule](
          e.handle,
          [&](PartialValue& leaf, unsigned i, const std::string&) { store(leaf, e.value[i]); });
      const StepContext context = context_of(step, rule);
      Step<Partial> k(context);
      call->apply(k, partial);
      if (!terms.symbols().empty()) continue;
      each_partial_leaf(vm_of(partial), [&](const PartialValue& leaf) {
        require(leaf.is_known(), step, rule, "a known value became unknown");
      });
      require(k.ok().is_known(), step, rule, "a known answer became unknown");
    }
  }));
}

}  // namespace
}  // namespace assay::tests

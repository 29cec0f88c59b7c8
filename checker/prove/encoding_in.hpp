// Encoding for one shape. Included by the shape_*.cpp files only.
#pragma once
#include <optional>

#include "checker/prove/encoding.hpp"
#include "checker/prove/proof_domain.hpp"

namespace assay::prove {

template <Shape S>
class EncodingIn final : public Encoding {
  using D = ProofIn<S>;
  using State = SystemState<D>;

 public:
  // A const table keeps one blank entry for indices beyond its end, as a static. In this domain
  // that entry holds expressions, so it is made here, in a context that lives to the end.
  EncodingIn() {
    static z3::context* const immortal = new z3::context;
    z3::context* outer = innermost_context();
    innermost_context() = immortal;
    flat(State{});
    innermost_context() = outer;
  }

  Shape shape() const override { return S; }

  Terms unknown_state(const std::string& prefix) const override {
    SymFlag ignored = true;
    return flat(fresh<State>(prefix, ignored));
  }

  Terms reset_state(const Terms& state) const override {
    State blank{};
    blank.host = typed(state).host;
    return flat(blank);
  }

  StepTerms step(Instance instance, const Terms& before, const std::string& prefix,
                 const Profile& profile, const Mutation* mutation) const override {
    StepContext context;
    context.profile = &profile;
    context.mutation = mutation;
    context.rule = instance.rule;
    return dispatch(SystemRules<D>{}, instance, typed(before), prefix, context, nullptr);
  }

  std::vector<PropertyTerm> properties(Instance instance, const Terms& before,
                                       const std::string& prefix, const Profile& profile,
                                       const Mutation* mutation) const override {
    StepContext context;
    context.profile = &profile;
    context.mutation = mutation;
    context.rule = instance.rule;
    std::vector<PropertyTerm> out;
    dispatch(SystemRules<D>{}, instance, typed(before), prefix, context, &out);
    return out;
  }

  Terms invariants(const Terms& terms) const override {
    Terms out;
    State state = typed(terms);
    each_invariant<D>([&](const Invariant<D>& i) { out.push_back(i.holds(state).e); });
    // That integers stay natural numbers is proved like everything else.
    out.push_back(natural(state).e);
    return out;
  }

  z3::expr host_is_possible(const Terms& s) const override {
    const Host<D> host = typed(s).host;
    return (assay::host_is_possible<D>(host) && natural(host) && fits_64_bits(host)).e;
  }
  z3::expr fits_shape(const Terms& s) const override { return assay::fits_shape<D>(typed(s)).e; }
  z3::expr is_created(const Terms& s) const override { return typed(s).created.e; }

  SystemState<Concrete> decode(const z3::model& model, const Terms& s) const override {
    try {
      return assay::decode<SystemState<Concrete>>(model, typed(s));
    } catch (const std::range_error&) {
      throw std::range_error("a value of the specification leaves 64 bits: " + too_wide(model, s));
    }
  }
  Terms state_constants(const SystemState<Concrete>& state) const override {
    State lifted{};
    leaves([](auto& leaf, const auto& value) { lift_leaf(leaf, raw(value)); }, lifted, state);
    return flat(lifted);
  }
  Terms host_constants(const Host<Concrete>& host) const override {
    Host<D> lifted{};
    Host<Concrete> copy = host;
    named_leaves(
        "",
        [&]<class Leaf>(const std::string& path, Leaf& leaf) {
          named_leaves(
              "",
              [&](const std::string& from, const auto& value) {
                if (path == from) lift_leaf(leaf, raw(value));
              },
              copy);
        },
        lifted);
    return flat(lifted);
  }

 private:
  template <class T, class Holds>
  static SymFlag every_number(const T& t, Holds&& holds) {
    SymFlag all = true;
    leaves(
        [&]<class Leaf>(const Leaf& leaf) {
          if constexpr (std::is_same_v<Leaf, SymNumber>) all = all && holds(leaf);
        },
        t);
    return all;
  }
  // Integers stand for unsigned numbers.
  template <class T>
  static SymFlag natural(const T& t) {
    return every_number(t, [](const SymNumber& n) { return SymNumber(0) <= n; });
  }
  template <class T>
  static SymFlag fits_64_bits(const T& t) {
    return every_number(t, [](const SymNumber& n) { return n < wrap_at<D>(); });
  }

  // "vm.spu[0].ptr = 18446744073709551616" for the values that no state has.
  static std::string too_wide(const z3::model& model, const Terms& s) {
    std::string out;
    State state = typed(s);
    named_leaves(
        "",
        [&]<class Leaf>(const std::string& path, Leaf& leaf) {
          std::uint64_t ignored = 0;
          const z3::expr v = model.eval(leaf.e, true);
          if (!v.is_bool() && !v.is_numeral_u64(ignored))
            out += (out.empty() ? "" : ", ") + path + " = " + v.to_string();
        },
        state);
    return out;
  }

  template <class T>
  static Terms flat(const T& t) {
    Terms out;
    leaves([&](const auto& leaf) { out.push_back(leaf.e); }, t);
    return out;
  }
  static State typed(const Terms& terms) {
    State state{};
    std::size_t at = 0;
    leaves([&](auto& leaf) { leaf.e = terms[at++]; }, state);
    return state;
  }

  template <class... Rule>
  static StepTerms dispatch(TypeList<Rule...>, Instance instance, State state,
                            const std::string& prefix, const StepContext& context,
                            std::vector<PropertyTerm>* properties) {
    using Apply = StepTerms (*)(Instance, State&, const std::string&, const StepContext&,
                                std::vector<PropertyTerm>*);
    static constexpr Apply table[] = {&step_of<Rule>...};
    return table[instance.rule](instance, state, prefix, context, properties);
  }

  template <class Rule>
  static StepTerms step_of(Instance instance, State& state, const std::string& prefix,
                           const StepContext& context, std::vector<PropertyTerm>* properties) {
    SymFlag possible = true;
    Rule rule = fresh<Rule>(prefix, possible);
    Terms arguments;
    walk_arguments(
        rule, [&](auto& leaf, unsigned) { arguments.push_back(leaf.e); },
        [&](auto& handle) { handle.index = instance.vcpu; });
    possible = possible && handles_exist(rule, state) && can_be_called<D>(state, rule);

    const std::optional<State> before = properties ? std::optional(state) : std::nullopt;
    StepWatch watch;
    watch.prefix = prefix;
    Step<D> k(context);
    watch.live = &k.ok();
    watch.legal = &k.legal();
    D::watch = &watch;
    rule.apply(k, state);
    D::watch = nullptr;
    if (properties) {
      const Taken<D, Rule> taken{*before, rule, state, k.ok(), k.code(), *context.profile};
      const SayProperty<D> say = [&](const char* name, const SymFlag& holds, const char*) {
        properties->push_back({name, holds.e});
      };
      each_property(taken, say);
      each_question(taken, say);
    }
    return {flat(state),    std::move(arguments), watch.choices,
            k.code().e,     k.legal().e,          possible.e,
            k.returned().e, k.returns_if().e,     checks_of(watch, k.ok())};
  }

  // A rejecting check decides if none before it had fired and one has after it. A mark of
  // require() is made after its condition was added, so it is broken where legality ends.
  static std::vector<CheckTerm> checks_of(const StepWatch& watch, const SymFlag& ok) {
    std::vector<CheckTerm> out;
    SymFlag legal = true;
    for (std::size_t i = 0; i < watch.marks.size(); ++i) {
      const StepWatch::Mark& m = watch.marks[i];
      SymFlag decides = false;
      if (m.kind == VerbKind::require) {
        decides = legal && !m.before;
        legal = m.before;
      } else {
        std::size_t next = i + 1;
        while (next < watch.marks.size() && watch.marks[next].kind == VerbKind::require) ++next;
        decides = m.before && !(next < watch.marks.size() ? watch.marks[next].before : ok);
      }
      merge(out, {m.id, m.hash, m.code, m.kind, decides.e});
    }
    return out;
  }
  // A check in a loop is one check.
  static void merge(std::vector<CheckTerm>& out, CheckTerm&& check) {
    for (CheckTerm& known : out)
      if (known.hash == check.hash && known.kind == check.kind) {
        known.decides = (SymFlag(known.decides) || SymFlag(check.decides)).e;
        return;
      }
    out.push_back(std::move(check));
  }
};

}  // namespace assay::prove

// Steps and claims over Z3 expressions.
#include "checker/prove/encoding.hpp"

#include <array>
#include <map>
#include <mutex>
#include <optional>

#include "spec/properties.hpp"

namespace assay::prove {
namespace {

using D = Symbolic;
using State = SystemState<D>;

template <class T, class Holds>
SymFlag every_number(const T& t, Holds&& holds) {
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
SymFlag natural(const T& t) {
  return every_number(t, [](const SymNumber& n) { return SymNumber(0) <= n; });
}

Terms flat(const State& state) {
  Terms out;
  leaves([&](const auto& leaf) { out.push_back(leaf.e); }, state);
  return out;
}

State typed(const Terms& terms) {
  State state{};
  std::size_t at = 0;
  leaves([&](auto& leaf) { leaf.e = terms[at++]; }, state);
  return state;
}

// "vm.spu[0].ptr = 18446744073709551616" for the values that no state has.
std::string too_wide(const z3::model& model, const Terms& terms) {
  std::string out;
  State state = typed(terms);
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

// A check in a loop is one check.
void merge(std::vector<CheckTerm>& out, CheckTerm&& check) {
  for (CheckTerm& known : out)
    if (known.hash == check.hash && known.kind == check.kind) {
      known.decides = (SymFlag(known.decides) || SymFlag(check.decides)).e;
      return;
    }
  out.push_back(std::move(check));
}

// A rejecting check decides if none before it had fired and one has after it. A mark of require()
// is made after its condition was added, so it is broken where legality ends.
std::vector<CheckTerm> checks_of(const StepWatch& watch, const SymFlag& ok) {
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

}  // namespace

// A step to be made.
struct Encoding::Taking {
  Instance instance;
  const Terms& before;
  const std::string& prefix;
  const Profile& profile;
  const Mutation* mutation;
};

StepTerms Encoding::take(const Taking& t, std::vector<PropertyTerm>* properties) const {
  const UseShape use(shape_);
  SymFlag possible = true;
  Terms arguments;
  const auto call = system_ops<D>()[t.instance.rule](
      t.instance.vcpu, [&](SymLeaf leaf, unsigned, const std::string& name) {
        leaf.e = leaf.constant(t.prefix + "." + name);
        if (leaf.kind == SymLeaf::Kind::number) {
          const SymNumber n(leaf.e);
          possible = possible && SymNumber(0) <= n && n < wrap_at<D>();
        }
        arguments.push_back(leaf.e);
      });
  State state = typed(t.before);
  possible = possible && call->is_possible(state);
  const std::optional<State> before = properties ? std::optional(state) : std::nullopt;

  StepContext context;
  context.profile = &t.profile;
  context.mutation = t.mutation;
  context.rule = t.instance.rule;
  StepWatch watch;
  watch.prefix = t.prefix;
  Step<D> k(context);
  watch.live = &k.ok();
  watch.legal = &k.legal();
  D::watch = &watch;
  call->apply(k, state);
  D::watch = nullptr;
  if (properties) {
    const Call<D> view = call->view();
    const Taken<D> taken{*before, view, state, k.ok(), k.code(), t.profile};
    const SayProperty<D> say = [&](const char* name, const SymFlag& holds, const char*) {
      properties->push_back({name, holds.e});
    };
    for (const auto& claims : system_claims<D>().properties) claims(taken, say);
    for (const auto& claims : system_claims<D>().questions) claims(taken, say);
  }
  return {flat(state),    std::move(arguments), watch.choices,
          k.code().e,     k.legal().e,          possible.e,
          k.returned().e, k.returns_if().e,     checks_of(watch, k.ok())};
}

StepTerms Encoding::step(Instance instance, const Terms& before, const std::string& prefix,
                         const Profile& profile, const Mutation* mutation) const {
  return take({instance, before, prefix, profile, mutation}, nullptr);
}

std::vector<PropertyTerm> Encoding::properties(Instance instance, const Terms& before,
                                               const std::string& prefix, const Profile& profile,
                                               const Mutation* mutation) const {
  std::vector<PropertyTerm> out;
  take({instance, before, prefix, profile, mutation}, &out);
  return out;
}

Terms Encoding::unknown_state(const std::string& prefix) const {
  const UseShape use(shape_);
  SymFlag ignored = true;
  return flat(fresh<State>(prefix, ignored));
}

Terms Encoding::reset_state(const Terms& state) const {
  const UseShape use(shape_);
  State blank{};
  blank.host = typed(state).host;
  return flat(blank);
}

Terms Encoding::invariants(const Terms& terms) const {
  const UseShape use(shape_);
  Terms out;
  const State state = typed(terms);
  for (const Invariant<D>& i : system_claims<D>().invariants) out.push_back(i.holds(state).e);
  // That integers stay natural numbers is proved like everything else.
  out.push_back(natural(state).e);
  return out;
}

z3::expr Encoding::host_is_possible(const Terms& s) const {
  const UseShape use(shape_);
  const Host<D> host = typed(s).host;
  const SymFlag fits_64_bits =
      every_number(host, [](const SymNumber& n) { return n < wrap_at<D>(); });
  return (assay::host_is_possible<D>(host) && natural(host) && fits_64_bits).e;
}

z3::expr Encoding::fits_shape(const Terms& s) const {
  const UseShape use(shape_);
  return assay::fits_shape<D>(typed(s)).e;
}

z3::expr Encoding::is_created(const Terms& s) const {
  const UseShape use(shape_);
  return typed(s).created.e;
}

SystemState<Concrete> Encoding::decode(const z3::model& model, const Terms& s) const {
  const UseShape use(shape_);
  try {
    return assay::decode<SystemState<Concrete>>(model, typed(s));
  } catch (const std::range_error&) {
    throw std::range_error("a value of the specification leaves 64 bits: " + too_wide(model, s));
  }
}

Terms Encoding::state_constants(const SystemState<Concrete>& state) const {
  const UseShape use(shape_);
  return flat(lift<State>(state));
}

Terms Encoding::host_constants(const Host<Concrete>& host) const {
  const UseShape use(shape_);
  Terms out;
  const auto lifted = lift<Host<D>>(host);
  leaves([&](const auto& leaf) { out.push_back(leaf.e); }, lifted);
  return out;
}

const Encoding* encoding_for(const Shape& shape) {
  for (std::size_t i = 0; i < dimension_names.size(); ++i)
    if (shape.size[i] == 0) return nullptr;
  static std::mutex mutex;
  static std::map<std::array<unsigned, 8>, Encoding> made;
  const std::lock_guard lock(mutex);
  return &made.try_emplace(shape.size, shape).first->second;
}

std::string text_of(const Shape& s) {
  std::string text;
  for (std::size_t i = 0; i < dimension_names.size(); ++i)
    text += (i == 0 ? "" : ",") + std::string(dimension_names[i]) + "=" + std::to_string(s.size[i]);
  return text;
}

std::vector<Instance> instances_of(const Shape& shape, const Profile& profile) {
  std::vector<Instance> out;
  const std::vector<RuleInfo>& rules = system_rules();
  const unsigned vcpus = shape.size[static_cast<std::size_t>(Dim::vcpu)];
  for (u32 rule = 0; rule < rules.size(); ++rule)
    for (unsigned v = 0; rules[rule].is_of(profile) && v < (rules[rule].has_vcpu ? vcpus : 1); ++v)
      out.push_back({rule, v});
  return out;
}

std::string name_of(const Instance& instance) {
  const RuleInfo& info = system_rules()[instance.rule];
  std::string name = info.name;
  if (info.has_vcpu) name += "(vcpu " + std::to_string(instance.vcpu) + ")";
  return name;
}

const std::vector<std::string>& invariant_names() {
  static const auto names = [] {
    std::vector<std::string> list;
    for (const auto& i : system_claims<Concrete>().invariants) list.emplace_back(i.name);
    list.emplace_back("numbers_are_natural");
    return list;
  }();
  return names;
}

std::vector<bool> invariants_of(const Profile& profile) {
  std::vector<bool> of;
  for (const auto& i : system_claims<Concrete>().invariants) of.push_back(i.applies(profile));
  of.push_back(true);
  return of;
}

}  // namespace assay::prove

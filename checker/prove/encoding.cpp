// Steps and claims over Z3 expressions.
#include "checker/prove/encoding.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>

namespace assay::prove {
namespace {

using D = Symbolic;
using State = SystemState<D>;

Terms flat(const State& state) {
  Terms out;
  state.each_leaf([&](const SymLeaf& leaf) { out.push_back(leaf.e); });
  return out;
}

// Integers stand for unsigned numbers.
SymFlag natural(const Terms& terms) {
  SymFlag all = true;
  for (const z3::expr& e : terms)
    if (e.is_int()) all = all && SymNumber(0) <= SymNumber(e);
  return all;
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

State Encoding::typed(const Terms& terms) const {
  State state = in_.blank();
  std::size_t at = 0;
  state.each_leaf([&](const SymLeaf& leaf) { leaf.e = terms[at++]; });
  return state;
}

// The host is the first of the state's leaves.
Terms Encoding::host_of(const Terms& state) const {
  const UseShape use(shape_);
  return {state.begin(), state.begin() + static_cast<std::ptrdiff_t>(in_.host_leaves())};
}

// "spu[0].ptr = 18446744073709551616" for the values that no state has.
std::string Encoding::too_wide(const z3::model& model, const Terms& terms) const {
  std::string out;
  typed(terms).each_named_leaf([&](const std::string& path, const SymLeaf& leaf) {
    std::uint64_t ignored = 0;
    const z3::expr v = model.eval(leaf.e, true);
    if (!v.is_bool() && !v.is_numeral_u64(ignored))
      out += (out.empty() ? "" : ", ") + path + " = " + v.to_string();
  });
  return out;
}

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
  const auto call = in_.ops[t.instance.rule](t.instance.handle,
                                             [&](SymLeaf leaf, unsigned, const std::string& name) {
                                               leaf.e = leaf.constant(t.prefix + "." + name);
                                               possible = possible && leaf.is_in_range();
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
    const AnyTaken<D> taken{*before, view, state, k.ok(), k.code(), t.profile};
    const SayProperty<D> say = [&](const char* name, const SymFlag& holds, const char*) {
      properties->push_back({name, holds.e});
    };
    for (const auto& claims : in_.claims.properties) claims(taken, say);
    for (const auto& claims : in_.claims.questions) claims(taken, say);
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
  Terms out;
  in_.blank().each_named_leaf([&](const std::string& path, const SymLeaf& leaf) {
    out.push_back(leaf.constant(prefix + "." + path));
  });
  return out;
}

Terms Encoding::reset_state(const Terms& state) const {
  const UseShape use(shape_);
  Terms out = flat(in_.blank());
  const Terms host = host_of(state);
  std::copy(host.begin(), host.end(), out.begin());
  return out;
}

Terms Encoding::invariants(const Terms& terms) const {
  const UseShape use(shape_);
  Terms out;
  const State state = typed(terms);
  for (const Invariant<D>& i : in_.claims.invariants) out.push_back(i.holds(state).e);
  // That integers stay natural numbers is proved like everything else.
  out.push_back(natural(terms).e);
  return out;
}

z3::expr Encoding::host_is_possible(const Terms& s) const {
  const UseShape use(shape_);
  const Terms host = host_of(s);
  SymFlag fits = true;
  for (const z3::expr& e : host)
    if (e.is_int()) fits = fits && SymNumber(e) < wrap_at<D>();
  return (in_.host_is_possible(typed(s)) && natural(host) && fits).e;
}

z3::expr Encoding::fits_shape(const Terms& s) const {
  const UseShape use(shape_);
  return in_.fits_shape(typed(s)).e;
}

z3::expr Encoding::is_created(const Terms& s) const {
  const UseShape use(shape_);
  return in_.is_made(typed(s)).e;
}

SystemState<Concrete> Encoding::decode(const z3::model& model, const Terms& s) const {
  const UseShape use(shape_);
  try {
    return in_.decoded(model, typed(s));
  } catch (const std::range_error&) {
    throw std::range_error("a value of the specification leaves 64 bits: " + too_wide(model, s));
  }
}

Terms Encoding::state_constants(const SystemState<Concrete>& state) const {
  const UseShape use(shape_);
  return flat(in_.copied(state));
}

Terms Encoding::host_constants(const SystemHost& host) const {
  return host_of(state_constants(system_.in<Concrete>().on_host(host)));
}

const Encoding* encoding_for(const System& system, const Shape& shape) {
  for (std::size_t i = 0; i < system.info().dimensions.size(); ++i)
    if (shape.size[i] == 0) return nullptr;
  static std::mutex mutex;
  static std::map<std::pair<const System*, std::array<unsigned, 8>>, Encoding> made;
  const std::lock_guard lock(mutex);
  const auto at = made.find({&system, shape.size});
  if (at != made.end()) return &at->second;
  return &made.emplace(std::pair(&system, shape.size), Encoding(system, shape)).first->second;
}

std::string text_of(const System& system, const Shape& s) {
  std::string text;
  for (std::size_t i = 0; i < system.info().dimensions.size(); ++i)
    text += (i == 0 ? "" : ",") + std::string(system.info().dimensions[i].name) + "=" +
            std::to_string(s.size[i]);
  return text;
}

std::vector<Instance> instances_of(const Shape& shape, const Profile& profile) {
  std::vector<Instance> out;
  const std::vector<RuleInfo>& rules = system_of(profile).rules();
  for (u32 rule = 0; rule < rules.size(); ++rule) {
    if (!rules[rule].is_of(profile)) continue;
    const unsigned handles =
        rules[rule].handle == nullptr ? 1 : shape.size[rules[rule].handle_dimension];
    for (unsigned handle = 0; handle < handles; ++handle) out.push_back({rule, handle});
  }
  return out;
}

std::string name_of(const System& system, const Instance& instance) {
  const RuleInfo& info = system.rules()[instance.rule];
  std::string name = info.name;
  if (info.handle != nullptr)
    name += "(" + std::string(info.handle) + " " + std::to_string(instance.handle) + ")";
  return name;
}

const std::vector<std::string>& invariant_names(const System& system) {
  static std::mutex mutex;
  static std::map<const System*, std::vector<std::string>> made;
  const std::lock_guard lock(mutex);
  auto [at, is_new] = made.try_emplace(&system);
  if (is_new) {
    for (const auto& i : system.in<Concrete>().claims.invariants) at->second.emplace_back(i.name);
    at->second.emplace_back("numbers_are_natural");
  }
  return at->second;
}

std::vector<bool> invariants_of(const Profile& profile) {
  std::vector<bool> of;
  for (const auto& i : system_of(profile).in<Concrete>().claims.invariants)
    of.push_back(i.applies(profile));
  of.push_back(true);
  return of;
}

}  // namespace assay::prove

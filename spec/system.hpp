// A system, as tools see it: declarations. No rule, no subject and no system is named here, none is
// instantiated by including this, and a changed rule does not rebuild what includes it.
//
// Which systems there are is a matter of linking: each assay_system() of spec/CMakeLists.txt (and
// of tests) registers itself. A tool finds its system by the profile that is judged.
//
// Rules have numbers: their positions in the list of the system's subjects. Traces name rules by
// their spelling and binary traces by their names, so the order may change.
#pragma once
#include <unordered_map>
#include <vector>

#include "model/catalog_entry.hpp"
#include "model/value_names.hpp"
#include "spec/claims.hpp"
#include "spec/handles.hpp"
#include "spec/system_state.hpp"
#include "spec/unruled.hpp"

namespace assay {

struct RegisterAlias;
struct Sysreg;

// --- stages: points of a rule at which several subjects act --------------------------------------

// Who acts there, in the order of the implementation.
struct StageInfo {
  struct Part {
    const char* name;
    const char* source;
    const char* when;  // "the first run"; empty: whenever the stage is reached
  };
  const char* name;
  const char* rule;  // of which it is a point
  std::vector<Part> parts;
};

// --- what is plain data of a system
// ---------------------------------------------------------------

// A table of the state; its position in the list is its dimension of a Shape.
struct Dimension {
  const char* name;  // as --shape has it: "vcpus"
  const char* what;  // in sentences: "vCPUs"
  unsigned usual;    // how many proofs are about
  // The leaf that says how many there are, or may be; empty where histories do not make any.
  std::string_view counted_by{};
};

// What the values of a leaf are called: "spu[].event" is "full".
struct NamedLeaf {
  std::string_view place;
  std::span<const NamedValue> values;
};

// What a state is that somebody wants to see, as a predicate of `assay find`: searches look for
// such states first. Only for predicates that ask about a place below `about` (empty: all do) and
// about nothing that the condition itself reads.
struct OrdinaryState {
  std::string_view about;
  std::string_view condition;
  std::string_view what;  // "a VM was created"
};

// A leaf of the state that keeps a field of a register.
struct LeafField {
  std::string leaf;   // "spu[].data_loss"
  std::string field;  // "PMBSR_EL1.DL"
};

struct SystemInfo {
  std::string_view name;                            // "arm64-kvm"
  std::string_view architecture;                    // "arm64"
  std::span<const std::string_view> machines;       // as uname -m calls them
  std::span<const Dimension> dimensions;            // at most as many as a Shape has
  std::span<const Profile> profiles;                // the first is the one that promises least
  std::span<const Sysreg> registers;                // that traces show whole (spec/register.hpp)
  std::span<const RegisterAlias> register_aliases;  // other names of some of them
  std::vector<StageInfo> stages;
  std::span<const HarmlessRequest> harmless;       // requests that leave the state alone
  std::span<const std::string_view> host_is_some;  // leaves of a host that are never zero
  u64 page_bytes = 4096;                           // of the host
  std::span<const NamedLeaf> named_leaves;         // leaves whose values have names
  std::span<const OrdinaryState> ordinary;         // what searches prefer
  // How names of events begin that no kernel has, and only traces for us do: any other than those
  // of rules is a mistake.
  std::span<const std::string_view> own_events;
  std::vector<LeafField> (*register_fields)() = nullptr;  // null: it has none
  // See may_change() of spec/unruled.hpp.
  MayChange (*may_change)(std::string_view request, bool on_vcpu, unsigned long long group);
  // The nearest profile for a `uname -r` string, and the one that was written for it; null: none.
  const Profile* (*nearest_profile)(std::string_view release);
  const Profile* (*profile_of_kernel)(std::string_view release);
  std::string_view usual_profile;  // where one is needed and none is told

  // Put together by the build from what the system says of its own types (spec/arm64_kvm.hpp).
  SystemHost (*blank_host)() = nullptr;
  SystemHost (*usual_host)() = nullptr;                   // as most traces come from
  SystemHost (*typical_host)(const Shape&) = nullptr;     // that counterexamples prefer to show
  void (*fit_host)(SystemHost&, const Shape&) = nullptr;  // lowers limits that the shape bounds
  bool (*host_is_possible)(const SystemHost&) = nullptr;
  // For each CPU a number that is the same for CPUs that are alike; 0: nothing is told of it.
  std::vector<u64> (*cpus)(const SystemHost&) = nullptr;
  std::vector<RuleInfo> rules;
  std::vector<HandleDeclaration> handles;
  std::unordered_map<std::string_view, u32> rule_by_name;
};

// --- a system in a domain
// -------------------------------------------------------------------------

// What only one domain can do: spec/partial_state.hpp, spec/symbolic_state.hpp.
template <class D>
struct OnlyIn {
  static_assert(!(D::merges && has_claims<D>), "include the header of the domain's states");
};

// Where a domain copies its states from.
template <class D>
using CopiedFrom = std::conditional_t<D::bounded, Concrete, Recorded>;

template <class D>
struct SystemIn : OnlyIn<D> {
  std::vector<typename OpsOf<D>::type> ops;  // what the domain can do with each rule, by number
  SystemClaims<D> claims;                    // in domains that have claims
  StateOps<D> state;
  // A state with nothing but a host (of an empty one: blank), and the host of one. Concrete,
  // Recorded.
  SystemState<D> (*on_host)(const SystemHost&) = nullptr;
  SystemHost (*host_of)(const SystemState<D>&) = nullptr;
  // The same state in this domain. Tracked, Partial, Probing, Symbolic.
  SystemState<D> (*copied)(const SystemState<CopiedFrom<D>>&) = nullptr;

  SystemState<D> blank() const { return SystemState<D>(state); }
};

// One address for each domain.
template <class D>
inline constexpr char key_of_domain = 0;

class System {
 public:
  std::string_view name() const { return info().name; }
  const SystemInfo& info() const { return info_(); }
  // Describes every rule, by number.
  const std::vector<RuleInfo>& rules() const { return info().rules; }
  // Event::no_rule when there is no rule of that name.
  u32 rule_named(std::string_view name) const;
  // The rule that makes a system out of nothing; all others apply to one that was made.
  u32 creating_rule() const;
  // Every check, freedom, answer and effect of every rule under a profile, in the order of the
  // text. Made once for each set of behaviours.
  const std::vector<CatalogEntry>& catalog(const Profile& profile) const;
  // The sizes that proofs are about where nobody names others.
  Shape usual_shape() const;

  // Of a domain whose units are linked: the symbolic one is a library of its own.
  template <class D>
  const SystemIn<D>& in() const {
    return *static_cast<const SystemIn<D>*>(in_domain(&key_of_domain<D>));
  }

  // For the units that spec/CMakeLists.txt makes: says that there is such a system, or what it is
  // in a domain. Systems are listed by `order`.
  static System& registered(const char* name, int order);
  bool provides(const SystemInfo& (*info)());
  bool provides(const char* domain, const void* (*in)());

 private:
  const void* in_domain(const char* key) const;
  const SystemInfo& (*info_)() = nullptr;
  std::vector<std::pair<const char*, const void* (*)()>> domains_;
};

// In the order of the assay_system() lines.
std::vector<const System*> all_systems();
// The first: of what says nothing of its system.
const System& default_system();
// The system that lists a profile of this name.
const System& system_of(const Profile& profile);
// Of a machine as `uname -m` calls it; null when no system describes its KVM. Not told: the
// default.
const System* system_of_machine(std::string_view machine);

// The profiles of all systems, those of one together.
std::span<const Profile> all_profiles();
// Null when there is no such profile.
const Profile* find_profile(std::string_view name);

// --- shortcuts by profile
// -------------------------------------------------------------------------

const std::vector<CatalogEntry>& system_catalog(const Profile& profile);

// Applies the rule of an event, in a domain that executes.
template <class D>
void apply_rule(const Event& e, Step<D>& k, SystemState<D>& state) {
  state.ops().rules[e.rule].apply(e, k, state);
}

}  // namespace assay

// The system as formulas, for one shape, with the shape hidden: a state is its list of leaves.
//
// Only the shape_*.cpp files instantiate rules over Z3 expressions; induction, search, mutants
// and vacuity are ordinary code over this interface.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "model/symbolic.hpp"
#include "spec/system.hpp"

namespace assay::prove {

using Terms = std::vector<z3::expr>;

// A rule with its handles fixed. Symbolic handles could alias; fixed ones cannot.
struct Instance {
  u32 rule = 0;
  unsigned vcpu = 0;  // meaningful if the rule has one
};

// One check of a step.
struct CheckTerm {
  std::string id;
  u32 hash;
  Errno code;
  VerbKind kind;
  z3::expr decides;  // it gives the answer; for require: it is the first that is broken
};

struct StepTerms {
  Terms next;
  Terms arguments;  // value arguments in the order of Event::value
  Terms choices;
  z3::expr code;      // 8 bits, 0 = success
  z3::expr legal;     // every require holds
  z3::expr possible;  // handles exist, and numbers fit 64 bits
  z3::expr returned, returns_if;
  std::vector<CheckTerm> checks;
};

// What a step keeps, by name (spec/properties.hpp).
struct PropertyTerm {
  std::string name;
  z3::expr holds;
};

class Encoding {
 public:
  virtual ~Encoding() = default;
  virtual Shape shape() const = 0;
  // A state of unknown constants "prefix.vcpu[1].pmu.irq".
  virtual Terms unknown_state(const std::string& prefix) const = 0;
  // Before anything happened, on the host of `state`.
  virtual Terms reset_state(const Terms& state) const = 0;
  virtual StepTerms step(Instance instance, const Terms& before, const std::string& prefix,
                         const Profile& profile, const Mutation* mutation) const = 0;
  // Of the step that step() gives for the same arguments.
  virtual std::vector<PropertyTerm> properties(Instance instance, const Terms& before,
                                               const std::string& prefix, const Profile& profile,
                                               const Mutation* mutation) const = 0;
  // In the order of each_invariant(); the last, of ours, is `numbers_are_natural`.
  virtual Terms invariants(const Terms& state) const = 0;
  virtual z3::expr host_is_possible(const Terms& state) const = 0;
  virtual z3::expr fits_shape(const Terms& state) const = 0;
  virtual z3::expr is_created(const Terms& state) const = 0;
  virtual SystemState<Concrete> decode(const z3::model& model, const Terms& state) const = 0;
  // A concrete state as constants; entries beyond the shape are left out.
  virtual Terms state_constants(const SystemState<Concrete>& state) const = 0;
  // A concrete host as constants, in the order of the first leaves of a state.
  virtual Terms host_constants(const Host<Concrete>& host) const = 0;
};

// Nothing when the shape was not compiled in.
const Encoding* encoding_for(const Shape& shape);
std::vector<Shape> compiled_shapes();
std::string text_of(const Shape& shape);

// The shapes, each in a translation unit of its own.
std::unique_ptr<Encoding> make_encoding_3_4_4();
std::unique_ptr<Encoding> make_encoding_2_2_3();

// Every rule with every handle, in the order of the specification.
std::vector<Instance> instances_of(const Shape& shape, const Profile& profile);
const std::vector<RuleInfo>& rules();
std::string name_of(const Instance& instance);
// Invariants by number, `numbers_are_natural` last.
const std::vector<std::string>& invariant_names();
// By number: those that say something about the profile's implementation.
std::vector<bool> invariants_of(const Profile& profile);
// The rule that makes a VM; it applies to the reset state, all others to created VMs.
u32 creating_rule();

}  // namespace assay::prove

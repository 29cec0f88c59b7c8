// The system as formulas, for one shape: a state is its list of leaves. Induction, search, mutants
// and vacuity are ordinary code over this.
#pragma once
#include <string>
#include <vector>

#include "spec/symbolic_state.hpp"

namespace assay::prove {

using Terms = std::vector<z3::expr>;

// A rule with its handles fixed. Symbolic handles could alias; fixed ones cannot.
struct Instance {
  u32 rule = 0;
  unsigned handle = 0;  // meaningful if the rule has one
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
  Encoding(const System& system, const Shape& shape)
      : system_(system), in_(system.in<Symbolic>()), shape_(shape) {}
  const System& system() const { return system_; }
  const Shape& shape() const { return shape_; }
  // A state of unknown constants "prefix.vcpu[1].pmu.irq".
  Terms unknown_state(const std::string& prefix) const;
  // Before anything happened, on the host of `state`.
  Terms reset_state(const Terms& state) const;
  StepTerms step(Instance instance, const Terms& before, const std::string& prefix,
                 const Profile& profile, const Mutation* mutation) const;
  // Of the step that step() gives for the same arguments.
  std::vector<PropertyTerm> properties(Instance instance, const Terms& before,
                                       const std::string& prefix, const Profile& profile,
                                       const Mutation* mutation) const;
  // In the order of the system's claims; the last, of ours, is `numbers_are_natural`.
  Terms invariants(const Terms& state) const;
  z3::expr host_is_possible(const Terms& state) const;
  z3::expr fits_shape(const Terms& state) const;
  z3::expr is_created(const Terms& state) const;
  SystemState<Concrete> decode(const z3::model& model, const Terms& state) const;
  // A concrete state as constants; entries beyond the shape are left out.
  Terms state_constants(const SystemState<Concrete>& state) const;
  // A concrete host as constants, in the order of the first leaves of a state.
  Terms host_constants(const SystemHost& host) const;

 private:
  struct Taking;
  SystemState<Symbolic> typed(const Terms& terms) const;
  Terms host_of(const Terms& state) const;
  std::string too_wide(const z3::model& model, const Terms& terms) const;
  StepTerms take(const Taking& t, std::vector<PropertyTerm>* properties) const;
  const System& system_;
  const SystemIn<Symbolic>& in_;
  Shape shape_;
};

// Made when a shape is asked for first; lives to the end. Null for a shape with nothing in some
// table.
const Encoding* encoding_for(const System& system, const Shape& shape);
std::string text_of(const System& system, const Shape& shape);

// Every rule with every handle, in the order of the specification.
std::vector<Instance> instances_of(const Shape& shape, const Profile& profile);
std::string name_of(const System& system, const Instance& instance);
// Invariants by number, `numbers_are_natural` last.
const std::vector<std::string>& invariant_names(const System& system);
// By number: those that say something about the profile's implementation.
std::vector<bool> invariants_of(const Profile& profile);

}  // namespace assay::prove

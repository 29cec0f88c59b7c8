// State-aware generation of programs, from the specification alone.
//
// A case is a pure function of (profile, host, seed, number, options). While it is being made, the
// specification runs along; each operation first picks a rule, then an outcome of that rule, and
// then looks for arguments that reach it on the predicted state: it starts from an example, sees
// which check decided, and changes an argument on which that check depends.
//
// No rule is named. What is known of single arguments is about the harm a program could do to a
// real machine, see harmless().
#pragma once
#include "gen/knowledge.hpp"

namespace assay::gen {

struct GeneratorOptions {
  unsigned length_min = 6;
  unsigned length_max = 40;
  unsigned vms_max = 2;
  // Also hosts that no laboratory has: features missing, tables small. For targets that are told
  // their host, which real machines are not.
  bool vary_host = false;
};

// Runs a few thousand cases for the sake of what they show: a function of its arguments, worked out
// once for each (0.3 s).
std::shared_ptr<const Knowledge> learn(const Profile& profile, const SystemHost& host);

class Generator {
 public:
  Generator(const Profile& profile, const SystemHost& host, u64 seed,
            std::shared_ptr<const Knowledge> knowledge, GeneratorOptions options = {});
  ~Generator();
  Generator(Generator&&) noexcept;
  Program program(u64 number);
  // The same into a program that is used again, without allocating.
  void program(u64 number, Program& out);
  // How often the predicted answers of all programs so far ended in a goal (by rule and outcome).
  u64 reached(const Goal& g) const;
  const Knowledge& knowledge() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::gen

// Deletion of operations, closed under their dependencies, until no single one can go.
#pragma once
#include "gen/delete_runs.hpp"
#include "gen/minimise.hpp"

namespace assay::gen {

class Reducer {
 public:
  explicit Reducer(StillFails fails) : fails_(std::move(fails)) {}

  // Reduces `p`, for which fails(p) holds, to a program that is 1-minimal.
  void reduce(Program& p) {
    delete_vms(p);
    gen::delete_runs([&] { return p.operations.size(); },
                     [&](std::size_t begin, std::size_t end) {
                       std::vector<bool> drop(p.operations.size());
                       std::fill(drop.begin() + static_cast<std::ptrdiff_t>(begin),
                                 drop.begin() + static_cast<std::ptrdiff_t>(end), true);
                       return attempt(p, drop);
                     });
    while (delete_singles(p)) {}
  }

 private:
  bool attempt(Program& p, const std::vector<bool>& drop) {
    Program trial = without(p, drop);
    if (trial.operations.size() == p.operations.size() || !fails_(trial)) return false;
    p = std::move(trial);
    return true;
  }

  void delete_vms(Program& p) {
    u32 vms = 0;
    for (const Operation& op : p.operations)
      if (op.on != HandleKind::none) vms = std::max(vms, op.event.vm + 1);
    for (u32 vm = 0; vms > 1 && vm < vms; ++vm) {
      std::vector<bool> drop(p.operations.size());
      for (std::size_t i = 0; i < drop.size(); ++i)
        drop[i] =
            p.operations[i].kind != Operation::Kind::affinity && p.operations[i].event.vm == vm;
      attempt(p, drop);
    }
  }

  bool delete_singles(Program& p) {
    bool any = false;
    for (std::size_t i = p.operations.size(); i-- > 0;) {
      if (i >= p.operations.size()) continue;
      std::vector<bool> drop(p.operations.size());
      drop[i] = true;
      any = attempt(p, drop) || any;
    }
    return any;
  }

  StillFails fails_;
};

}  // namespace assay::gen

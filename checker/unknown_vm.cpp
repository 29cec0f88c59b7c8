#include "checker/unknown_vm.hpp"

#include "checker/solve.hpp"
#include "model/symbolic.hpp"

namespace assay::checker {
namespace {

using Sym = Symbolic;
using SymVm = SystemState<Sym>;
// Deterministic bound of one query; about a second of work.
constexpr unsigned rlimit_per_query = 20'000'000;
// Of one VM: each call makes the formula longer, so that time grows with the square of their
// number.
constexpr u64 rlimit_per_vm = 100'000'000;
constexpr unsigned steps_per_vm = 40;

// Nothing is known of the host: every field is free, the first PEs and PMUs included. That is
// weaker than any particular host, so it never excludes an answer.
void make_host_unknown(SymVm& vm, SymFlag& domain) {
  constexpr unsigned pes = 64, pmus = 4;
  vm.host = fresh<Host<Sym>>("host", domain);
  auto word = [](const std::string& name) {
    return SymWord<32>(z3_context().bv_const(name.c_str(), 32));
  };
  for (unsigned i = 0; i < pes; ++i)
    vm.host.pe[i].pmu = word("host.pe[" + std::to_string(i) + "].pmu");
  for (unsigned i = 0; i < pmus; ++i)
    vm.host.pmu[i].type = word("host.pmu[" + std::to_string(i) + "].type");
  domain = domain && vm.host.slots_max > 0 && vm.host.vcpus_max > 0 &&
           SymWord<8>(32) <= vm.host.ipa_bits_max && vm.host.ipa_bits_max <= SymWord<8>(52);
}

struct Branch {
  SymVm vm;
  SymFlag possible;  // conditions under which this branch gives the observed answer
};

bool is_unchanged(SymVm& before, SymVm& after) {
  bool same = true;
  leaves([&](const auto& a, const auto& b) { same = same && z3::eq(a.e, b.e); }, before, after);
  return same;
}

SymFlag answer_is(const Step<Sym>& k, Errno code, const Event& e) {
  SymFlag same = k.code() == SymWord<8>(static_cast<u64>(code));
  if (code != Errno::ok) return same;
  same = same && k.legal();
  if (e.has_returned) same = same && (!k.returns_if() || k.returned() == SymWord<64>(e.returned));
  return same;
}

}  // namespace

struct UnknownVm::State {
  const Profile& profile;
  z3::solver solver;
  SymVm vm{};
  unsigned fresh_count = 0;
  unsigned steps = 0;

  // Z3's count of its own work, of this thread's context.
  u64 work() const {
    const z3::stats stats = solver.statistics();
    for (unsigned i = 0; i < stats.size(); ++i)
      if (stats.key(i) == "rlimit count" && stats.is_uint(i)) return stats.uint_value(i);
    return 0;
  }
  u64 work_before = work();
  bool is_exhausted() const { return steps > steps_per_vm || work() - work_before > rlimit_per_vm; }

  explicit State(const Profile& p) : profile(p), solver(z3_context()) {
    z3::params params(z3_context());
    params.set("rlimit", rlimit_per_query);
    leave_signals_alone(params);
    solver.set(params);
  }

  // One candidate rule applied to a copy of the state.
  Branch apply(std::uint32_t rule, const Event& e, bool all_unknown, Errno code) {
    SymFlag domain = true;
    const auto call =
        system_ops<Sym>()[rule](e.vcpu, [&](SymLeaf leaf, unsigned position, const std::string&) {
          if (!all_unknown && (e.unknown >> position & 1) == 0) {
            leaf.e = leaf.value(e.value[position]);
            return;
          }
          leaf.e = leaf.constant("u" + std::to_string(fresh_count++));
          if (leaf.kind != SymLeaf::Kind::number) return;
          const SymNumber n(leaf.e);
          domain = domain && SymNumber(0) <= n && n < wrap_at<Sym>();
        });
    Branch branch{vm, true};
    StepContext context;
    context.profile = &profile;
    context.rule = rule;
    Step<Sym> k(context);
    call->apply(k, branch.vm);
    branch.possible = answer_is(k, code, e) && domain;
    return branch;
  }

  std::vector<Branch> branches(const Event& e, std::span<const std::uint32_t> rules, Errno code) {
    std::vector<Branch> out;
    for (std::uint32_t rule : rules) out.push_back(apply(rule, e, rules.size() > 1, code));
    return out;
  }
};

UnknownVm::UnknownVm(const Profile& profile) : state_(std::make_unique<State>(profile)) {
  SymFlag domain = true;
  make_host_unknown(state_->vm, domain);
  state_->solver.add(domain.e);
}

UnknownVm::UnknownVm(const std::vector<std::unique_ptr<RecordedVm>>& states, const Profile& profile)
    : state_(std::make_unique<State>(profile)) {
  state_->vm = lift<SymVm>(*states.front());
  for (std::size_t i = 1; i < states.size(); ++i) {
    SymVm other = lift<SymVm>(*states[i]);
    SymFlag which(z3_context().bool_const(("which" + std::to_string(i)).c_str()));
    leaves([&](auto& mine, const auto& theirs) { mine = ite(which, theirs, mine); }, state_->vm,
           other);
  }
}

UnknownVm::~UnknownVm() = default;
UnknownVm::UnknownVm(UnknownVm&&) noexcept = default;

UnknownVm::Outcome UnknownVm::step(const Event& e, std::span<const std::uint32_t> rules,
                                   bool may_be_other) {
  if (state_->is_exhausted()) return Outcome::exhausted;
  std::vector<Branch> branches = state_->branches(e, rules, e.answer);
  // Nothing to decide, and nothing that later calls would carry along.
  if (branches.size() == 1 && !may_be_other && branches[0].possible.e.is_true() &&
      is_unchanged(state_->vm, branches[0].vm))
    return Outcome::possible;
  ++state_->steps;
  if (may_be_other) branches.push_back({state_->vm, true});
  SymFlag some = false;
  for (const Branch& b : branches) some = some || b.possible;
  state_->solver.push();
  state_->solver.add(some.e);
  z3::check_result result = solve(state_->solver);
  state_->solver.pop();
  if (result == z3::unsat) return Outcome::impossible;

  // The state after is one of the branches; a fresh selector says which.
  SymVm after = branches.front().vm;
  SymFlag chosen = branches.front().possible;
  for (std::size_t i = 1; i < branches.size(); ++i) {
    SymFlag which(
        z3_context().bool_const(("branch" + std::to_string(state_->fresh_count++)).c_str()));
    leaves([&](auto& mine, const auto& theirs) { mine = ite(which, theirs, mine); }, after,
           branches[i].vm);
    chosen = ite(which, branches[i].possible, chosen);
  }
  state_->solver.add(chosen.e);
  state_->vm = std::move(after);
  return result == z3::sat ? Outcome::possible : Outcome::undecided;
}

std::vector<std::string> UnknownVm::allowed(const Event& e, std::span<const std::uint32_t> rules) {
  std::vector<std::string> out;
  unsigned count = 0;
  const Errno* codes = all_errnos(count);
  for (unsigned i = 0; i < count; ++i) {
    SymFlag some = false;
    Event open = e;
    open.has_returned = false;
    for (const Branch& b : state_->branches(open, rules, codes[i])) some = some || b.possible;
    state_->solver.push();
    state_->solver.add(some.e);
    if (solve(state_->solver) == z3::sat)
      out.push_back(codes[i] == Errno::ok ? "success" : std::string(name_of(codes[i])));
    state_->solver.pop();
  }
  return out;
}

}  // namespace assay::checker

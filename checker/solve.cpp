#include "checker/solve.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "traces/stop.hpp"

namespace assay::checker {
namespace {

std::mutex mutex;                     // of the list
std::vector<z3::context*> under_way;  // each is alive while it stands here

class UnderWay {
 public:
  explicit UnderWay(z3::context& context) : context_(&context) {
    const std::lock_guard lock(mutex);
    under_way.push_back(context_);
  }
  ~UnderWay() {
    const std::lock_guard lock(mutex);
    under_way.erase(std::find(under_way.begin(), under_way.end(), context_));
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  z3::context* context_;
};

template <class Ask>
z3::check_result ask(z3::solver& solver, Ask&& ask) {
  const UnderWay entry(solver.ctx());
  if (stop::requested()) return z3::unknown;
  return ask();
}

}  // namespace

void leave_signals_alone(z3::params& params) { params.set("ctrl_c", false); }

z3::check_result solve(z3::solver& solver) {
  return ask(solver, [&] { return solver.check(); });
}

z3::check_result solve(z3::solver& solver, z3::expr_vector& assumptions) {
  return ask(solver, [&] { return solver.check(assumptions); });
}

std::string why_unknown(const z3::solver& solver) {
  return stop::requested() ? "interrupted" : solver.reason_unknown();
}

void interrupt_solvers() {
  const std::lock_guard lock(mutex);
  for (z3::context* context : under_way) context->interrupt();
}

}  // namespace assay::checker

// What checking a trace yields: a verdict, its findings, and how much was checked at all.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checker/line_set.hpp"
#include "model/coverage.hpp"
#include "model/errno.hpp"

namespace assay::checker {

enum class Verdict : std::uint8_t { conforms, violates, inconclusive };

// A part of the state that made a check hold (or not), and which line of the trace wrote it.
struct Because {
  std::string place;  // "vcpu[0].pmu.irq"
  std::uint64_t value = 0;
  std::uint64_t line = 0;   // 0: the initial state
  std::string field;        // "PMBSR_EL1.DL"; empty where no register has it
  std::string shown;        // the value as the field writes it: "fault", "0x10000"
  std::string text;         // of that line, where the source can be read again
  bool is_unknown = false;  // the trace does not tell the value; this is one that was tried
};

// One check of the rule concerned, and why it answered as it did.
struct Reason {
  std::string check;   // "pmu_set_irq.irq_already_set"
  std::string source;  // document and clause
  Errno code = Errno::ok;
  bool held = false;
  // Of a requirement: what it says, as the specification writes it, and where.
  std::vector<std::string> text;
  std::string place;  // "spec/arch/spu/buffer.hpp:240"
  std::vector<Because> because;
};

struct Finding {
  std::uint64_t line = 0;    // of the source; the event's number for binary sources
  std::uint32_t column = 0;  // of the call in that line, from 1; 0: not told
  std::uint64_t event = 0;   // number of the event, from 1
  std::string call;          // as text
  std::string rule;
  std::string observed;              // "EBUSY", "0", "0, 48"
  std::vector<std::string> allowed;  // every answer the specification permits here
  std::string check;                 // id of the check violated: the key of a minimisation
  std::vector<Reason> reasons;
  std::vector<std::string> tried;    // values that the trace does not tell: all were tried
  std::vector<std::string> changes;  // explain: "vcpu[0].pmu.irq: 0 -> 23"
  bool follow_on = false;            // the same VM already violated before
  // An invariant or a property of steps is broken, whose name both are; every answer was allowed.
  bool of_claim() const { return rule == check; }
};

struct Report {
  Verdict verdict = Verdict::inconclusive;
  std::string reason;  // why inconclusive
  std::string profile;
  std::uint64_t events = 0;                      // calls in the trace that concern KVM
  std::uint64_t checked = 0;                     // of them, judged by a rule
  std::uint64_t unknown_arguments = 0;           // of those, with arguments the trace hides
  std::uint64_t ignored = 0;                     // calls that have nothing to do with KVM
  std::map<std::string, std::uint64_t> skipped;  // "KVM_GET_ONE_REG: no rule" -> count
  std::map<std::string, LineSet> skipped_at;     // where in the trace they stand
  std::uint64_t evaluations = 0;                 // checks evaluated
  unsigned checks_seen = 0;                      // distinct checks evaluated
  unsigned checks_total = 0;                     // of the specification
  unsigned states_max = 0;                       // widest set of explanations
  std::uint64_t vms = 0;
  std::vector<Finding> findings;
  std::uint64_t findings_total = 0;  // `findings` is bounded
  std::uint64_t choices_taken = 0;   // answers that only a named freedom allowed
  Coverage coverage;
};

std::string_view name_of(Verdict v);
// The process's exit status for a verdict (DESIGN.md): 0, 1, 2.
int exit_status(Verdict v);

}  // namespace assay::checker

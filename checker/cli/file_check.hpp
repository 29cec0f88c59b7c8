// One trace, from its file to a report: what `assay check` and `assay explain` do to each.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/recent_lines.hpp"
#include "checker/report/report.hpp"

namespace assay::cli {

struct CheckArguments {
  std::vector<std::string> files;
  std::string profile, format = "auto", host;
  u64 budget = checker::CheckOptions{}.budget;  // of Z3's work on one VM
  double require_judged = 0;                    // percent of the calls; less is inconclusive
  bool explain = false;
  bool fail_fast = false;
  bool follow = false;
};

class FileCheck {
 public:
  FileCheck(const CheckArguments& arguments, const Common& common)
      : arguments_(arguments), common_(common) {}

  // Reads and judges; gives the exit status. What is wrong with the input is shown on standard
  // error. Findings in an input that is not a file at rest (a pipe, a file that is followed) are
  // printed as they are made.
  int run(const std::string& file, checker::FileReport& out);
  // Whether findings were printed as they were made.
  bool is_live() const { return live_; }

 private:
  int run_perf(const std::string& file, checker::FileReport& out) const;
  int conclude(checker::FileReport& out) const;
  void start(const traces::TraceHeader& header, const std::string& file);
  void note_finding(checker::Finding& finding);
  void explain_event(const traces::TraceEvent& e, const checker::EventNotes& notes);
  bool wants_to_go_on() const;
  void forget_judgement(checker::Report& r);
  void note_failure(const std::string& file, const traces::ReadFailure& failure,
                    checker::FileReport& out) const;

  const CheckArguments& arguments_;
  const Common& common_;
  std::optional<checker::Checker> checker_;
  const Profile* profile_ = nullptr;  // that it judges by
  std::string file_, expected_;
  std::string architecture_;  // what shows that the trace is not of arm64; empty: nothing does
  std::string_view line_;     // of the event that is judged
  std::vector<checker::ExplainedEvent> explained_;
  RecentLines recent_;
  Progress progress_;
  bool live_ = false;
  bool found_ = false;
};

}  // namespace assay::cli

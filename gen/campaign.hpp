// Many cases against a target, on all cores, with the same findings whatever the number of jobs.
//
// Cases are numbered and independent; batches of consecutive numbers are handed out in order, so
// what has run is always 0 .. n-1, also when time ends the campaign or a user does.
#pragma once
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "gen/generator.hpp"
#include "gen/target.hpp"

namespace assay::gen {

struct Violation {
  std::string key;            // id of the violated check, or of what the target did
  std::size_t operation = 0;  // where it shows
  std::string text;
};

// Judges one program's answers. Called from several threads at once. `host` is the program's.
using Oracle = std::function<std::optional<Violation>(const Program&, const Answers&)>;

struct Finding {
  Violation violation;
  u64 number = 0;  // of the case
  Program program;
  Answers answers;
  std::string file;  // in the corpus, empty when there is none
};

struct Progress {
  u64 cases = 0;
  u64 operations = 0;
  std::size_t findings = 0;
  double seconds = 0;
};

struct CampaignOptions {
  const Profile* profile = nullptr;
  SystemHost host;
  u64 seed = 1;
  u64 first_case = 0;
  u64 cases = 1000;                   // ignored when there is a time budget
  std::chrono::milliseconds time{0};  // 0: run `cases` cases
  unsigned jobs = 1;
  GeneratorOptions generator;
  TargetFactory target;
  Oracle oracle;
  // The oracle is asked only about programs with an answer that the specification does not give by
  // itself. What the quick look clears conforms; it never condemns.
  bool quick_look = true;
  std::size_t findings_max = 0;                      // distinct keys after which to stop; 0: never
  std::set<std::string> known;                       // keys that are counted, and no findings
  std::string corpus;                                // directory for findings; empty: none
  const std::atomic<bool>* stop = nullptr;           // ends the campaign in order
  std::function<void(const Progress&)> on_progress;  // from any job, one at a time
};

struct CampaignSummary {
  u64 cases = 0;            // ran: first_case .. first_case + cases - 1
  u64 not_run = 0;          // of them, those the target could not be brought to run
  std::string why_not_run;  // of one of these
  u64 operations = 0;
  u64 executed = 0;
  u64 crashes = 0;
  u64 hangs = 0;
  u64 logs_read = 0;  // programs during which the target's kernel log was watched
  u64 reports = 0;    // of warnings and worse in those logs, before they were merged by key
  u64 violating = 0;  // programs, before findings were merged by key
  double seconds = 0;
  bool interrupted = false;
  std::string error;              // the target cannot be made, the corpus cannot be written
  std::vector<Finding> findings;  // by case number, one for each key
  std::map<std::string, u64> by_key;
  std::map<std::string, u64> known;  // programs that showed what was known before
  Coverage coverage;                 // of the specification, by what the target answered
};

CampaignSummary run_campaign(const CampaignOptions& options);

// Writes a file so that a reader sees all of it or nothing. Empty on success.
std::string write_atomically(const std::string& path, std::string_view content);

}  // namespace assay::gen

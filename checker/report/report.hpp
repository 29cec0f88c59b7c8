// Reports on checked traces, for people and for machines.
//
// Every function makes a text and prints nothing: where it goes is the command's business.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checker/verdict.hpp"

namespace assay::checker {

// What `explain` shows of one event.
struct ExplainedEvent {
  std::uint64_t line = 0;
  std::string call;
  std::vector<std::string> changes;  // "vcpu[0].pmu.irq: 0 -> 23"
  std::vector<std::string> learnt;
  std::string decided_by;  // as EventNotes of checker/check.hpp
  std::vector<std::string> freedoms;
};

struct FileReport {
  // Why the input could not be read to its end, and where.
  struct Failure {
    std::string message;
    std::uint64_t line = 0;    // 0: not told (the file cannot be opened, or has no lines)
    std::uint32_t column = 0;  // 0: the line as a whole
  };
  std::string file;
  Report report;
  std::string expected;  // of the trace's header, empty if it says nothing
  bool met_expectation = false;
  bool judged_too_little = false;  // the verdict would be better without --require-judged
  std::optional<Failure> failure;  // already shown on standard error
  // Lines that are KVM's business and could not be read: what they do not tell is unknown.
  std::uint64_t unreadable_lines = 0;
  LineSet unreadable_at;
  std::vector<ExplainedEvent> explained;
};

// What a reader, or a CI job, is to make of a trace.
enum class Standing : std::uint8_t {
  fine,          // it conforms, or is what its header expects
  violates,      // and nothing expects it to
  unexpected,    // its header expects another verdict, or another violation
  inconclusive,  // and nothing expects it to be
  unreadable,    // the input broke off at an error, or could not be opened
};
Standing standing_of(const FileReport& file);

// "judged 12 of 700 calls (1.7 %)"
std::string judged_text(const Report& report);
// The share of the trace's KVM calls that a rule judged, in percent; 100 where there are none.
double judged_percent(const Report& report);

struct TextOptions {
  bool quiet = false;
  bool color = false;
  bool verbose = false;        // where the skipped calls stand, too
  bool without_found = false;  // findings were shown already, one by one
};
// One finding with its reasons.
std::string finding_text(const FileReport& file, const Finding& finding, const TextOptions& o);
// Findings, verdict and skipped calls of one trace.
std::string file_text(const FileReport& file, const TextOptions& o);
// One line for each trace (where many are fine: one for those of a folder), and what is wrong.
std::string table_text(const std::vector<FileReport>& files, const TextOptions& o);
// The last line: sums over all traces.
std::string summary_text(const std::vector<FileReport>& files, bool color);

// One document, described by check.schema.json. `more` are members beside "traces": names, and
// values that are JSON already.
std::string json_text(const std::vector<FileReport>& files,
                      const std::vector<std::pair<std::string, std::string>>& more = {});
// What cannot be read is an <error>, a violation or an unexpected verdict a <failure>,
// an inconclusive trace <skipped>.
std::string junit_text(const std::vector<FileReport>& files);
// SARIF 2.1.0; rule ids are the specification's check ids, and "assay.malformed-input",
// "assay.unexpected-verdict" and "assay.inconclusive". The lines that wrote what decided are
// related locations. What a header expects is suppressed.
std::string sarif_text(const std::vector<FileReport>& files);
// Workflow commands of GitHub Actions ("::error file=...,line=...,col=...::..."), one a line.
std::string github_text(const std::vector<FileReport>& files);
// One self-contained page of at most a few megabytes.
std::string html_text(const std::vector<FileReport>& files);

// "observed 0, allowed: EBUSY, EINVAL"
std::string message_of(const Finding& finding);

}  // namespace assay::checker

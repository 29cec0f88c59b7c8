// The specification as it is written, compiled in: what a check requires stands in its text and
// nowhere else, so that is what tools show of it.
//
// Places are found by their text: a check by its id near the line that it knows (Why::line), a rule
// or a claim by its name. What was not found is an empty list, never a guess.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct TextFile {
  std::string_view path;  // from the root of the repository
  std::vector<std::string_view> lines;
};
// Headers, sources and documents of spec/, in the order of their paths.
std::span<const TextFile> specification_text();

struct TextLine {
  unsigned number;  // from 1
  std::string_view text;
};
struct Excerpt {
  std::string_view path;
  std::vector<TextLine> around;  // what the lines stand in: functions, guards; the outermost first
  std::vector<TextLine> lines;
  std::string place() const;  // "spec/kvm/vcpu/run.hpp:21"
};

// The statement that makes a check, found by its id, by the line that it knows and, where two files
// have such an id on such a line, by its source.
std::vector<Excerpt> text_of_check(std::string_view id, std::string_view source, unsigned line);
// Where a rule gets its name: one line, in the record that is its text.
std::vector<Excerpt> text_of_rule(std::string_view name);
// What a claim says: the function of its name with the comment above it, or the statement that
// says it where it stands.
std::vector<Excerpt> text_of_claim(std::string_view name);

// Lines of comments and documents that name an id. REFERENCES.md and what reads it do not count.
struct Mention {
  std::string_view path;
  TextLine line;
};
std::vector<Mention> mentions_of(std::string_view id);
// Every line that is a comment or a document's, of the same files.
std::vector<Mention> remarks();

// A row of CLAIMS.md as far as it says what carries a claim: the checks, guards and effects without
// which it is refuted.
struct CarriedClaim {
  std::string_view claim;
  std::vector<std::string_view> carriers;  // "pmu_set_pmu.vm_has_run"
  bool has_more = false;                   // than those that are named: "a.b, and 3 more"
};
// Of the tables of a document that have a column "carried by". Names in it are told apart by
// spaces, commas and semicolons.
std::vector<CarriedClaim> carried_claims(std::span<const std::string_view> document);

}  // namespace assay

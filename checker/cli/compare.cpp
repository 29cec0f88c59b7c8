#include "checker/cli/compare.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/compare_picture.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/trace_files.hpp"
#include "checker/prove/obligations.hpp"
#include "traces/stop.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using prove::Verdict;

struct Witness {
  std::string file;  // its name
  std::string path;
  std::uint64_t events = 0;
};
// By profile and invariant: the shortest trace that breaks it.
using Witnesses = std::map<std::pair<std::string, std::string>, Witness>;

// False when the trace cannot be read to its end. A history is as long as the events that were
// judged until the claim was broken.
bool judge(const std::string& file, Witnesses& out) {
  std::optional<checker::Checker> checker;
  std::string profile;
  std::uint64_t judged = 0;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    checker::CheckOptions options;
    options.profile = find_profile(h.profile);
    if (options.profile == nullptr) return;
    profile = h.profile;
    checker::take_host(h, options);
    options.questions = true;
    options.explain = true;
    options.on_event = [&](const traces::TraceEvent&, const checker::EventNotes&) { ++judged; };
    options.on_finding = [&](const checker::Finding& f) {
      if (!f.of_claim()) return;
      Witness& w = out[{profile, f.check}];
      if (w.file.empty() || judged < w.events)
        w = {fs::path(file).filename().string(), file, judged};
    };
    checker.emplace(binder_of(*options.profile), options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    if (checker) checker->feed(e);
    return checker.has_value();
  };
  traces::ReadFailure failure;
  const auto read = read_trace(file, traces::Format::automatic, binder(), sink, failure);
  if (!checker) return true;  // of another profile, or of none
  if (read != traces::ReadResult::complete) return false;
  static_cast<void>(checker->finish());
  return true;
}

bool find_witnesses(const std::vector<std::string>& files, Witnesses& out) {
  for (const std::string& file : files)
    if (!judge(file, out)) {
      fmt::print(stderr, "assay: {} cannot be read; assay check says why\n", file);
      return false;
    }
  return true;
}

struct Row {
  std::string name, source;
  std::vector<std::string> cells;
  std::vector<checker::DesignClaim> claims;  // as the cells say, for the picture
  std::vector<std::string> carriers;         // checks and effects without which it breaks
};

// What is said of a claim under a profile.
checker::DesignClaim claim_of(const prove::Result& r, const Profile& profile,
                              const Witnesses& witnesses) {
  checker::DesignClaim claim{r.name, "holds", {}, 0, false};
  if (r.verdict == Verdict::proved) return claim;
  const auto w = witnesses.find({std::string(profile.name), r.name});
  if (w != witnesses.end()) claim = {r.name, "fails", w->second.path, w->second.events, false};
  else claim.state = "open";
  if (r.verdict == Verdict::violated) {
    claim.state = "fails";
    claim.events = r.counterexample.events.size();
  }
  return claim;
}

std::string cell_of(const prove::Result& r, const checker::DesignClaim& claim, unsigned depth,
                    int& status) {
  if (claim.state == "holds") return "holds";
  status = std::max<int>(status, claim.state == "fails" ? exit_found : exit_unknown);
  if (claim.state == "open") return fmt::format("open beyond {}", depth);
  if (r.verdict == Verdict::violated || claim.file.empty())
    return fmt::format("fails in {}", claim.events);
  return fmt::format("fails in {}: {}", claim.events, fs::path(claim.file).filename().string());
}

std::vector<Row>::iterator row_of(std::vector<Row>& rows, const std::string& claim) {
  return std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == claim; });
}

// A claim that holds whatever is left out holds by construction: no check and no effect carries it.
void mark_what_nothing_carries(std::vector<Row>& rows) {
  for (Row& row : rows) {
    if (!row.carriers.empty()) continue;
    for (std::string& cell : row.cells)
      if (cell == "holds") cell = "by construction";
  }
}

// Notes what carries the claims that hold under a profile and have no carrier yet.
bool find_carriers(const prove::Options& options, const prove::Report& report, std::size_t column,
                   std::vector<Row>& rows) {
  prove::Options asked = options;
  asked.progress = {};
  for (const Row& row : rows)
    if (row.carriers.empty() && row.cells[column] == "holds") asked.names.push_back(row.name);
  if (asked.names.empty()) return true;
  const prove::Report* of_all_claims = options.names.empty() ? &report : nullptr;
  for (const prove::Severity& s : prove::severities(asked, "", prove::Parts::all, of_all_claims))
    for (const std::string& claim : s.carries)
      if (const auto row = row_of(rows, claim); row != rows.end())
        row->carriers.push_back(s.name());
  return !stop::requested();
}

// A few, and how many there are besides.
std::string text_of(const std::vector<std::string>& carriers) {
  constexpr std::size_t most = 4;
  const std::size_t shown = std::min(most, carriers.size());
  std::string text = fmt::format(
      "{}",
      fmt::join(carriers.begin(), carriers.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (carriers.size() > shown) text += fmt::format(", and {} more", carriers.size() - shown);
  return text;
}

void print(const std::vector<Row>& rows, const std::vector<const Profile*>& profiles,
           bool carried) {
  std::vector<std::vector<std::string>> lines{{"", "source"}};
  for (const Profile* p : profiles) lines[0].emplace_back(p->name);
  if (carried) lines[0].emplace_back("carried by");
  for (const Row& row : rows) {
    lines.push_back({row.name, row.source});
    lines.back().insert(lines.back().end(), row.cells.begin(), row.cells.end());
    if (carried) lines.back().push_back(text_of(row.carriers));
  }
  // Columns are aligned for eyes only: a document is diffed, and one cell must not move the others.
  std::vector<std::size_t> width(lines[0].size(), 1);
  if (isatty(STDOUT_FILENO) != 0)
    for (const auto& line : lines)
      for (std::size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
  for (std::size_t n = 0; n < lines.size(); ++n) {
    for (std::size_t i = 0; i < width.size(); ++i) fmt::print("| {:<{}} ", lines[n][i], width[i]);
    fmt::print("|\n");
    if (n != 0) continue;
    for (const std::size_t w : width) fmt::print("|{:-<{}}", "", w + 2);
    fmt::print("|\n");
  }
}

void print_json(const std::vector<Row>& rows, const std::vector<const Profile*>& profiles) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json cells = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < profiles.size(); ++i)
      if (!row.cells[i].empty()) cells[std::string(profiles[i]->name)] = row.cells[i];
    out.push_back({{"name", row.name},
                   {"source", row.source},
                   {"profiles", cells},
                   {"carried_by", row.carriers}});
  }
  fmt::print("{}\n", out.dump(2));
}

// Of the claims that were asked for, those that say something about the profile; of none: all that
// were asked for, so that the proof says what is wrong with them.
std::vector<std::string> names_of(const std::vector<std::string>& asked, const Profile& profile) {
  const std::vector<bool> applies = prove::invariants_of(profile);
  const std::vector<std::string> all = prove::claim_names(profile);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all.size(); ++i)
    if ((i >= applies.size() || applies[i]) &&
        std::find(asked.begin(), asked.end(), all[i]) != asked.end())
      names.push_back(all[i]);
  return names.empty() ? asked : names;
}

}  // namespace

int compare(prove::Options options, const Comparison& asked) {
  std::vector<std::string> files;
  Witnesses known;
  if (!asked.witnesses.empty()) {
    files = {asked.witnesses};
    if (!expand_directories(files) || !find_witnesses(files, known)) return exit_usage;
  }
  std::vector<Row> rows;
  int status = exit_ok;
  const std::vector<std::string> names = options.names;
  const std::size_t columns = asked.profiles.size();
  for (std::size_t column = 0; column < columns && !stop::requested(); ++column) {
    const Profile& profile = *asked.profiles[column];
    options.profile = &profile;
    options.names = names_of(names, profile);
    Progress progress;
    progress.start(std::string(profile.name));
    options.progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
    const prove::Report report = prove::prove(options);
    progress.done();
    if (!report.refusal.empty()) {
      fmt::print(stderr, "assay: {}\n", report.refusal);
      return exit_usage;
    }
    for (const prove::Result& r : report.results) {
      auto row = row_of(rows, r.name);
      if (row == rows.end())
        row = rows.insert(rows.end(), {r.name,
                                       r.source,
                                       std::vector<std::string>(columns, ""),
                                       std::vector<checker::DesignClaim>(columns),
                                       {}});
      row->claims[column] = claim_of(r, profile, known);
      row->cells[column] = cell_of(r, row->claims[column], options.depth, status);
    }
    if (asked.carried && !find_carriers(options, report, column, rows)) break;
  }
  if (asked.carried && !stop::requested()) mark_what_nothing_carries(rows);
  if (asked.json) print_json(rows, asked.profiles);
  else print(rows, asked.profiles, asked.carried);
  if (asked.html.empty() || stop::requested()) return status;
  std::vector<std::vector<checker::DesignClaim>> claims(columns);
  for (const Row& row : rows)
    for (std::size_t i = 0; i < columns; ++i)
      if (!row.claims[i].name.empty()) claims[i].push_back(row.claims[i]);
  return write_picture(asked, files, std::move(claims)) ? status : exit_internal;
}

}  // namespace assay::cli

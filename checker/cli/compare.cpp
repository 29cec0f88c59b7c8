#include "checker/cli/compare.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "checker/check.hpp"
#include "checker/cli/cli.hpp"
#include "checker/cli/progress.hpp"
#include "checker/cli/trace_files.hpp"
#include "traces/stop.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using prove::Verdict;

struct Witness {
  std::string file;
  std::uint64_t events = 0;
};
// By profile and invariant: the shortest trace that breaks it.
using Witnesses = std::map<std::pair<std::string, std::string>, Witness>;

// False when the trace cannot be read to its end.
bool judge(const std::string& file, Witnesses& out) {
  std::optional<checker::Checker> checker;
  std::string profile;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) {
    checker::CheckOptions options;
    options.profile = find_profile(h.profile);
    if (options.profile == nullptr) return;
    profile = h.profile;
    checker::take_host(h, options);
    options.questions = true;
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
  const checker::Report report = checker->finish();
  for (const checker::Finding& f : report.findings) {
    Witness& w = out[{profile, f.check}];
    const std::uint64_t events = std::min(report.checked, f.event);
    if (w.file.empty() || events < w.events) w = {fs::path(file).filename().string(), events};
  }
  return true;
}

bool find_witnesses(const std::string& directory, Witnesses& out) {
  std::vector<std::string> files{directory};
  if (!expand_directories(files)) return false;
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
  std::vector<std::string> carriers;  // checks and effects without which it breaks
};

std::string cell_of(const prove::Result& r, const Profile& profile, unsigned depth,
                    const Witnesses& witnesses, int& status) {
  if (r.verdict == Verdict::proved) return "holds";
  if (r.verdict == Verdict::violated) {
    status = std::max<int>(status, exit_found);
    return fmt::format("fails in {}", r.counterexample.events.size());
  }
  const auto w = witnesses.find({std::string(profile.name), r.name});
  if (w != witnesses.end()) {
    status = std::max<int>(status, exit_found);
    return fmt::format("fails in {}: {}", w->second.events, w->second.file);
  }
  status = std::max<int>(status, exit_unknown);
  return fmt::format("open beyond {}", depth);
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

}  // namespace

int compare(prove::Options options, const std::vector<const Profile*>& profiles,
            const std::string& witnesses, bool carried, bool json) {
  Witnesses known;
  if (!witnesses.empty() && !find_witnesses(witnesses, known)) return exit_usage;
  std::vector<Row> rows;
  int status = exit_ok;
  for (std::size_t column = 0; column < profiles.size() && !stop::requested(); ++column) {
    options.profile = profiles[column];
    Progress progress;
    progress.start(std::string(profiles[column]->name));
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
        row = rows.insert(rows.end(),
                          {r.name, r.source, std::vector<std::string>(profiles.size(), ""), {}});
      row->cells[column] = cell_of(r, *profiles[column], options.depth, known, status);
    }
    if (carried && !find_carriers(options, report, column, rows)) break;
  }
  if (carried && !stop::requested()) mark_what_nothing_carries(rows);
  if (json) print_json(rows, profiles);
  else print(rows, profiles, carried);
  return status;
}

}  // namespace assay::cli

// Asks other solvers about a directory of certificates.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "checker/prove/obligations.hpp"

namespace assay::prove {
namespace {

struct Claimed {
  std::string file, expected;
};

std::vector<Claimed> read_manifest(const std::string& dir) {
  std::ifstream file(dir + "/MANIFEST.json");
  const auto manifest = nlohmann::json::parse(file, nullptr, false);
  std::vector<Claimed> out;
  if (!manifest.is_object() || !manifest.contains("files")) return out;
  for (const auto& entry : manifest["files"])
    out.push_back({entry.value("file", ""), entry.value("expected", "")});
  return out;
}

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    std::error_code ignored;
    if (std::filesystem::exists(rest.substr(0, colon) + "/" + program, ignored)) return true;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return false;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// The first word a solver prints: "sat", "unsat", or anything else for "does not say".
std::string first_word_of(const std::string& command, const std::string& file) {
  std::FILE* pipe = popen((command + " " + quoted(file) + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  char line[64] = "";
  std::string word = std::fgets(line, sizeof line, pipe) != nullptr ? line : "";
  while (std::fgets(line, sizeof line, pipe) != nullptr) {}
  pclose(pipe);
  while (!word.empty() && (word.back() == '\n' || word.back() == '\r')) word.pop_back();
  return word;
}

SolverCount run_on_all(const std::string& name, const std::string& command, const std::string& dir,
                       const std::vector<Claimed>& claims, unsigned jobs) {
  SolverCount count;
  count.solver = name;
  count.installed = is_installed(name);
  if (!count.installed) return count;
  std::vector<std::string> answers(claims.size());
  in_parallel(jobs, claims.size(), [&](std::size_t i) {
    answers[i] = first_word_of(command, dir + "/" + claims[i].file);
  });
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const bool decided = answers[i] == "sat" || answers[i] == "unsat";
    ++(!decided                           ? count.unknown
       : answers[i] == claims[i].expected ? count.agreed
                                          : count.disagreed);
    if (answers[i] != claims[i].expected)
      count.objections.push_back(claims[i].file + ": expected " + claims[i].expected + ", " +
                                 (decided ? answers[i] : "not decided"));
  }
  return count;
}

}  // namespace

std::vector<SolverCount> verify_certificates(const std::string& dir, unsigned seconds_per_file,
                                             unsigned jobs) {
  const std::vector<Claimed> claims = read_manifest(dir);
  const std::string seconds = std::to_string(seconds_per_file);
  return {run_on_all("z3", "z3 -T:" + seconds, dir, claims, jobs),
          run_on_all("cvc5", "cvc5 --tlimit=" + seconds + "000", dir, claims, jobs)};
}

}  // namespace assay::prove

// The house style, as far as a machine can hold it: line lengths, file and function sizes, the
// layering of folders, where Z3 may appear, unfinished business.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;  // from the root
  std::vector<std::string> lines;
};

const std::vector<Source>& sources() {
  static const std::vector<Source> all = [] {
    std::vector<Source> out;
    for (const char* top : {"model", "spec", "checker", "traces", "gen", "tests"})
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOURCE_ROOT) / top)) {
        std::string extension = entry.path().extension().string();
        if (extension != ".hpp" && extension != ".cpp" && extension != ".h" && extension != ".c")
          continue;
        Source s{fs::relative(entry.path(), SOURCE_ROOT).string(), {}};
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) s.lines.push_back(line);
        out.push_back(std::move(s));
      }
    return out;
  }();
  return all;
}

std::string where(const Source& s, std::size_t line) {
  return s.path + ":" + std::to_string(line + 1);
}

TEST(Tidy, TheTreeIsThere) { EXPECT_GT(sources().size(), 100u); }

TEST(Tidy, LinesFitAHundredColumns) {
  for (const Source& s : sources())
    for (std::size_t i = 0; i < s.lines.size(); ++i) {
      bool raw_text = s.path == "checker/report/html.cpp";  // a style sheet in a raw string
      EXPECT_TRUE(s.lines[i].size() <= 100 || raw_text) << where(s, i);
      EXPECT_FALSE(s.lines[i].ends_with(' ')) << where(s, i) << ": space at the end";
      EXPECT_EQ(s.lines[i].find('\t'), std::string::npos) << where(s, i) << ": tab";
    }
}

TEST(Tidy, FilesStaySmallAndSayWhatTheyAreFor) {
  for (const Source& s : sources()) {
    EXPECT_LE(s.lines.size(), 500u) << s.path;
    if (!s.path.ends_with(".hpp") || s.lines.empty()) continue;
    EXPECT_TRUE(s.lines[0].starts_with("//") || s.lines[0].starts_with("/*")) << s.path;
  }
}

// A function body at namespace or class scope is delimited by its indentation.
TEST(Tidy, FunctionsStayBelowSeventyLines) {
  const std::regex head(R"(^( {0,4})[A-Za-z_].*\) *(const)? *(override)? *(noexcept)? *\{$)");
  for (const Source& s : sources()) {
    if (s.path.starts_with("tests/")) continue;
    for (std::size_t i = 0; i < s.lines.size(); ++i) {
      std::smatch found;
      if (!std::regex_match(s.lines[i], found, head)) continue;
      std::string end = found[1].str() + "}";
      std::size_t j = i + 1;
      while (j < s.lines.size() && !s.lines[j].starts_with(end)) ++j;
      EXPECT_LE(j - i, 72u) << where(s, i) << ": " << s.lines[i];
    }
  }
}

TEST(Tidy, FoldersIncludeOnlyWhatTheLayoutAllows) {
  const std::vector<std::pair<std::string, std::set<std::string>>> allowed = {
      {"model/", {"model"}},
      {"spec/", {"model", "spec"}},
      {"traces/", {"model", "spec", "traces"}},
      {"gen/", {"model", "spec", "traces", "gen"}},
      {"checker/", {"model", "spec", "traces", "gen", "checker"}},
  };
  const std::regex include(R"re(^#include "([a-z]+)/.*)re");
  for (const Source& s : sources())
    for (const auto& [folder, may] : allowed) {
      if (!s.path.starts_with(folder)) continue;
      for (std::size_t i = 0; i < s.lines.size(); ++i) {
        std::smatch found;
        if (std::regex_match(s.lines[i], found, include)) {
          EXPECT_TRUE(may.contains(found[1].str())) << where(s, i) << ": " << s.lines[i];
        }
        bool z3 = s.lines[i].find("z3++.h") != std::string::npos;
        EXPECT_TRUE(!z3 || folder == "model/" || folder == "checker/") << where(s, i);
      }
    }
}

// The tools never name a subject: they reach the specification through its system file.
TEST(Tidy, ToolsSeeTheSpecificationOnlyAsAWhole) {
  for (const Source& s : sources()) {
    if (s.path.starts_with("spec/") || s.path.starts_with("tests/")) continue;
    for (std::size_t i = 0; i < s.lines.size(); ++i)
      for (const char* folder : {"spec/kvm/", "spec/arch/"})
        EXPECT_EQ(s.lines[i].find(std::string("#include \"") + folder), std::string::npos)
            << where(s, i);
  }
}

// A series that was never merged is put into the system by its parts and its stages: the rules of
// the subjects that all kernels have do not know of it.
TEST(Tidy, OtherSubjectsReachSpeOnlyByPartsAndStages) {
  std::size_t composed = 0;
  for (const Source& s : sources()) {
    if (!s.path.starts_with("spec/") || s.path.starts_with("spec/kvm/spe/")) continue;
    const bool composes = s.path == "spec/kvm/parts.hpp" || s.path == "spec/kvm/host_parts.hpp" ||
                          s.path == "spec/kvm/stages.hpp" ||
                          s.path == "spec/kvm/interrupt_owners.hpp";
    for (std::size_t i = 0; i < s.lines.size(); ++i) {
      const bool includes = s.lines[i].starts_with("#include \"spec/kvm/spe/");
      EXPECT_TRUE(composes || !includes) << where(s, i);
      composed += includes ? 1 : 0;
    }
  }
  EXPECT_GT(composed, 0u);
}

// The architecture knows of nothing that runs on it.
TEST(Tidy, TheArchitectureIsBelowTheHypervisor) {
  for (const Source& s : sources()) {
    if (!s.path.starts_with("spec/arch/") && s.path != "spec/register.hpp") continue;
    for (std::size_t i = 0; i < s.lines.size(); ++i)
      EXPECT_EQ(s.lines[i].find("#include \"spec/kvm/"), std::string::npos) << where(s, i);
  }
}

TEST(Tidy, NothingIsLeftUnfinished) {
  const std::regex words(std::string("\\b(TO") + "DO|FIX" + "ME|XX" + "X)\\b");
  for (const Source& s : sources())
    for (std::size_t i = 0; i < s.lines.size(); ++i)
      EXPECT_FALSE(std::regex_search(s.lines[i], words)) << where(s, i) << ": " << s.lines[i];
}

}  // namespace

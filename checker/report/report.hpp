// Reports on checked traces, for people and for machines.
#pragma once
#include <string>
#include <vector>

#include "checker/verdict.hpp"

namespace assay::checker {

struct FileReport {
  std::string file;
  Report report;
  std::string expected;  // of the trace's header, empty if it says nothing
  bool met_expectation = false;
  bool malformed = false;  // the input broke off at an error, already shown
};

// To standard output.
void print_text(const FileReport& file, bool quiet, bool color);
void print_summary(const std::vector<FileReport>& files, bool color);

std::string json_text(const std::vector<FileReport>& files);
std::string junit_text(const std::vector<FileReport>& files);
// SARIF 2.1.0; rule ids are the specification's check ids.
std::string sarif_text(const std::vector<FileReport>& files);
// One self-contained page of at most a few megabytes.
std::string html_text(const std::vector<FileReport>& files);

}  // namespace assay::checker

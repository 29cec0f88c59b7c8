// The command line: what the commands share.
//
// Each command is one file with one function that adds its subcommand to the application and, when
// chosen, leaves its exit status in `status`. Exit: 0 conforms/proved/nothing found, 1 violation,
// 2 inconclusive, 3 bad usage or malformed input, 4 internal error.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "spec/profiles.hpp"
#include "traces/bind/binder.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {

enum Exit : int {
  exit_ok = 0,
  exit_found = 1,
  exit_unknown = 2,
  exit_usage = 3,
  exit_internal = 4
};

// Options that commands share.
struct Common {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool github = false;
  std::string junit, sarif, html;  // files to write, empty = none
  std::string color = "auto";
  bool ends_by_stop = false;  // a stop is how the command ends, and says nothing against its result
  int status = exit_ok;
};

// What a command can print besides text. An option that it does not take is refused with the names
// of the commands that do.
enum Outputs : unsigned {
  only_text = 0,
  as_json = 1,     // --json: one document on standard output
  as_reports = 2,  // --junit, --sarif, --html, --github: of traces that were judged
};
void add_common(CLI::App& command, Common& common, unsigned outputs);

// The rules of the specification, bound to text once.
const traces::Binder& binder();
// That of a profile's system.
const traces::Binder& binder_of(const Profile& profile);

// A word as a shell takes it: quoted where it has to be.
std::string shell_word(const std::string& word);

// Whether to write colours to standard output.
bool use_color(const Common& common);
// Text in a colour ("red", "green", "yellow", "bold"), or plain.
std::string paint(const Common& common, const char* color, const std::string& text);

// Shows a malformed input (file:line:column, what was expected, the line with a caret) and returns
// exit_usage.
int show_failure(const std::string& file, const traces::ReadFailure& failure);

// Writes a file so that nothing is lost half way: to PATH.part, synced, then renamed. "-" is
// standard output. False, with a message on standard error, when it cannot.
bool write_file(const std::string& path, const std::string& text);

// Where installed or built data lies ("corpus", "lab", "capture"); empty when it cannot be found.
std::string data_directory(const std::string& what);
// The directory of the running program.
std::string program_directory();

void add_check(CLI::App& app, Common& common);
void add_explain(CLI::App& app, Common& common);
void add_convert(CLI::App& app, Common& common);
void add_spec(CLI::App& app, Common& common);
void add_prove(CLI::App& app, Common& common);
void add_find(CLI::App& app, Common& common);
void add_fuzz(CLI::App& app, Common& common);
void add_minimise(CLI::App& app, Common& common);
void add_record(CLI::App& app, Common& common);
void add_replay(CLI::App& app, Common& common);
void add_lab(CLI::App& app, Common& common);
void add_info(CLI::App& app, Common& common);
void add_its(CLI::App& app, Common& common);

}  // namespace assay::cli

// The parts of `assay spec` that have a file of their own.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "checker/cli/cli.hpp"
#include "spec/system.hpp"

namespace assay::cli {

// The word for what a verb of a rule does: "check", "requires", "sets".
const char* kind_name(VerbKind kind);

// The points of rules at which several subjects act: all of them, printed or as a document.
void list_stages(const System& system);
nlohmann::ordered_json stages_json(const System& system);

// `show NAME`: everything that is called so, be it an ioctl, a rule, a check, an effect, a stage,
// an invariant, a property, a register or an id of REFERENCES.md. What a profile lacks is shown of
// the profiles that have it. exit_usage, with names that are like it, where there is nothing.
int show(const Profile& profile, const std::string& name, bool json);
// One entry of what show() found, as text.
void print_shown(const nlohmann::ordered_json& one);

// `mutants`: is every check of the specification noticed by something? Adds the options of the
// subcommand; `profile` is already one of them.
void add_mutants(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

// `coverage`: which checks traces evaluate, and which way. Exit 2 when no call was judged.
void add_coverage(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

}  // namespace assay::cli

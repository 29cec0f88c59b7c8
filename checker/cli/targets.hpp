// Targets as the command line names them, and the hosts they run on.
#pragma once
#include <optional>
#include <string>

#include "checker/cli/cli.hpp"
#include "gen/target.hpp"

namespace assay::cli {

struct ChosenTarget {
  gen::TargetFactory factory;
  const Profile* profile = nullptr;
  SystemHost host;
  std::optional<Mutation> mutation;  // of a model target
};

// "rule.check": the mutation that leaves it out. Nothing when there is no such check.
std::optional<Mutation> mutation_named(const Profile& profile, std::string_view name);

// What the options say. Without --target: the laboratory if --kernel names a kernel, else what the
// command takes by default.
struct TargetArguments {
  std::string target, profile, host, drop;
  std::string kernel, append;  // of the laboratory
};

// Adds --target, --kernel and --append.
void add_target_options(CLI::App& command, TargetArguments& a);
// Makes one description of --target and --kernel ("lab:./Image:standard"), or takes the default.
// False, with a message on standard error, when they do not go together.
bool settle_target(TargetArguments& a, const std::string& by_default);

// Resolves a settled target. A laboratory is asked for its host. False, with a message on standard
// error, when something is wrong.
bool choose_target(const TargetArguments& a, ChosenTarget& out);

}  // namespace assay::cli

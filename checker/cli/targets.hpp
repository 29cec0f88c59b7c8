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

// Resolves --target, --profile, --host and --drop. A laboratory is asked for its host. False, with
// a message on standard error, when something is wrong.
bool choose_target(const std::string& description, const std::string& profile,
                   const std::string& host, const std::string& drop, ChosenTarget& out);

}  // namespace assay::cli

// The parts of `assay spec` that have a file of their own.
#pragma once
#include <memory>

#include "checker/cli/cli.hpp"

namespace assay::cli {

// `mutants`: is every check of the specification noticed by something? Adds the options of the
// subcommand; `profile` is already one of them.
void add_mutants(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

// `coverage`: which checks traces evaluate, and which way. Exit 2 when no call was judged.
void add_coverage(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

}  // namespace assay::cli

// assay spec mutants: is every check of the specification noticed by something?
#pragma once
#include <memory>

#include "checker/cli/cli.hpp"

namespace assay::cli {

// Adds the options of the subcommand; `profile` is already one of them.
void add_mutants(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

// The bundled traces, sorted by name.
std::vector<std::string> bundled_traces();

}  // namespace assay::cli

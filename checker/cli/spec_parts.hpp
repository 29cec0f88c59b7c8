// The parts of `assay spec` that have a file of their own.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "checker/cli/cli.hpp"

namespace assay::cli {

// The points of rules at which several subjects act: printed, or one of them found by its name.
void list_stages(const System& system);
void show_stage(const System& system, std::string_view name, nlohmann::ordered_json& out,
                bool json);
nlohmann::ordered_json stages_json(const System& system);

// `mutants`: is every check of the specification noticed by something? Adds the options of the
// subcommand; `profile` is already one of them.
void add_mutants(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

// `coverage`: which checks traces evaluate, and which way. Exit 2 when no call was judged.
void add_coverage(CLI::App& command, std::shared_ptr<std::string> profile, Common& common);

}  // namespace assay::cli

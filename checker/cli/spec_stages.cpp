// The stages of the specification: who acts at a point of another subject's rule, in which order.
#include <fmt/format.h>

#include "checker/cli/spec_parts.hpp"
#include "spec/system.hpp"

namespace assay::cli {
namespace {

nlohmann::ordered_json json_of(const StageInfo& stage) {
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  for (const StageInfo::Part& part : stage.parts)
    parts.push_back({{"name", part.name}, {"when", part.when}, {"source", part.source}});
  return {{"stage", stage.name}, {"rule", stage.rule}, {"parts", parts}};
}

}  // namespace

void list_stages(const System& system) {
  fmt::print("stages\n");
  for (const StageInfo& stage : system.info().stages)
    fmt::print("    {:<42} {}\n", stage.name, stage.rule);
}

nlohmann::ordered_json stages_json(const System& system) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const StageInfo& stage : system.info().stages) out.push_back(json_of(stage));
  return out;
}

}  // namespace assay::cli

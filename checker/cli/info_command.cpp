// assay info: this machine's host line, for the header of a trace.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "checker/cli/cli.hpp"
#include "checker/cli/this_host.hpp"

namespace assay::cli {
namespace {

// What no call tells, so that the record has an assumption (traces/abi/arm64/host_info.cpp).
constexpr const char* assumed = "pmu_event_space, pmu_counters_max";

int run(const Common& common) {
  traces::TraceHeader header;
  const std::string missing = read_this_host(header);
  const std::string no_profile = system_of_machine(header.machine) == &default_system()
                                     ? traces::no_profile_text(header.kernel, header.machine)
                                     : std::string();
  if (common.json) {
    const nlohmann::ordered_json out{
        {"kernel", header.kernel},   {"machine", header.machine},
        {"profile", header.profile}, {"host", header.host_known ? traces::host_text(header) : ""},
        {"not_known", missing},      {"assumed", header.host_known ? assumed : ""}};
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}", write_header(header));
    if (!missing.empty()) fmt::print("# not known: {}\n", missing);
    else fmt::print("# assumed, for no call tells: {}\n", assumed);
    if (!no_profile.empty()) fmt::print("# {}\n", no_profile);
  }
  return missing.empty() ? exit_ok : exit_unknown;
}

}  // namespace

void add_info(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "info", "this machine's kernel and host as the header of a trace, and what is not known");
  add_common(*command, common, as_json);
  command->footer("exit status: 0 all is known, 2 something is not");
  command->callback([&common] { common.status = run(common); });
}

}  // namespace assay::cli

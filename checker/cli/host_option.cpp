#include "checker/cli/host_option.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "traces/abi/arm64/host_info.hpp"
#include "traces/header.hpp"

namespace assay::cli {

void add_host_option(CLI::App& command, std::string& host, HostNeed need) {
  command.add_option("--host", host, host_option_help)->check([need](const std::string& text) {
    // Which system's host it is follows from the profile, which is not known yet.
    traces::TraceHeader header;
    std::string wrong = read_host_option(text, header);
    for (const System* system : all_systems()) {
      if (wrong.empty()) break;
      header = {};
      header.host = system->info().blank_host();
      if (read_host_option(text, header).empty()) wrong.clear();
    }
    if (wrong.empty() && need == HostNeed::whole && !traces::tells_whole_host(header))
      wrong = "this command needs a whole host: add *=0 if what is not named is zero";
    return wrong;
  });
}

std::string read_host_option(const std::string& given, traces::TraceHeader& header) {
  if (given.find('=') == std::string::npos) {
    std::ifstream in(given);
    if (!in) return fmt::format("'{}' is neither key=number nor a file that can be read", given);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string missing = traces::read_host_info(text, header);
    return missing.empty() ? std::string() : fmt::format("{} lacks {}", given, missing);
  }
  header.version = traces::trace_version;
  traces::Diagnostic why;
  if (traces::read_header_line("# host " + given, 1, header, why)) return {};
  return fmt::format("{}; expected {}", why.message, why.expected);
}

traces::TraceHeader header_of_host(const std::string& given, const System& system) {
  traces::TraceHeader header;
  header.host = system.info().blank_host();
  read_host_option(given, header);
  return header;
}

}  // namespace assay::cli

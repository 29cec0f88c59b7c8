#include "checker/cli/host_option.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "traces/header.hpp"
#include "traces/host_info.hpp"

namespace assay::cli {

void add_host_option(CLI::App& command, std::string& host) {
  command.add_option("--host", host, host_option_help)->check([](const std::string& text) {
    Host<Concrete> ignored;
    return read_host_option(text, ignored);
  });
}

std::string read_host_option(const std::string& given, Host<Concrete>& host) {
  if (given.find('=') == std::string::npos) {
    std::ifstream in(given);
    if (!in) return fmt::format("'{}' is neither key=number nor a file that can be read", given);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    traces::TraceHeader header;
    const std::string missing = traces::read_host_info(text, header);
    host = header.host;
    return missing.empty() ? std::string() : fmt::format("{} lacks {}", given, missing);
  }
  const std::string_view bad = traces::read_host(given, host);
  return bad.empty() ? std::string() : fmt::format("'{}' is no key=number of the host record", bad);
}

}  // namespace assay::cli

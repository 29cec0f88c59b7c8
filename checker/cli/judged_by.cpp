#include "checker/cli/judged_by.hpp"

#include "checker/cli/host_option.hpp"

namespace assay::cli {

checker::CheckOptions options_for(const traces::TraceHeader& header, const JudgedBy& given) {
  checker::CheckOptions options;
  const std::string& name = given.profile.empty() ? header.profile : given.profile;
  options.profile =
      name.empty() ? traces::profile_of_kernel(header.kernel, header.machine) : find_profile(name);
  if (options.profile == nullptr)
    options.profile = &traces::system_of(header).info().profiles.front();
  if (given.host.empty()) checker::take_host(header, options);
  else checker::take_host(header_of_host(given.host, system_of(*options.profile)), options);
  return options;
}

}  // namespace assay::cli

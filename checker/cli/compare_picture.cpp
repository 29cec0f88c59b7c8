#include "checker/cli/compare_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "checker/cli/cli.hpp"
#include "checker/prove/design_trace.hpp"
#include "traces/trace_file.hpp"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

// As the page links to it.
std::string link_from(const std::string& page, const std::string& file) {
  std::error_code error;
  const fs::path folder = fs::absolute(page, error).parent_path();
  const fs::path to = fs::relative(fs::absolute(file), folder, error);
  return error || to.empty() ? file : to.string();
}

const Profile* profile_of(const std::string& file) {
  const Profile* profile = nullptr;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& h) { profile = find_profile(h.profile); };
  sink.event = [](const traces::TraceEvent&, std::string_view) { return false; };
  traces::ReadFailure failure;
  read_trace(file, traces::Format::automatic, binder(), sink, failure);
  return profile;
}

void add_traces(checker::Design& design, const Profile& profile, const Picture& picture,
                const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (profile_of(file) != &profile) continue;
    if (auto trace = prove::design_trace(file, picture)) design.traces.push_back(std::move(*trace));
  }
  prove::sort_to_draw(design.traces);
}

}  // namespace

bool write_picture(const Comparison& comparison, const std::vector<std::string>& files,
                   std::vector<std::vector<checker::DesignClaim>> claims) {
  const Picture* const picture = picture_of(assay::system_of(*comparison.profiles.front()));
  if (picture == nullptr) {
    fmt::print(stderr, "assay: this system says nothing of a picture\n");
    return false;
  }
  std::vector<checker::Design> designs;
  for (std::size_t i = 0; i < comparison.profiles.size(); ++i) {
    const Profile& profile = *comparison.profiles[i];
    checker::Design& d = designs.emplace_back();
    d.profile = profile.name;
    for (const Picture::Design& known : picture->designs)
      if (known.profile == profile.name) d.what = known.what;
    d.claims = std::move(claims[i]);
    for (checker::DesignClaim& c : d.claims) {
      c.is_loss = std::find(picture->claims.begin(), picture->claims.end(), c.name) !=
                  picture->claims.end();
      if (!c.file.empty()) c.file = link_from(comparison.html, c.file);
    }
    add_traces(d, profile, *picture, files);
    for (checker::DesignTrace& t : d.traces) t.file = link_from(comparison.html, t.file);
  }
  const checker::DesignWords words{
      std::string(picture->question),   std::string(picture->answer_is),
      std::string(picture->amount),     std::string(picture->running_is),
      std::string(picture->stopped_is), std::string(picture->window),
      std::string(picture->lost_things)};
  return write_file(comparison.html, checker::designs_html(words, designs));
}

}  // namespace assay::cli

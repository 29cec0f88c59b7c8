#include "checker/prove/read_history.hpp"

#include "checker/check.hpp"
#include "spec/profiles.hpp"

namespace assay::prove {

bool read_history(const std::string& path, const Profile* wanted, ReadHistory& out,
                  traces::ReadFailure& failure) {
  std::optional<checker::Checker> checker;
  const traces::Binder* binder = nullptr;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& header) {
    out.profile = header.profile.empty() ? nullptr : find_profile(header.profile);
    out.history.host = header.host;
    checker::CheckOptions options;
    options.profile = wanted != nullptr ? wanted
                      : out.profile != nullptr
                          ? out.profile
                          : find_profile(default_system().info().usual_profile);
    options.host = header.host;
    options.explain = true;
    options.on_event = [&](const traces::TraceEvent& e, const checker::EventNotes&) {
      out.history.events.push_back(e.event);
      out.calls.push_back(binder->text(e));
      out.lines.push_back(e.line);
    };
    binder = &traces::Binder::of(assay::system_of(*options.profile));
    checker.emplace(*binder, options);
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    checker->feed(e);
    return true;
  };
  if (read_trace(path, traces::Format::automatic, traces::Binder::of(default_system()), sink,
                 failure) != traces::ReadResult::complete)
    return false;
  if (checker) out.report = checker->finish();
  return true;
}

}  // namespace assay::prove

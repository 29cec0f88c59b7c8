#include "checker/prove/design_trace.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "checker/invariants.hpp"
#include "checker/prove/find.hpp"
#include "checker/prove/read_history.hpp"
#include "checker/prove/replay.hpp"

namespace assay::prove {
namespace {

using State = SystemState<Concrete>;

// The sums and predicates of a picture, for one shape.
class Looking {
 public:
  Looking(const Picture& picture, const Options& options)
      : picture_(picture),
        names_(*state_names(options)),
        running_(read(picture.running)),
        stopped_(read(picture.stopped)),
        lost_(read(picture.lost)) {}

  u64 amount(const State& s) const { return sum(s, picture_.amount_of); }
  u64 all(const State& s) const { return sum(s, picture_.all_of); }
  u64 pending(const State& s) const { return sum(s, {&picture_.pending, 1}); }
  u64 done(const State& s) const { return sum(s, {&picture_.done, 1}); }
  bool running(const State& s) const { return holds_in(running_, names_, s); }
  bool stopped(const State& s) const { return holds_in(stopped_, names_, s); }
  bool lost(const State& s) const { return holds_in(lost_, names_, s); }

 private:
  // The specification's own text: an error in it is one of ours.
  Predicate read(std::string_view text) const {
    const auto read = read_predicate(text, names_);
    if (const auto* predicate = std::get_if<Predicate>(&read)) return *predicate;
    std::fprintf(stderr, "assay: internal error: '%s': %s\n", std::string(text).c_str(),
                 std::get<traces::ReadFailure>(read).why.message.c_str());
    std::abort();
  }
  static u64 sum(const State& s, std::span<const std::string_view> places) {
    u64 sum = 0;
    s.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
      if (leaf.value() == 0) return;
      const std::string place = checker::place_of_every_entry(path);
      if (std::find(places.begin(), places.end(), place) != places.end()) sum += leaf.value();
    });
    return sum;
  }

  const Picture& picture_;
  StateNames names_;
  Predicate running_, stopped_, lost_;
};

// From the event that stopped the work to the one with which it goes on.
void find_window(checker::DesignTrace& trace, const std::vector<bool>& stopped) {
  const auto begin = std::find(stopped.begin(), stopped.end(), true);
  if (begin == stopped.end()) return;
  trace.window_begin = static_cast<std::size_t>(begin - stopped.begin());
  const auto goes_on = std::find_if(trace.moments.begin() + (begin - stopped.begin()),
                                    trace.moments.end(), [](const auto& m) { return m.running; });
  trace.goes_on = goes_on != trace.moments.end();
  trace.window_end = static_cast<std::size_t>(goes_on - trace.moments.begin()) +
                     static_cast<std::size_t>(trace.goes_on);
}

}  // namespace

std::optional<checker::DesignTrace> design_trace(const std::string& path, const Picture& picture) {
  ReadHistory read;
  traces::ReadFailure failure;
  if (!read_history(path, nullptr, read, failure) || read.profile == nullptr) return std::nullopt;
  if (read.history.host.empty()) return std::nullopt;
  const auto& findings = read.report.findings;
  if (!std::all_of(findings.begin(), findings.end(), [](const auto& f) { return f.of_claim(); }))
    return std::nullopt;
  Options options;
  options.profile = read.profile;
  options.shape = shape_of(options);
  const Looking looking(picture, options);
  checker::DesignTrace trace;
  trace.file = path;
  std::vector<bool> stopped;
  State state = assay::system_of(*read.profile).in<Concrete>().on_host(read.history.host);
  for (std::size_t i = 0; i < read.history.events.size(); ++i) {
    const u64 pending = looking.pending(state), done = looking.done(state);
    if (!replay_event(read.history.events[i], *read.profile, nullptr, state, nullptr))
      return std::nullopt;
    checker::DesignMoment& m = trace.moments.emplace_back();
    m.call = read.calls[i];
    m.line = read.lines[i];
    m.amount = looking.amount(state);
    m.all = looking.all(state);
    m.running = looking.running(state);
    const u64 left = looking.pending(state);
    if (left < pending && looking.done(state) == done && looking.lost(state))
      m.lost = static_cast<unsigned>(pending - left);
    stopped.push_back(looking.stopped(state));
  }
  find_window(trace, stopped);
  return trace;
}

void sort_to_draw(std::vector<checker::DesignTrace>& traces) {
  const auto rank = [](const checker::DesignTrace& t) {
    const bool runs = std::any_of(t.moments.begin(), t.moments.end(),
                                  [](const checker::DesignMoment& m) { return m.running; });
    return std::tuple(!(t.has_window() && t.goes_on), !t.has_window(), !runs, t.moments.size(),
                      t.file);
  };
  std::sort(traces.begin(), traces.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace assay::prove

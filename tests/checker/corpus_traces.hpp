// The bundled traces as events, and answers altered in them.
#pragma once
#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/checker/checked.hpp"

namespace assay::checker {

struct Trace {
  std::string name;
  CheckOptions options;
  std::string expect;
  std::vector<traces::TraceEvent> events;
  bool from_facts = false;  // written without a look at the checks: a fault may break several
};

// Those of real kernels, or those that were written for what no machine here has.
enum class Origin { recorded, written };

inline std::vector<Trace> traces_of(Origin origin) {
  std::vector<Trace> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS)) {
    if (entry.path().extension() != ".trace") continue;
    // Of other systems: tests/x86/corpus_test.cpp and tests/gic judge them.
    if (entry.path().string().find("/x86/") != std::string::npos) continue;
    if (entry.path().string().find("/corpus/gic/") != std::string::npos) continue;
    // What a kernel logged is text, which is not kept here: inputs_test judges them.
    if (entry.path().string().find("/corpus/reports/") != std::string::npos) continue;
    const bool written = entry.path().string().find("/spe/") != std::string::npos;
    if (written != (origin == Origin::written)) continue;
    Trace t;
    t.name = entry.path().filename().string();
    for (const char* folder : {"/spe/facts/", "/spe/translation/"})
      t.from_facts = t.from_facts || entry.path().string().find(folder) != std::string::npos;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      t.options.profile = find_profile(h.profile);
      t.expect = h.expect;
      take_host(h, t.options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (e.kind != traces::TraceKind::ignored) {
        t.events.push_back(e);
        t.events.back().name = {};
      }
      return true;
    };
    traces::ReadFailure failure;
    EXPECT_EQ(read_trace(entry.path().string(), traces::Format::automatic, binder(), sink, failure),
              traces::ReadResult::complete)
        << t.name;
    out.push_back(std::move(t));
  }
  std::sort(out.begin(), out.end(), [](const Trace& a, const Trace& b) { return a.name < b.name; });
  return out;
}

inline u64 hash_of(std::string_view text, u64 number) {
  u64 h = 0xcbf29ce484222325u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  for (; number != 0; number >>= 8) h = (h ^ (number & 0xff)) * 0x100000001b3u;
  return h ^ h >> 29;
}

// A success becomes a failure; a failure another one, or success.
inline Errno other_answer(const traces::TraceEvent& e, u64 hash) {
  unsigned count = 0;
  const Errno* codes = all_errnos(count);
  const Errno other = codes[1 + hash % (count - 1)];
  return other == e.event.answer ? Errno::ok : other;
}

}  // namespace assay::checker

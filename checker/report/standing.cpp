// What the reports have in common: how a trace stands, and how much of it was judged.
#include <fmt/format.h>

#include "checker/report/report.hpp"

namespace assay::checker {

Standing standing_of(const FileReport& f) {
  if (f.failure) return Standing::unreadable;
  if (f.met_expectation) return Standing::fine;
  if (f.judged_too_little) return Standing::inconclusive;
  if (!f.expected.empty()) return Standing::unexpected;
  switch (f.report.verdict) {
    case Verdict::conforms: return Standing::fine;
    case Verdict::violates: return Standing::violates;
    case Verdict::inconclusive: return Standing::inconclusive;
  }
  return Standing::unreadable;
}

double judged_percent(const Report& r) {
  return r.events == 0 ? 100.0
                       : 100.0 * static_cast<double>(r.checked) / static_cast<double>(r.events);
}

std::string judged_text(const Report& r) {
  if (r.events == 0) return "judged 0 of 0 calls";
  return fmt::format("judged {} of {} calls ({:.{}f} %)", r.checked, r.events, judged_percent(r),
                     r.checked == r.events ? 0 : 1);
}

std::string message_of(const Finding& f) {
  if (f.allowed.empty()) return fmt::format("observed {}", f.observed);  // no rule is about it
  std::string allowed;
  for (const std::string& a : f.allowed) allowed += (allowed.empty() ? "" : ", ") + a;
  return fmt::format("observed {}, allowed: {}", f.observed, allowed);
}

}  // namespace assay::checker

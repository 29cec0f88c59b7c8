// Designs side by side, by what each can lose: one page with one picture.
#pragma once
#include <string>
#include <vector>

#include "model/bits.hpp"

namespace assay::checker {

// One event of a trace, as the picture shows it.
struct DesignMoment {
  std::string call;
  u64 line = 0;
  u64 amount = 0, all = 0;  // pinned, of so many, after the event
  bool running = false;     // after it
  unsigned lost = 0;        // by it
};

struct DesignTrace {
  std::string file;  // as it is linked to
  std::vector<DesignMoment> moments;
  // From the event that stopped the work to the one with which it goes on, both counted; none
  // stopped it: 0 and 0.
  std::size_t window_begin = 0, window_end = 0;  // positions in `moments`, the end behind the last
  bool goes_on = false;                          // or the trace ends first
  bool has_window() const { return window_end != 0; }
  std::size_t window_events() const { return window_end - window_begin; }
  unsigned window_lost() const;
  u64 most() const;  // of the amount
};

struct DesignClaim {
  std::string name;
  std::string state;     // "holds", "fails", "open", "" where it says nothing of the design
  std::string file;      // of a trace that breaks it, as it is linked to; empty: none is known
  u64 events = 0;        // of the shortest history that breaks it
  bool is_loss = false;  // it is about losing something
};

struct Design {
  std::string profile, what;
  std::vector<DesignClaim> claims;
  std::vector<DesignTrace> traces;  // the one to be drawn first; none: there is none
};

struct DesignWords {
  std::string title, legend, amount, running, stopped, window, lost;
};

// XHTML that needs no other file, readable in light and dark.
std::string designs_html(const DesignWords& words, const std::vector<Design>& designs);

}  // namespace assay::checker

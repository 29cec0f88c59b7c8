// What a picture that compares designs shows of a trace, as a system says it: plain text that tools
// evaluate. `assay prove --compare --html` draws it.
#pragma once
#include <span>
#include <string_view>

namespace assay {

class System;

struct Picture {
  struct Design {
    std::string_view profile;
    std::string_view what;  // in words
  };
  std::string_view question, answer_is;  // what is asked, and how to read the picture
  std::span<const Design> designs;
  std::string_view amount;  // "pages pinned"
  // Leaves whose sum is the amount, and whose sum is all there is ("slot[].pages").
  std::span<const std::string_view> amount_of, all_of;
  // Predicates of `assay find` on states: work goes on; it was stopped.
  std::string_view running, stopped;
  std::string_view running_is, stopped_is, window;  // in words; what lies between the two
  // What is lost: `pending` sinks although `done` does not move, and then `lost` holds.
  std::string_view lost_things;  // "records"
  std::string_view pending, done, lost;
  std::span<const std::string_view> claims;  // about losing: the first ones to look at
};

// Null for a system that has none.
const Picture* picture_of(const System& system);

}  // namespace assay

// An event: one call of one rule with its arguments as plain numbers, and what was answered.
//
// Events are what traces hold, fuzzers invent, provers print and minimisers delete. A rule's
// arguments are its field list's leaves in order; the handle is apart. `unknown` marks
// arguments a trace does not tell (a pointer that nothing decoded).
#pragma once
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "model/errno.hpp"
#include "model/fields.hpp"
#include "model/profile.hpp"

namespace assay {

struct Event {
  static constexpr unsigned values_max = 16;
  static constexpr u32 no_rule = 0xffff;

  u32 rule = no_rule;
  u32 vm = 0;      // which VM, numbered by the reader of the trace
  u32 handle = 0;  // of the kind that the rule is called on, where a VM may have several: which, by
                   // order of creation
  u32 unknown = 0;  // bit i: value[i] is not known
  Errno answer = Errno::ok;
  bool answered = false;      // false: a call to be made (fuzzing), or still unfinished
  bool has_returned = false;  // `returned` is meaningful
  u64 returned = 0;           // the number a successful call returned
  // Last, so that only those that the rule has need be copied.
  std::array<u64, values_max> value{};
};

// What is known about one argument of a rule.
struct ArgumentInfo {
  const char* name;
  unsigned width;  // bits
  bool is_number;  // address or size: integer in proof
  bool is_flag;
  bool is_answer;  // chosen by the implementation
  unsigned array;  // position in an array member, 0 for others
  u64 initial;     // the value of an event that does not mention it
};

struct RuleInfo {
  const char* name;
  const char* syntax;
  const char* source;
  const char* constants;  // "argument=PREFIX": the argument prints as a constant with that prefix
  std::vector<ArgumentInfo> arguments;
  const char* handle = nullptr;   // the name of its handle argument ("vcpu"); null: it has none
  unsigned handle_dimension = 0;  // of the table that the handle is an index of
  // For rules whose syntax makes a device: the name of the kind of descriptor that this call
  // creates (spec/handles.hpp), empty for none. Null for other rules.
  std::string_view (*makes)(const Event&) = nullptr;
  // Null: a rule of every profile. A rule that only some implementations have says so with
  // `static bool applies(const Profile&)`.
  bool (*applies)(const Profile&) = nullptr;
  // Makes a system out of nothing; all others apply to one that was made.
  bool creates = false;

  // Whether an implementation of this profile has the call at all.
  bool is_of(const Profile& profile) const { return applies == nullptr || applies(profile); }

  // Position of an argument by name; -1 when there is none. Arrays: the first element.
  int position(std::string_view argument) const {
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (argument == arguments[i].name) return static_cast<int>(i);
    return -1;
  }
};

}  // namespace assay

// Binds calls to rules, and writes calls of rules.
//
// Binding is by name only: the request, the constants of the rule's syntax, the shape of the
// arguments. What the descriptor means is left to the consumer, but a decorated descriptor
// (`5<anon_inode:kvm-vcpu:0>`) tells which of several rules with one request is meant.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spec/system.hpp"
#include "traces/bind/pattern.hpp"
#include "traces/call/call.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

class Binder {
 public:
  explicit Binder(const System& system);
  // One for each system, made when it is asked for first; lives to the end.
  static const Binder& of(const System& system);

  const System& system() const { return system_; }

  // Fills in `out`, always: a call that no rule describes becomes unmodelled or ignored.
  // Calls that are only part of one (strace's <unfinished ...>) must have been joined before.
  void bind(const Call& call, TraceEvent& out) const;

  // Whether an event that only traces for us have (SystemInfo::own_events) is spelt wrong: its
  // name, a key that its rule has not, or a value that is no number. `why` tells what, and where.
  bool is_misspelt(const Call& call, Diagnostic& why) const;

  // The rules that share an ioctl request, for opaque calls.
  const std::vector<std::uint32_t>& rules_of_family(std::uint32_t family) const {
    return families_[family].rules;
  }
  std::string_view name_of_family(std::uint32_t family) const { return families_[family].request; }
  // The family that a rule belongs to; nothing for events, which are no ioctls.
  std::optional<std::uint32_t> family_of(std::uint32_t rule) const;
  const Pattern& pattern(std::uint32_t rule) const { return patterns_[rule]; }
  const RuleInfo& rule(std::uint32_t number) const { return rules_[number]; }
  std::uint32_t rule_count() const { return static_cast<std::uint32_t>(rules_.size()); }
  // Event::no_rule when there is none.
  std::uint32_t rule_named(std::string_view name) const { return system_.rule_named(name); }

  // Of two rules with one syntax a profile has but one, and the binder does not know which: makes
  // of an event whose rule the profile lacks the same call of a rule that it has. Whether it could.
  bool settle(const Profile& profile, TraceEvent& e) const;
  // Whether a rule says what a call may answer whose arguments are all hidden: the initial value of
  // its first argument, all ones of 64 bits, means that it was not told.
  bool speaks_of_untold(std::uint32_t rule) const;

  // The native text of a bound call, without line end. Descriptors print decorated.
  std::string text(const TraceEvent& e) const;

 private:
  struct Family {
    std::string request;
    std::vector<std::uint32_t> rules;
  };
  struct Found {
    bool matched = false;
    bool opaque = false;          // something is behind a pointer that nothing decoded
    bool hides_constant = false;  // with a constant that would tell which rule it is
    bool untold = false;          // all arguments are hidden, and the rule speaks of that
    unsigned literals = 0;
  };
  bool are_alternatives(std::uint32_t rule, std::span<const std::uint32_t> rules) const;
  std::string_view settle_name(const Call& call, TraceEvent& out) const;
  void bind_ioctl(const Call& call, TraceEvent& out) const;
  void bind_event(const Call& call, TraceEvent& out) const;
  void bind_sysreg(const Call& call, TraceEvent& out) const;
  Found match(const Pattern& pattern, const Call& call, TraceEvent& out) const;
  Found match_best(const std::vector<std::uint32_t>& rules, const Call& call,
                   TraceEvent& out) const;
  bool match_node(const Call& call, const PatternNode& want, const Node* got, Found& found,
                  TraceEvent& out) const;
  bool match_members(const Call& call, const PatternNode& want, const Node& got, Found& found,
                     TraceEvent& out) const;
  bool match_array(const Call& call, const PatternNode& want, const Node& got, Found& found,
                   TraceEvent& out) const;
  // How a call of one rule is one of another: where each of its values comes from.
  struct Alternative {
    std::uint32_t rule = 0;
    struct Value {
      int from = -1;  // the position of an argument; -1: `constant`
      std::uint64_t constant = 0;
    };
    std::vector<Value> values;
  };
  std::optional<Alternative> alternative(std::uint32_t rule, std::uint32_t other) const;
  void hide(const PatternNode& want, Found& found, Event& e) const;
  bool match_argument(const Call& call, const PatternNode& want, const Node& got,
                      TraceEvent& out) const;
  bool put(Event& e, int at, std::uint64_t value) const;

  void note_effect(const Call& call, TraceEvent& out) const;

  const System& system_;
  const std::vector<RuleInfo>& rules_;
  std::vector<Pattern> patterns_;
  std::vector<std::vector<Alternative>> alternatives_;  // by rule
  std::vector<Family> families_;
  std::unordered_map<std::string_view, std::uint32_t> family_by_request_;
  std::unordered_map<std::string_view, std::uint32_t> rule_by_event_;  // "kvm_entry"
};

}  // namespace assay::traces

// What generators and targets need to know of each rule, read off its metadata: no rule is named.
#pragma once
#include <string>
#include <vector>

#include "model/catalog_entry.hpp"
#include "model/event.hpp"
#include "model/profile.hpp"
#include "traces/bind/binder.hpp"

namespace assay::gen {

using traces::HandleKind;
using Arguments = u32;  // a set of arguments: bit i is argument i

// Another rule whose spelling a call would get if all these arguments had these values.
struct Alias {
  struct Equal {
    unsigned argument;
    u64 value;
  };
  std::vector<Equal> when;
};

using traces::Object;

struct RuleFacts {
  std::vector<HandleKind> on;  // kinds of descriptor it may be called on
  HandleKind makes = HandleKind::none;
  bool returns_it = false;       // the new descriptor is the result, not a member
  bool is_call = false;          // userspace can make it happen
  int task = -1, cpu = -1;       // arguments that the environment fills in
  int id = -1;                   // the argument that names what is made
  unsigned answers_from = 0;     // arguments from here on are the implementation's
  std::vector<unsigned> inputs;  // arguments that a generator chooses
  Arguments untold = 0;          // inputs whose initial value means that a trace does not tell
  int dirty_flags = -1, dirty_size = -1;  // of a call that makes the kernel keep a dirty bitmap
  std::vector<Alias> aliases;
  // Flags that make a pointer lead nowhere, and the arguments behind it that then say nothing.
  struct Hides {
    unsigned flag;
    std::vector<unsigned> arguments;
  };
  std::vector<Hides> hides;
};

// The rules of a system; one instance serves everything.
class Rules {
 public:
  explicit Rules(const System& system);
  // Made when a system is asked for first; lives to the end.
  static const Rules& of(const System& system);
  static const Rules& of(const Profile& profile) { return of(system_of(profile)); }

  const System& system() const { return binder_.system(); }
  std::size_t count() const { return infos_.size(); }
  const RuleInfo& info(u32 rule) const { return infos_[rule]; }
  const RuleFacts& facts(u32 rule) const { return facts_[rule]; }
  const traces::Binder& binder() const { return binder_; }

  // What a successful call makes: devices differ by their arguments.
  HandleKind made_by(const Event& e) const;
  // Of a kind, the object that an event is about: the one it is made on, or makes.
  static Object object_of(HandleKind kind, const Event& e);
  static bool is_counted(HandleKind kind) { return traces::is_counted(kind); }
  // The kinds of object that calls are made on, in the order of the rules: /dev/kvm is none.
  const std::vector<HandleKind>& acted_on() const { return acted_on_; }
  // Whether the text of this event would be read as a call of another rule.
  bool is_alias(const Event& e) const;
  // An event of the rule with every argument at its initial value.
  const Event& blank(u32 rule) const { return blanks_[rule]; }

 private:
  const std::vector<RuleInfo>& infos_;
  const traces::Binder& binder_;
  std::vector<RuleFacts> facts_;
  std::vector<Event> blanks_;
  std::vector<HandleKind> acted_on_;
};

// Whether the initial value of an argument means that a trace does not tell it.
bool means_untold(const ArgumentInfo& info);

// The checks of every rule under a profile, by rule, in the order of the text.
struct Check {
  std::string id;
  Errno code;
  VerbKind kind;
  u32 hash;
};
std::vector<std::vector<Check>> checks_by_rule(const Profile& profile);

}  // namespace assay::gen

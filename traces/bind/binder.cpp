#include "traces/bind/binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

#include "model/errno.hpp"
#include "spec/system.hpp"
#include "traces/abi/arm64/abi.hpp"
#include "traces/abi/arm64/constants.hpp"

namespace assay::traces {

namespace {

// What the descriptor is, if the trace decorates it.
void note_kind(const Node& fd, TraceEvent& out) {
  if (fd.kind != NodeKind::handle) return;
  const Descriptor told = descriptor_of_link(fd.text);
  out.on = told.kind;
  out.on_id = told.id;
}

}  // namespace

const Binder& Binder::of(const System& system) {
  static std::mutex mutex;
  static std::map<const System*, Binder> made;
  const std::lock_guard lock(mutex);
  return made.try_emplace(&system, system).first->second;
}

Binder::Binder(const System& system) : system_(system), rules_(system.rules()) {
  for (std::uint32_t i = 0; i < rules_.size(); ++i)
    patterns_.push_back(compile_pattern(rules_[i], i));
  for (const Pattern& p : patterns_) {
    if (p.is_event) continue;
    bool known = false;
    for (Family& f : families_)
      if (f.request == p.request) f.rules.push_back(p.rule), known = true;
    if (!known) families_.push_back({p.request, {p.rule}});
  }
  for (std::uint32_t i = 0; i < families_.size(); ++i)
    family_by_request_.emplace(families_[i].request, i);
  alternatives_.resize(rules_.size());
  for (const Family& f : families_)
    for (const std::uint32_t rule : f.rules)
      for (const std::uint32_t other : f.rules)
        if (other != rule && rules_[rule].applies != nullptr)
          if (auto found = alternative(rule, other)) alternatives_[rule].push_back(*found);
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    if (patterns_[i].is_event) rule_by_event_.emplace(patterns_[i].call, i);
  }
}

// A value that does not fit the rule's argument is not this rule's call.
bool Binder::put(Event& e, int at, std::uint64_t value) const {
  unsigned width = rules_[e.rule].arguments[static_cast<std::size_t>(at)].width;
  if (width < 64 && (value >> width) != 0) {
    // A negative int printed as such: -1 for a 32-bit argument.
    if (width != 32 || (value >> 32) != 0xffffffffu) return false;
    value &= 0xffffffffu;
  }
  e.value[static_cast<std::size_t>(at)] = value;
  return true;
}

// Everything below a node that the trace does not show is unknown.
void Binder::hide(const PatternNode& want, Found& found, Event& e) const {
  found.hides_constant = found.hides_constant || want.kind == PatternNode::Kind::literal;
  if (want.unreadable >= 0) e.unknown |= 1u << want.unreadable;
  if (want.argument >= 0)
    for (unsigned i = 0; i < want.elements; ++i)
      e.unknown |= 1u << (static_cast<unsigned>(want.argument) + i);
  for (const PatternNode& child : want.children) hide(child, found, e);
}

bool Binder::match_array(const Call& call, const PatternNode& want, const Node& got, Found& found,
                         TraceEvent& out) const {
  unsigned i = 0;
  for (std::int32_t at = got.first_child; at >= 0;
       at = call.nodes[static_cast<std::size_t>(at)].next) {
    const Node& element = call.nodes[static_cast<std::size_t>(at)];
    if (i < want.elements && element.kind == NodeKind::unknown) {
      found.opaque = true;
      out.event.unknown |= 1u << (static_cast<unsigned>(want.argument) + i++);
      continue;
    }
    if (i >= want.elements && want.has_more) break;
    if (i >= want.elements || !element.has_value) return false;
    if (!put(out.event, want.argument + static_cast<int>(i), element.value)) return false;
    ++i;
  }
  for (; i < want.elements; ++i)
    if (!put(out.event, want.argument + static_cast<int>(i), 0)) return false;
  return true;
}

// `28 => 16` is a value before and after the call: answers are what it is after. What changed while
// the call ran (the CPU of KVM_RUN) has no one value: the argument counts as not told.
bool Binder::match_argument(const Call& call, const PatternNode& want, const Node& got,
                            TraceEvent& out) const {
  if (got.kind != NodeKind::change)
    return got.has_value && put(out.event, want.argument, got.value);
  const ArgumentInfo& info =
      rules_[out.event.rule].arguments[static_cast<std::size_t>(want.argument)];
  const u64 ones = info.width >= 64 ? ~u64{0} : (u64{1} << info.width) - 1;
  if (!info.is_answer && info.initial == ones) return true;
  const Node* after = nullptr;
  for (std::int32_t at = got.first_child; at >= 0;
       at = call.nodes[static_cast<std::size_t>(at)].next)
    after = &call.nodes[static_cast<std::size_t>(at)];
  if (info.is_answer && after != nullptr && after->has_value)
    return put(out.event, want.argument, after->value);
  out.event.unknown |= 1u << want.argument;
  return true;
}

// Members mostly stand in the order of the syntax: the one at `next` is looked at first. All before
// it have names of the syntax that were wanted already, so it is the first of its name.
bool Binder::match_members(const Call& call, const PatternNode& want, const Node& got, Found& found,
                           TraceEvent& out) const {
  std::int32_t next = got.first_child;
  for (const PatternNode& child : want.children) {
    const Node* member = next >= 0 ? &call.nodes[static_cast<std::size_t>(next)] : nullptr;
    if (member == nullptr || member->name != child.name) member = call.child(got, child.name);
    else next = member->next;
    if (!match_node(call, child, member, found, out)) return false;
  }
  return true;
}

bool Binder::match_node(const Call& call, const PatternNode& want, const Node* got, Found& found,
                        TraceEvent& out) const {
  using Kind = PatternNode::Kind;
  if (got == nullptr) return want.kind != Kind::literal;
  bool hidden = got->kind == NodeKind::unknown ||
                ((want.kind == Kind::structure || want.kind == Kind::array) &&
                 (got->kind == NodeKind::pointer || got->kind == NodeKind::number ||
                  got->kind == NodeKind::symbol));
  if (hidden) {
    if (want.unreadable >= 0 && (got->marks & mark_unreadable) != 0)
      return put(out.event, want.unreadable, 1);
    if (want.kind == Kind::structure && got->kind == NodeKind::number && got->value == 0 &&
        want.unreadable < 0)
      return true;  // strace's "KVM_RUN, 0": there is no structure to show
    found.opaque = true;
    hide(want, found, out.event);
    return true;
  }
  switch (want.kind) {
    case Kind::literal:
      ++found.literals;
      return got->text == want.text || (got->has_value && got->value == want.value);
    case Kind::argument: return match_argument(call, want, *got, out);
    case Kind::new_handle:
      if (got->has_value) out.new_fd = static_cast<std::int32_t>(got->value);
      return true;
    case Kind::array:
      return got->kind == NodeKind::array && match_array(call, want, *got, found, out);
    case Kind::structure:
      if (got->kind != NodeKind::structure) return false;
      return match_members(call, want, *got, found, out);
    case Kind::handle: return true;
  }
  return false;
}

namespace {

// A structure is behind a pointer that nothing decoded and that leads somewhere.
bool hides_structure(const Node& got) {
  const bool is_shown = got.kind == NodeKind::structure || got.kind == NodeKind::array ||
                        got.kind == NodeKind::change;
  return !is_shown && (got.marks & mark_unreadable) == 0;
}

}  // namespace

Binder::Found Binder::match(const Pattern& pattern, const Call& call, TraceEvent& out) const {
  Found found;
  out.event.rule = pattern.rule;
  out.event.unknown = 0;
  out.new_fd = -1;
  const auto& arguments = rules_[pattern.rule].arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) out.event.value[i] = arguments[i].initial;
  if (out.on != HandleKind::none) {
    bool fits = false;
    for (HandleKind kind : pattern.on) fits = fits || kind == out.on;
    if (!fits) return found;
  }
  for (std::size_t i = 0; i < pattern.arguments.size(); ++i) {
    const Node* got = call.argument(static_cast<unsigned>(i) + 2);
    if (got != nullptr && hides_structure(*got) && speaks_of_untold(pattern.rule)) {
      found.opaque = found.untold = true;
      continue;
    }
    if (!match_node(call, pattern.arguments[i], got, found, out)) return found;
  }
  found.matched = true;
  return found;
}

// The most specific rule wins: the one whose syntax names more constants. Where none matches, `out`
// holds what an attempt has left.
Binder::Found Binder::match_best(const std::vector<std::uint32_t>& rules, const Call& call,
                                 TraceEvent& out) const {
  if (rules.size() == 1) return match(patterns_[rules.front()], call, out);
  Found best;
  TraceEvent best_event;
  for (const std::uint32_t rule : rules) {
    TraceEvent trial = out;
    const Found found = match(patterns_[rule], call, trial);
    if (!found.matched || (best.matched && found.literals <= best.literals)) continue;
    best = found;
    best_event = trial;
  }
  if (best.matched) out = best_event;
  return best;
}

namespace {

// The direction of strace's _IOC(_IOC_READ|_IOC_WRITE, 0xae, 0x9f, 0x40).
std::uint64_t direction_of(std::string_view text) {
  return (text.find("_IOC_WRITE") != std::string_view::npos ? 1u << 30 : 0u) |
         (text.find("_IOC_READ") != std::string_view::npos ? 1u << 31 : 0u);
}

// Numbers that two requests share: which it is depends on the descriptor. Spelt as strace does.
struct SharedNumber {
  std::uint64_t number;
  std::string_view names;
};
constexpr SharedNumber shared_numbers[] = {
    {0x4010aeab, "KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG"},
};
constexpr std::string_view between_names = " or ";

std::string_view name_of_request(std::uint64_t number) {
  for (const SharedNumber& shared : shared_numbers)
    if (shared.number == number) return shared.names;
  return constant_name(Family::request, number);
}

// Whether a request can be made on such a descriptor; on an untold one anything can.
bool is_made_on(std::string_view request, HandleKind kind) {
  const RequestLayout* const layout = request_layout(request);
  return layout == nullptr || layout->on == HandleKind::none || kind == HandleKind::none ||
         layout->on == kind;
}

// The name of a request that a trace gives as a number or as _IOC(...); empty when it has none.
std::string_view name_of_number(const Node& request) {
  if (request.kind == NodeKind::number) return name_of_request(request.value & 0xffffffff);
  std::string_view text = request.text;
  if (!text.starts_with("_IOC(")) return {};
  std::uint64_t part[3] = {};  // type, number, size
  std::uint64_t number = direction_of(text);
  for (std::uint64_t& p : part) {
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
    while (text.starts_with(' ')) text.remove_prefix(1);
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data(), end, p, hexadecimal ? 16 : 10).ec != std::errc{}) return {};
  }
  number |= (part[2] & 0x3fff) << 16 | (part[0] & 0xff) << 8 | (part[1] & 0xff);
  return name_of_request(number);
}

// The attribute group of a device attribute call, where the trace shows it.
std::uint64_t group_of(const Call& call) {
  const Node* attribute = call.argument(2);
  if (attribute == nullptr || attribute->kind != NodeKind::structure) return ~std::uint64_t{0};
  const Node* group = call.child(*attribute, "group");
  return group != nullptr && group->has_value ? group->value : ~std::uint64_t{0};
}

// What a call answered, as rules speak of it. A failure that is no rule's is none the less one: "-1
// ENOTSUPP", "-1" alone.
Errno answer_of(const Call& call) {
  if (call.error != 0) return errno_of(call.error);
  constexpr std::int64_t errno_max =
      4095;  // a number below its negative is no error: KVM_GET_TSC_KHZ
  if (call.kind != CallKind::syscall || call.result >= 0 || call.result < -errno_max)
    return Errno::ok;
  return call.errno_name.empty() ? Errno::untold : Errno::unlisted;
}

}  // namespace

void Binder::note_effect(const Call& call, TraceEvent& out) const {
  const std::uint64_t group = group_of(call);
  out.changes_on_vcpu = system_.info().may_change(out.name, true, group);
  out.changes_elsewhere = system_.info().may_change(out.name, false, group);
}

std::optional<std::uint32_t> Binder::family_of(std::uint32_t rule) const {
  for (std::uint32_t f = 0; f < families_.size(); ++f)
    for (const std::uint32_t r : families_[f].rules)
      if (r == rule) return f;
  return std::nullopt;
}

// The request by which to look for rules. Of two names of one number the descriptor tells which is
// meant; where it does not, the call may be of the rules of one or do what the other does.
std::string_view Binder::settle_name(const Call& call, TraceEvent& out) const {
  const std::size_t between = out.name.find(between_names);
  if (between == std::string_view::npos) return out.name;
  const std::string_view first = out.name.substr(0, between);
  const std::string_view second = out.name.substr(between + between_names.size());
  const bool first_fits = is_made_on(first, out.on), second_fits = is_made_on(second, out.on);
  if (first_fits != second_fits) return out.name = first_fits ? first : second;
  note_effect(call, out);
  return family_by_request_.contains(first) ? first : second;
}

// Rules of one syntax, of which a profile has one: a hidden argument does not make them ambiguous.
bool Binder::are_alternatives(std::uint32_t rule, std::span<const std::uint32_t> rules) const {
  return std::all_of(rules.begin(), rules.end(), [&](std::uint32_t other) {
    const auto& known = alternatives_[rule];
    return other == rule || std::any_of(known.begin(), known.end(),
                                        [&](const Alternative& a) { return a.rule == other; });
  });
}

void Binder::bind_ioctl(const Call& call, TraceEvent& out) const {
  const Node* fd = call.argument(0);
  const Node* request = call.argument(1);
  if (fd == nullptr || request == nullptr || !fd->has_value) return;
  out.fd = static_cast<std::int32_t>(fd->value);
  note_kind(*fd, out);
  out.name = request->text;
  if (const std::string_view name = name_of_number(*request); !name.empty()) out.name = name;
  auto family = family_by_request_.find(out.name);
  if (family == family_by_request_.end()) family = family_by_request_.find(settle_name(call, out));
  if (family == family_by_request_.end()) {
    bool is_kvm = out.name.starts_with("KVM_") || out.on != HandleKind::none;
    out.kind = is_kvm ? TraceKind::unmodelled : TraceKind::ignored;
    if (is_kvm) note_effect(call, out);
    return;
  }
  out.kind = TraceKind::unmodelled;
  const std::vector<std::uint32_t>& rules = families_[family->second].rules;
  const TraceEvent unbound = out;
  const Found found = match_best(rules, call, out);
  if (!found.matched) {
    out = unbound;
    note_effect(call, out);
    return;
  }
  out.family = family->second;
  out.untold = found.untold;
  if (found.untold) note_effect(call, out);  // under a profile that has none of the rules
  if (found.hides_constant || (found.opaque && found.literals == 0 &&
                               !are_alternatives(out.event.rule, rules) && !found.untold)) {
    // What would tell the family's rules apart, or from calls that no rule describes, is hidden.
    out = unbound;
    out.kind = TraceKind::opaque;
    out.family = family->second;
    note_effect(call, out);  // under a profile that has none of the rules
    return;
  }
  out.kind = TraceKind::rule;
  if (patterns_[out.event.rule].makes != HandleKind::none &&
      !patterns_[out.event.rule].made_in_struct)
    out.new_fd = static_cast<std::int32_t>(call.result);
}

void Binder::bind_event(const Call& call, TraceEvent& out) const {
  if (call.name == "lost") {
    out.kind = TraceKind::lost;
    const Node* records = call.argument(0);
    out.event.value[0] = records != nullptr ? records->value : 0;
    return;
  }
  if (call.name == "kernel_log") {
    out.kind = TraceKind::kernel_log;
    if (const Node* text = call.argument(0)) out.name = text->text;
    return;
  }
  if (call.name == "msr" || call.name == "mrs") return bind_sysreg(call, out);
  const auto rule = rule_by_event_.find(call.name);
  if (rule == rule_by_event_.end()) return;
  const Pattern& p = patterns_[rule->second];
  out.kind = TraceKind::rule;
  out.event.rule = p.rule;
  const auto& arguments = rules_[p.rule].arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) out.event.value[i] = arguments[i].initial;
  for (std::int32_t at = call.first_arg; at >= 0;
       at = call.nodes[static_cast<std::size_t>(at)].next) {
    const Node& n = call.nodes[static_cast<std::size_t>(at)];
    if (n.name == "fd" && n.has_value) {
      out.fd = static_cast<std::int32_t>(n.value);
      note_kind(n, out);
    }
    for (const PatternNode& want : p.arguments) {
      if (want.name != n.name) continue;
      if (n.kind == NodeKind::unknown) out.event.unknown |= 1u << want.argument;
      if (!n.has_value || put(out.event, want.argument, n.value)) continue;
      out.kind = TraceKind::unmodelled;  // a value that the argument has no room for
      return;
    }
  }
  out.event.answered = true;
}

bool Binder::is_misspelt(const Call& call, Diagnostic& why) const {
  const auto is_of = [&](std::string_view prefix) { return call.name.starts_with(prefix); };
  const auto own = system_.info().own_events;
  if (call.kind != CallKind::event || std::none_of(own.begin(), own.end(), is_of)) return false;
  why = {};
  why.line = call.line;
  const auto rule = rule_by_event_.find(call.name);
  if (rule == rule_by_event_.end()) {
    why.column = 1;
    why.expected = "an event of the specification";
    why.message = fmt::format("'{}' is none (assay spec list prints them)", call.name);
    return true;
  }
  const Pattern& p = patterns_[rule->second];
  for (std::int32_t at = call.first_arg; at >= 0;
       at = call.nodes[static_cast<std::size_t>(at)].next) {
    const Node& n = call.nodes[static_cast<std::size_t>(at)];
    // That of a node is where its value begins, behind "key=".
    why.column = n.column - std::min(n.column, static_cast<std::uint32_t>(n.name.size()) + 1);
    const auto is_it = [&](const PatternNode& want) { return want.name == n.name; };
    if (n.name != "fd" && std::none_of(p.arguments.begin(), p.arguments.end(), is_it)) {
      why.expected = "a key of this event";
      why.message = fmt::format("it has no '{}' (assay spec show {})", n.name, call.name);
      return true;
    }
    if (n.kind == NodeKind::unknown || n.has_value) continue;
    why.column = n.column;
    why.expected = "a number, or ? for what is not known";
    why.message = fmt::format("found '{}'", n.text);
    return true;
  }
  return false;
}

void Binder::bind(const Call& call, TraceEvent& out) const {
  out = TraceEvent{};
  out.tid = call.tid;
  out.cpu = call.cpu;
  out.line = call.line;
  out.time_ns = call.time_ns;
  out.result = call.result;
  out.name = call.name;
  out.event.answered = call.has_result;
  out.event.answer = answer_of(call);
  if (call.has_result && out.event.answer == Errno::ok) {
    out.event.has_returned = true;
    out.event.returned = static_cast<std::uint64_t>(call.result);
  }
  if (call.kind == CallKind::event) return bind_event(call, out);
  if (call.kind == CallKind::exit) {
    out.kind = TraceKind::task_exit;
    return;
  }
  if (call.kind != CallKind::syscall) return;
  if (call.name == "ioctl") return bind_ioctl(call, out);
  bool success = call.has_result && call.error == 0 && call.result >= 0;
  if (call.name == "openat" || call.name == "open") {
    const Node* path = call.argument(call.name == "open" ? 0 : 1);
    if (path == nullptr || path->text != "/dev/kvm" || !success) return;
    out.kind = TraceKind::open_kvm;
    out.new_fd = static_cast<std::int32_t>(call.result);
  } else if (call.name == "close") {
    const Node* fd = call.argument(0);
    if (fd == nullptr || !fd->has_value || !success) return;
    out.kind = TraceKind::close;
    out.fd = static_cast<std::int32_t>(fd->value);
    note_kind(*fd, out);
  } else if (call.name == "dup" || call.name == "dup2" || call.name == "dup3") {
    const Node* fd = call.argument(0);
    if (fd == nullptr || !fd->has_value || !success) return;
    out.kind = TraceKind::dup;
    out.fd = static_cast<std::int32_t>(fd->value);
    out.new_fd = static_cast<std::int32_t>(call.result);
  } else if (call.name == "clone" || call.name == "clone3" || call.name == "vfork" ||
             call.name == "fork") {
    if (!success) return;
    bool shares = false;
    for (const Node& n : call.nodes)
      shares = shares || n.text.find("CLONE_FILES") != std::string_view::npos;
    out.kind = shares ? TraceKind::thread : TraceKind::process;
    out.new_fd = static_cast<std::int32_t>(call.result);
  }
}

}  // namespace assay::traces

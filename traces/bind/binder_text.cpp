// Writing bound calls as native text: the rule's syntax with the event's values in it.
#include <fmt/format.h>

#include "model/errno.hpp"
#include "traces/abi/arm64/constants.hpp"
#include "traces/bind/binder.hpp"

namespace assay::traces {
namespace {

Family family_of_prefix(std::string_view prefix) {
  if (prefix == "KVM_CAP_") return Family::capability;
  if (prefix == "KVM_EXIT_") return Family::exit_reason;
  if (prefix == "KVM_MEM_") return Family::memory_flag;
  if (prefix == "KVM_DEV_TYPE_") return Family::device_type;
  if (prefix == "KVM_PMU_EVENT_") return Family::filter_action;
  if (prefix == "IA32_") return Family::msr;
  return Family::none;
}

// "<anon_inode:kvm-vm>"; empty for what is no descriptor.
std::string link_of(HandleKind kind, std::int32_t id) {
  std::string link;
  append_link({kind, id}, link);
  return link.empty() ? link : "<" + link + ">";
}

class Writer {
 public:
  Writer(const RuleInfo& rule, const Pattern& pattern, const TraceEvent& e)
      : rule_(rule), pattern_(pattern), e_(e) {}

  std::string run() {
    std::string out = e_.tid != 0 ? fmt::format("{} ", e_.tid) : std::string();
    if (e_.cpu >= 0) out += fmt::format("[{:03}] ", e_.cpu);
    if (pattern_.is_event) {
      out += pattern_.call + ":";
      if (pattern_.on.front() != HandleKind::machine) out += fmt::format(" fd={}{}", e_.fd, link());
      // The column says which CPU it was on.
      for (const PatternNode& n : pattern_.arguments)
        if (e_.cpu < 0 || n.name != "cpu")
          out += fmt::format(" {}={}", n.name, argument(n.argument));
      return out;
    }
    out += fmt::format("{}({}{}, {}", pattern_.call, e_.fd, link(), pattern_.request);
    for (const PatternNode& n : pattern_.arguments) out += ", " + node(n);
    if (pattern_.arguments.empty()) out += ", 0";
    return out + ")" + answer();
  }

 private:
  std::string link() const {
    return link_of(e_.on != HandleKind::none ? e_.on : pattern_.on.front(), e_.on_id);
  }
  u64 value(int at) const { return e_.event.value[static_cast<std::size_t>(at)]; }
  bool hidden(int at) const { return (e_.event.unknown >> at & 1) != 0; }

  std::string argument(int at) const {
    const ArgumentInfo& info = rule_.arguments[static_cast<std::size_t>(at)];
    if (hidden(at)) return "?";
    std::string_view named = rule_.constants;
    std::size_t equals = named.find('=');
    if (equals != std::string_view::npos && named.substr(0, equals) == info.name) {
      std::string text = constant(family_of_prefix(named.substr(equals + 1)), value(at));
      if (!text.empty()) return text;
    }
    return info.width == 64 ? fmt::format("0x{:x}", value(at)) : fmt::format("{}", value(at));
  }
  static std::string constant(Family family, u64 v) {
    if (family != Family::memory_flag) return std::string(constant_name(family, v));
    std::string out;
    for (unsigned bit = 0; bit < 64; ++bit) {
      if ((v >> bit & 1) == 0) continue;
      std::string_view name = constant_name(family, u64{1} << bit);
      out += (out.empty() ? "" : "|") +
             (name.empty() ? fmt::format("0x{:x}", u64{1} << bit) : std::string(name));
    }
    return out;
  }
  bool told(const PatternNode& n) const {
    if (n.kind != PatternNode::Kind::argument) return true;
    const ArgumentInfo& info = rule_.arguments[static_cast<std::size_t>(n.argument)];
    // All ones means "not told" for arguments that start so.
    u64 all_ones = info.width == 64 ? ~u64{0} : (u64{1} << info.width) - 1;
    return info.initial != all_ones || value(n.argument) != all_ones;
  }

  std::string node(const PatternNode& n) const {
    if (n.unreadable >= 0 && !hidden(n.unreadable) && value(n.unreadable) != 0)
      return "0xdead000 /* unreadable */";
    if (n.unreadable >= 0 && hidden(n.unreadable)) return "?";
    switch (n.kind) {
      case PatternNode::Kind::literal: return n.text;
      case PatternNode::Kind::argument: return argument(n.argument);
      case PatternNode::Kind::new_handle:
        return e_.new_fd < 0 ? std::string("0") : fmt::format("{}{}", e_.new_fd, made_link());
      case PatternNode::Kind::array: {
        std::string out = "[";
        unsigned last = n.elements;  // trailing zeros of a long array say nothing
        while (last > 1 && value(n.argument + static_cast<int>(last) - 1) == 0) --last;
        for (unsigned i = 0; i < last; ++i)
          out += (i == 0 ? "" : ", ") + argument(n.argument + static_cast<int>(i));
        return out + "]";
      }
      case PatternNode::Kind::structure: {
        std::string out = "{";
        for (const PatternNode& child : n.children)
          if (told(child)) out += (out.size() == 1 ? "" : ", ") + child.name + "=" + node(child);
        return out.size() == 1 ? "0" : out + "}";
      }
      case PatternNode::Kind::handle: break;
    }
    return "?";
  }
  std::string made_link() const {
    HandleKind kind = pattern_.makes;
    if (kind == HandleKind::device && rule_.makes != nullptr)
      kind = handle_kind_named(rule_.makes(e_.event));
    const int id = rule_.position("id");
    return link_of(kind, id >= 0 ? static_cast<std::int32_t>(value(id)) : -1);
  }
  std::string answer() const {
    if (!e_.event.answered) return "";
    if (e_.event.answer == Errno::untold) return " = -1";
    if (e_.event.answer != Errno::ok)
      return fmt::format(" = -1 {} ({})", name_of(e_.event.answer), text_of(e_.event.answer));
    if (pattern_.makes != HandleKind::none && !pattern_.made_in_struct && e_.new_fd >= 0)
      return fmt::format(" = {}{}", e_.new_fd, made_link());
    return fmt::format(" = {}", e_.event.has_returned ? e_.event.returned : 0);
  }

  const RuleInfo& rule_;
  const Pattern& pattern_;
  const TraceEvent& e_;
};

}  // namespace

std::string Binder::text(const TraceEvent& e) const {
  std::string who = e.tid != 0 ? fmt::format("{} ", e.tid) : std::string();
  switch (e.kind) {
    case TraceKind::rule: return Writer(rules_[e.event.rule], patterns_[e.event.rule], e).run();
    case TraceKind::open_kvm:
      return fmt::format("{}openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = {}</dev/kvm>", who,
                         e.new_fd);
    case TraceKind::close:
      return fmt::format("{}close({}{}) = 0", who, e.fd, link_of(e.on, e.on_id));
    case TraceKind::dup: return fmt::format("{}dup({}) = {}", who, e.fd, e.new_fd);
    case TraceKind::opaque:
      return fmt::format("{}ioctl({}{}, {}, ?) = {}", who, e.fd, link_of(e.on, e.on_id),
                         families_[e.family].request, e.result);
    default: return fmt::format("{}# {}", who, e.name);
  }
}

}  // namespace assay::traces

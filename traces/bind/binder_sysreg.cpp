// "msr: cpu=0 PMBSR_EL1=0x20001" and "mrs: ...": a register's value as it moves, which becomes the
// event that names its fields (spec/register.hpp).
#include "spec/register.hpp"
#include "traces/bind/binder.hpp"

namespace assay::traces {
namespace {

const Sysreg* sysreg_named(const System& system, std::string_view name) {
  for (const RegisterAlias& a : system.info().register_aliases)
    if (a.name == name) name = a.of;
  for (const Sysreg& r : system.info().registers)
    if (r.name == name) return &r;
  return nullptr;
}

std::uint64_t part_of(const SysregField& f, std::uint64_t value) {
  const std::uint64_t mask = f.width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << f.width) - 1;
  return f.in_place ? value & mask << f.low : value >> f.low & mask;
}

}  // namespace

void Binder::bind_sysreg(const Call& call, TraceEvent& out) const {
  const Sysreg* reg = nullptr;
  std::uint64_t value = 0;
  bool is_told = true;
  bool of_profiling = false;  // misspelt, or one that has no rule: not to be passed over in silence
  for (std::int32_t at = call.first_arg; at >= 0 && reg == nullptr;
       at = call.nodes[static_cast<std::size_t>(at)].next) {
    const Node& n = call.nodes[static_cast<std::size_t>(at)];
    if (!n.has_value && n.kind != NodeKind::unknown) continue;
    reg = sysreg_named(system_, n.name);
    of_profiling = of_profiling || n.name.starts_with("PMS") || n.name.starts_with("PMB");
    value = n.value;
    is_told = n.has_value;
  }
  if (reg == nullptr) {  // a register that nothing here is concerned with
    if (of_profiling) out.kind = TraceKind::unmodelled;
    return;
  }
  const std::string_view event = call.name == "msr" ? reg->write_event : reg->read_event;
  const std::uint32_t rule = event.empty() ? Event::no_rule : rule_named(event);
  if (rule == Event::no_rule) {
    out.kind = TraceKind::unmodelled;  // MSR of a register that can only be read
    return;
  }
  out.kind = TraceKind::rule;
  out.event.rule = rule;
  const auto& arguments = rules_[rule].arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) out.event.value[i] = arguments[i].initial;
  for (const PatternNode& want : patterns_[rule].arguments) {
    if (!is_told && want.name != "cpu" && want.argument >= 0)
      out.event.unknown |= 1u << want.argument;
    if (want.name == "value") put(out.event, want.argument, value);
    if (want.name == "res0") put(out.event, want.argument, value & reg->res0());
    if (want.name == "cpu" && call.cpu >= 0)
      put(out.event, want.argument, static_cast<std::uint64_t>(call.cpu));
    for (const SysregField& f : reg->fields)
      if (want.name == f.argument && want.name != "value")
        put(out.event, want.argument, part_of(f, value));
  }
  out.event.answered = true;
}

}  // namespace assay::traces

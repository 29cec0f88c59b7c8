// A rule's `syntax`: how a call of it is spelt, with the rule's arguments in the places they have.
//
//   ioctl(<vcpu>, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL,
//         attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=unreadable:[irq]})
//
//   <vm> <vcpu> <vgic>           the descriptor the call is made on (spec/handles.hpp); <a|b>
//   either
//                                (an event without one concerns the machine)
//   UPPER_CASE                   a constant that must be there
//   lower_case                   an argument of the rule
//   [name] where name is an array of the rule: as many elements as it has
//   [name, ...]                  the same, and more elements, which are ignored
//   flag:X                       the flag is set when X is a pointer to no memory, and X is absent
//   = <new vm>, fd=<new device>  where the new descriptor appears
//
// Members that a line does not mention keep the argument's initial value; members that the syntax
// does not mention are ignored. The same text reads calls and writes them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"
#include "traces/bind/trace_event.hpp"

namespace assay::traces {

struct PatternNode {
  enum class Kind : std::uint8_t { handle, new_handle, literal, argument, structure, array };
  Kind kind = Kind::literal;
  std::string name;         // member name inside a structure
  std::string text;         // literal: the constant
  std::uint64_t value = 0;  // literal: its number
  int argument = -1;        // argument: position in Event::value; array: of the first element
  unsigned elements = 1;    // array: how many values it holds
  bool has_more = false;    // array: more elements may follow
  int unreadable = -1;      // position of the flag of a flag:X form
  std::vector<PatternNode> children;
};

struct Pattern {
  std::uint32_t rule = 0;
  bool is_event = false;                // ftrace form
  std::string call;                     // "ioctl", "kvm_entry"
  std::string request;                  // "KVM_RUN"; empty for events
  std::vector<HandleKind> on;           // acceptable kinds of descriptor
  HandleKind makes = HandleKind::none;  // what a success creates
  bool made_in_struct = false;          // the new descriptor is a member, not the result
  std::vector<PatternNode> arguments;   // after the descriptor and the request
};

// Compiles a rule's syntax. A syntax that is wrong is a bug in the specification: the program
// ends with a message that names the rule and the place.
Pattern compile_pattern(const RuleInfo& rule, std::uint32_t number);

}  // namespace assay::traces

// The part of Decoder that knows ioctls: arguments, structures and what their pointers lead to.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "traces/abi/arm64/decode.hpp"

namespace assay::traces {
namespace {

constexpr std::uint64_t request_run = 0xae80;
constexpr std::uint64_t request_create_vcpu = 0xae41;
constexpr std::uint64_t request_create_device = 0xc00caee0;
constexpr std::uint64_t request_get_device_attr = 0x4018aee2;

std::uint64_t read_word(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
  return value;
}

// "A" and 0x10: "A|0x10".
std::string with_rest(std::string_view text, std::uint64_t rest) {
  return fmt::format("{}|{:#x}", text, rest);
}

}  // namespace

void Decoder::decode_ioctl(const capture_record& record, Call& call) {
  call.name = "ioctl";
  NodeWriter to(call);
  layout_ = request_layout(record.request, on_.kind);
  add_descriptor({}, record.fd, to);
  const std::string_view named =
      layout_ ? layout_->name : constant_name(Family::request, record.request);
  if (named.empty()) {
    to.hexadecimal({}, record.request);
  } else {
    to.symbol({}, named, record.request);
  }
  decode_argument(record, layout_, to);
  decode_outcome(record, call);
  learn(record, layout_, call);
}

void Decoder::decode_argument(const capture_record& record, const RequestLayout* layout,
                              NodeWriter& to) {
  const std::uint64_t value = record.arg[0];
  const bool of_kvm = (record.request >> 8 & 0xff) == 0xae;
  const bool takes_pointer = of_kvm && (record.request >> 16 & 0x3fff) != 0;
  const ArgumentKind kind = layout          ? layout->argument
                            : takes_pointer ? ArgumentKind::opaque
                                            : ArgumentKind::hexadecimal;
  switch (kind) {
    case ArgumentKind::ignored:
      if (record.request == request_run && part(CAPTURE_RUN).present) {
        return decode_run(record, to);
      }
      to.hexadecimal({}, value);
      return;
    case ArgumentKind::number: to.number({}, value); return;
    case ArgumentKind::hexadecimal: to.hexadecimal({}, value); return;
    case ArgumentKind::name: return add_named({}, Family::capability, value, to);
    case ArgumentKind::opaque: return add_pointer({}, value, part(CAPTURE_IN).unreadable, to);
    case ArgumentKind::scalar:
    case ArgumentKind::structure: return decode_structure(record, *layout, to);
  }
}

void Decoder::decode_structure(const capture_record& record, const RequestLayout& layout,
                               NodeWriter& to) {
  const Part& in = part(CAPTURE_IN);
  const Part& out = part(CAPTURE_OUT);
  // What was in memory before a call that only writes there means nothing.
  const bool from_out = out.present && layout.writes();
  const bool readable = from_out ? !out.unreadable : in.present && !in.unreadable && layout.reads();
  const Bytes bytes = from_out ? out.data : in.data;
  if (!readable || bytes.empty()) { return add_pointer({}, record.arg[0], in.unreadable, to); }
  const bool scalar = layout.argument == ArgumentKind::scalar;
  to.open(scalar ? NodeKind::array : NodeKind::structure, {});
  group_ = 0;
  attribute_ = register_ = 0;
  add_members(layout.members, bytes, to);
  to.close();
}

// struct kvm_run's part as if it were KVM_RUN's structure.
void Decoder::decode_run(const capture_record& record, NodeWriter& to) {
  capture_run run{};
  const Bytes bytes = part(CAPTURE_RUN).data;
  std::memcpy(&run, bytes.data(), std::min(bytes.size(), sizeof run));
  to.open(NodeKind::structure, {});
  to.number("immediate_exit", run.immediate_exit);
  if (record.cpu_begin >= 0 && record.cpu_end >= 0 && record.cpu_begin != record.cpu_end) {
    to.open(NodeKind::change, "cpu");
    to.number({}, static_cast<std::uint64_t>(record.cpu_begin));
    to.number({}, static_cast<std::uint64_t>(record.cpu_end));
    to.close();
  } else if (record.cpu_begin >= 0) {
    to.number("cpu", static_cast<std::uint64_t>(record.cpu_begin));
  }
  add_named("exit_reason", Family::exit_reason, run.exit_reason, to);
  std::uint8_t exit_bytes[sizeof run.exit];
  std::memcpy(exit_bytes, run.exit, sizeof exit_bytes);
  add_members(exit_members(run.exit_reason), exit_bytes, to);
  to.close();
}

void Decoder::add_members(std::span<const Member> members, Bytes bytes, NodeWriter& to) {
  for (const Member& member : members) add_member(member, bytes, to);
}

void Decoder::add_member(const Member& member, Bytes bytes, NodeWriter& to) {
  const std::size_t end = member.offset + std::size_t{member.bytes} * member.count;
  if (end > bytes.size()) return;
  const auto element = [&](unsigned i) {
    return read_word(bytes, member.offset + std::size_t{i} * member.bytes, member.bytes);
  };
  if (member.if_nonzero) {
    bool any = false;
    for (unsigned i = 0; i < member.count; ++i) any = any || element(i) != 0;
    if (!any) return;
  }
  if (member.count == 1) return add_element(member, member.name, element(0), to);
  to.open(NodeKind::array, member.name);
  for (unsigned i = 0; i < member.count; ++i) add_element(member, {}, element(i), to);
  to.close();
}

void Decoder::add_element(const Member& member, std::string_view name, std::uint64_t value,
                          NodeWriter& to) {
  switch (member.kind) {
    case MemberKind::number: to.number(name, value); return;
    case MemberKind::hexadecimal: to.hexadecimal(name, value); return;
    case MemberKind::name:
      if (member.family == Family::one_reg) register_ = value;
      return add_named(name, member.family, value, to);
    case MemberKind::flags: return add_flags(name, member.family, value, to);
    case MemberKind::handle:
      // What the kernel wrote is a new descriptor; learn() fills in what it stands for.
      to.number(name, value);
      return;
    case MemberKind::group:
      group_ = static_cast<std::uint32_t>(value);
      return add_named(name, group_family(on_, abi_), value, to);
    case MemberKind::attribute:
      attribute_ = value;
      return add_attribute(name, attribute_family(on_, group_, abi_), value, to);
    case MemberKind::pointer: return add_value(member, value, to);
  }
}

void Decoder::add_named(std::string_view name, Family family, std::uint64_t value, NodeWriter& to) {
  const std::string_view text = constant_name(family, value);
  if (text.empty()) {
    to.hexadecimal(name, value);
  } else {
    to.symbol(name, text, value);
  }
}

// An attribute that is a register of a vGIC: its name, and behind a bar which word of it and, in
// the upper half, which CPU's.
void Decoder::add_attribute(std::string_view name, Family family, std::uint64_t value,
                            NodeWriter& to) {
  const Constant* const there =
      is_gic_register(family) ? register_at(family, static_cast<std::uint32_t>(value)) : nullptr;
  if (there == nullptr) return add_named(name, family, value, to);
  std::string_view text = there->name;
  if (there->value != value) text = keep(with_rest(text, value - there->value));
  to.symbol(name, text, value);
}

// A|B|0x10; 0 is the constant for zero if there is one.
void Decoder::add_flags(std::string_view name, Family family, std::uint64_t value, NodeWriter& to) {
  std::string text;
  std::uint64_t left = value;
  for (const Constant& constant : constants(family)) {
    const bool access_mode = family == Family::open_flag && constant.value < 4;
    const bool set = access_mode ? (value & 3) == constant.value
                     : family == Family::map_flag && constant.value < 4
                         ? (value & 0xf) == constant.value
                         : constant.value != 0 && (left & constant.value) == constant.value;
    if (!set) continue;
    left &= ~constant.value;
    if (!text.empty()) text += '|';
    text += constant.name;
  }
  if (text.empty()) return add_named(name, family, value, to);
  to.symbol(name, keep(left == 0 ? text : with_rest(text, left)), value);
}

void Decoder::add_descriptor(std::string_view name, std::int32_t descriptor, NodeWriter& to) {
  const auto value = static_cast<std::uint64_t>(std::int64_t{descriptor});
  std::string link;
  append_link(handles_.find(descriptor), link);
  if (link.empty()) {
    to.number(name, value);
    return;
  }
  to.add_value(NodeKind::handle, name, value).text = keep(link);
}

void Decoder::add_pointer(std::string_view name, std::uint64_t address, bool unreadable,
                          NodeWriter& to) {
  Node& node = to.add_value(NodeKind::pointer, name, address);
  if (unreadable && address != 0) node.marks = mark_unreadable;
}

// What a pointer in a structure leads to: before the call, after it, or both.
void Decoder::add_value(const Member& member, std::uint64_t address, NodeWriter& to) {
  const Part& in = part(CAPTURE_VALUE_IN);
  const Part& out = part(CAPTURE_VALUE_OUT);
  const bool has_in = in.present && !in.unreadable && !in.data.empty();
  const bool has_out = out.present && !out.unreadable && !out.data.empty();
  if (has_in && has_out && layout_ && layout_->number == request_get_device_attr) {
    to.open(NodeKind::change, member.name);
    add_value_bytes({}, in.data, to);
    add_value_bytes({}, out.data, to);
    to.close();
  } else if (has_in || has_out) {
    add_value_bytes(member.name, has_out ? out.data : in.data, to);
  } else {
    add_pointer(member.name, address, in.unreadable || out.unreadable, to);
  }
}

void Decoder::add_value_bytes(std::string_view name, Bytes bytes, NodeWriter& to) {
  const bool is_register = layout_ && (layout_->number & 0xff) < 0xe0;
  const ValueLayout* value =
      is_register ? nullptr : attribute_layout(on_, group_, attribute_, abi_);
  if (value && !value->members.empty() && bytes.size() == value->bytes) {
    to.open(NodeKind::structure, name);
    add_members(value->members, bytes, to);
    return to.close();
  }
  const bool scalar = value && bytes.size() == value->bytes;
  const bool words = is_register && bytes.size() == register_bytes(register_);
  if (!scalar && !words) {  // of unknown layout: as it is
    to.add(NodeKind::string, name).text = escaped(bytes);
    return;
  }
  to.open(NodeKind::array, name);
  const std::size_t step = std::min<std::size_t>(bytes.size(), 8);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::uint64_t word = read_word(bytes, at, step);
    if (scalar && value->kind == MemberKind::number) {
      to.number({}, static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(word)}));
    } else {
      to.hexadecimal({}, word);
    }
  }
  to.close();
}

// What the call made is known from now on, and the result is decorated with it.
void Decoder::learn(const capture_record& record, const RequestLayout* layout, Call& call) {
  if (record.result < 0 || record.result > INT32_MAX) return;
  const auto descriptor = static_cast<std::int32_t>(record.result);
  Descriptor made;
  if (record.kind == CAPTURE_OPEN) {
    made.kind = HandleKind::system;
  } else if (record.kind == CAPTURE_DUP) {
    made = on_;
  } else if (record.request == request_create_device) {
    const Bytes bytes = part(CAPTURE_OUT).data;
    if (bytes.size() < 12 || (read_word(bytes, 8, 4) & 1)) return;  // KVM_CREATE_DEVICE_TEST
    const auto device = static_cast<std::int32_t>(read_word(bytes, 4, 4));
    const auto type = static_cast<std::uint32_t>(read_word(bytes, 0, 4));
    const Descriptor made_device{device_of_type(type)};
    handles_.set(device, made_device);
    std::string link;
    append_link(made_device, link);
    for (Node& node : call.nodes) {
      if (node.name != "fd" || link.empty()) continue;
      node.kind = NodeKind::handle;
      node.text = keep(link);
    }
    return;
  } else if (layout && layout->makes != HandleKind::none) {
    made.kind = layout->makes;
    if (record.request == request_create_vcpu) {
      made.id = static_cast<std::int32_t>(record.arg[0]);
    }
  } else {
    return;
  }
  handles_.set(descriptor, made);
  std::string link;
  append_link(made, link);
  call.result_link = keep(link);
}

}  // namespace assay::traces

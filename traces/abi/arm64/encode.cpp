#include "traces/abi/arm64/encode.hpp"

#include <algorithm>
#include <cstring>

namespace assay::traces {
namespace {

constexpr std::uint64_t request_run = 0xae80;
constexpr std::uint64_t request_create_device = 0xc00caee0;
constexpr std::uint64_t request_set_gsi_routing = 0x4008ae6a;
constexpr std::uint64_t request_get_device_attr = 0x4018aee2;
constexpr std::uint64_t request_has_device_attr = 0x4018aee3;
constexpr std::uint64_t mask_bytes_max = 1024;

class Encoder {
 public:
  Encoder(const Call& call, const HandleMap* handles, Operation& out, Diagnostic& why, Abi abi)
      : call_(call), handles_(handles), out_(out), why_(why), abi_(abi) {}

  Encoding run();

 private:
  Encoding ioctl();
  Encoding kvm_run(const Node& argument);
  Encoding affinity();
  Encoding pointer_argument(const Node& argument);
  Encoding members(const Node& structure, std::span<const Member> members,
                   std::vector<std::uint8_t>& to);
  Encoding member(const Node& node, const Member& member, std::vector<std::uint8_t>& to);
  Encoding value(const Node& node, const Member& member);
  Encoding value_bytes(const Node& node);
  Encoding word(const Node& node, std::size_t at, unsigned bytes, std::vector<std::uint8_t>& to);
  Encoding raw(const Node& node, std::vector<std::uint8_t>& to);

  Descriptor what_is(const Node& descriptor) const;
  const Node& before(const Node& node) const;
  const Node* next(const Node& node) const;
  const Node* first(const Node& node) const;
  std::uint64_t value_of(const Node& structure, std::string_view name) const;
  Encoding complain(const Node& node, std::string_view expected, std::string message);

  const Call& call_;
  const HandleMap* handles_;
  Operation& out_;
  Diagnostic& why_;
  Abi abi_;
  const RequestLayout* layout_ = nullptr;
  Descriptor on_;
  std::uint32_t group_ = 0;
  std::uint64_t attribute_ = 0;
  std::uint64_t register_ = 0;
};

Encoding Encoder::complain(const Node& node, std::string_view expected, std::string message) {
  why_ = Diagnostic{};
  why_.line = call_.line;
  why_.column = node.column;
  why_.expected = expected;
  why_.message = std::move(message);
  return Encoding::malformed;
}

// Of a change, what stood there before the call.
const Node& Encoder::before(const Node& node) const {
  const bool change = node.kind == NodeKind::change && node.first_child >= 0;
  return change ? call_.nodes[static_cast<std::size_t>(node.first_child)] : node;
}

const Node* Encoder::next(const Node& node) const {
  return node.next < 0 ? nullptr : &call_.nodes[static_cast<std::size_t>(node.next)];
}

const Node* Encoder::first(const Node& node) const {
  return node.first_child < 0 ? nullptr : &call_.nodes[static_cast<std::size_t>(node.first_child)];
}

std::uint64_t Encoder::value_of(const Node& structure, std::string_view name) const {
  const Node* node = call_.child(structure, name);
  return node && before(*node).has_value ? before(*node).value : 0;
}

// By its decoration, by what is known of the number, or by the names in the structure.
Descriptor Encoder::what_is(const Node& descriptor) const {
  if (descriptor.kind == NodeKind::handle) {
    const Descriptor told = descriptor_of_link(descriptor.text);
    if (told.kind != HandleKind::none) return told;
  }
  if (handles_ && descriptor.has_value) {
    const Descriptor known = handles_->find(static_cast<std::int32_t>(descriptor.value));
    if (known.kind != HandleKind::none) return known;
  }
  constexpr std::uint32_t vgic_v3 = 7, vgic_its = 8;
  for (const Node& node : call_.nodes) {
    if (node.name != "group" || node.kind != NodeKind::symbol) continue;
    if (node.text.starts_with("KVM_ARM_VCPU_")) return {HandleKind::vcpu};
    if (node.text.starts_with("KVM_ARM_VM_")) return {HandleKind::vm};
    if (node.text == "KVM_DEV_ARM_VGIC_GRP_ITS_REGS") return {device_of_type(vgic_its)};
    if (node.text.starts_with("KVM_DEV_ARM_VGIC_")) return {device_of_type(vgic_v3)};
  }
  return {};
}

Encoding Encoder::run() {
  out_.clear();
  if (call_.kind != CallKind::syscall || call_.part == CallPart::resumed) {
    return Encoding::not_performable;
  }
  const Node* argument = call_.argument(0);
  if (call_.has_result && call_.result >= 0 && call_.result <= INT32_MAX) {
    out_.makes = static_cast<std::int32_t>(call_.result);
  }
  if (call_.name == "ioctl") return ioctl();
  if (call_.name == "sched_setaffinity") return affinity();
  if (call_.name == "openat" || call_.name == "open") {
    const Node* path = call_.argument(call_.name == "open" ? 0 : 1);
    if (!path || path->text != "/dev/kvm") return Encoding::not_performable;
    out_.kind = PERFORM_OPEN;
    return Encoding::operation;
  }
  if (call_.name != "close" || !argument || !argument->has_value) return Encoding::not_performable;
  out_.kind = PERFORM_CLOSE;
  out_.makes = -1;
  out_.descriptor = static_cast<std::int32_t>(argument->value);
  return Encoding::operation;
}

Encoding Encoder::affinity() {
  out_.kind = PERFORM_AFFINITY;
  out_.makes = -1;
  const Node* size = call_.argument(1);
  const Node* mask = call_.argument(2);
  if (!size || !mask || mask->kind != NodeKind::array) return Encoding::not_performable;
  const std::uint64_t told = size->has_value && size->value > 0 ? size->value : 8;
  out_.payload.assign(std::min(told, mask_bytes_max), 0);
  for (const Node* cpu = first(*mask); cpu; cpu = next(*cpu)) {
    if (!cpu->has_value || cpu->value >= mask_bytes_max * 8) {
      return complain(*cpu, "CPU number", "it is not a number below 8192");
    }
    const auto byte = static_cast<std::size_t>(cpu->value / 8);
    if (byte >= out_.payload.size()) out_.payload.resize((byte / 8 + 1) * 8);
    out_.payload[byte] = static_cast<std::uint8_t>(out_.payload[byte] | 1u << (cpu->value % 8));
  }
  return Encoding::operation;
}

Encoding Encoder::ioctl() {
  const Node* descriptor = call_.argument(0);
  const Node* request = call_.argument(1);
  if (!descriptor || !request || !descriptor->has_value || !request->has_value) {
    return Encoding::not_performable;
  }
  if ((request->value >> 8 & 0xff) != 0xae) return Encoding::not_performable;  // not KVM's
  out_.descriptor = static_cast<std::int32_t>(descriptor->value);
  out_.request = request->value;
  on_ = what_is(*descriptor);
  layout_ = request_layout(request->text);
  if (!layout_) layout_ = request_layout(request->value, on_.kind);
  const bool makes = layout_ && layout_->makes != HandleKind::none;
  if (!makes) out_.makes = -1;
  const Node* argument = next(*request);
  if (!argument) return Encoding::operation;
  if (out_.request == request_run) return kvm_run(*argument);
  const bool takes_pointer = (out_.request >> 16 & 0x3fff) != 0;
  if (takes_pointer) return pointer_argument(*argument);
  if (!argument->has_value) return complain(*argument, "number", "its value is not known");
  out_.argument = argument->value;
  return Encoding::operation;
}

Encoding Encoder::kvm_run(const Node& argument) {
  if (argument.kind == NodeKind::structure) {
    out_.kind = PERFORM_RUN;
    out_.argument = value_of(argument, "immediate_exit") & 0xff;
    return Encoding::operation;
  }
  if (!argument.has_value) return Encoding::not_performable;
  out_.kind = argument.value == 0 ? PERFORM_RUN : PERFORM_IOCTL;  // another value is an error
  out_.argument = argument.value;
  return Encoding::operation;
}

Encoding Encoder::pointer_argument(const Node& node) {
  const Node& argument = before(node);
  const std::uint32_t bytes = out_.request >> 16 & 0x3fff;
  const bool structured = argument.kind == NodeKind::structure || argument.kind == NodeKind::array;
  if (argument.marks & mark_unreadable) {
    out_.flags = PERFORM_ARG_POINTER | PERFORM_BAD_POINTER;
    out_.payload.assign(bytes, 0);
    return Encoding::operation;
  }
  if (!structured && argument.has_value && argument.value == 0) return Encoding::operation;
  out_.flags = PERFORM_ARG_POINTER;
  out_.payload.assign(bytes, 0);
  if (structured && layout_) {
    // Entries, of which the text says nothing, would follow.
    if (out_.request == request_set_gsi_routing && value_of(argument, "nr") != 0)
      return Encoding::not_performable;
    group_ = static_cast<std::uint32_t>(value_of(argument, "group"));
    attribute_ = value_of(argument, "attr");
    register_ = value_of(argument, "id");
    if (layout_->number == request_create_device) {
      const Node* made = call_.child(argument, "fd");
      if (made && made->kind == NodeKind::handle) {
        out_.makes = static_cast<std::int32_t>(made->value);
      }
      out_.flags |= PERFORM_DEVICE_SLOT;
    }
    return members(argument, layout_->members, out_.payload);
  }
  // What the kernel only writes needs no more than room.
  const bool only_written = (out_.request >> 30 & 1) == 0;
  return only_written ? Encoding::operation : Encoding::not_performable;
}

Encoding Encoder::members(const Node& structure, std::span<const Member> layout,
                          std::vector<std::uint8_t>& to) {
  for (const Node* child = first(structure); child; child = next(*child)) {
    const auto found = std::find_if(layout.begin(), layout.end(),
                                    [&](const Member& m) { return m.name == child->name; });
    if (found == layout.end()) {
      return complain(*child, "member of the structure", "there is no such member");
    }
    const Encoding answer = member(before(*child), *found, to);
    if (answer != Encoding::operation) return answer;
  }
  return Encoding::operation;
}

Encoding Encoder::member(const Node& node, const Member& m, std::vector<std::uint8_t>& to) {
  if (m.kind == MemberKind::pointer) return value(node, m);
  if (m.kind == MemberKind::handle) return Encoding::operation;  // the kernel writes it
  if (m.name == "userspace_addr") out_.address_at = m.offset;
  if (m.count == 1) return word(node, m.offset, m.bytes, to);
  if (node.kind != NodeKind::array) return complain(node, "array", "it is something else");
  unsigned i = 0;
  for (const Node* element = first(node); element; element = next(*element), ++i) {
    if (i == m.count) return complain(*element, "']'", "the array is longer than the member");
    const Encoding answer =
        word(before(*element), m.offset + std::size_t{i} * m.bytes, m.bytes, to);
    if (answer != Encoding::operation) return answer;
  }
  return Encoding::operation;
}

Encoding Encoder::word(const Node& node, std::size_t at, unsigned bytes,
                       std::vector<std::uint8_t>& to) {
  if (node.kind == NodeKind::unknown) return Encoding::not_performable;
  if (!node.has_value) return complain(node, "number", "its value is not known");
  const std::uint64_t above = bytes == 8 ? 0 : node.value >> (8 * bytes);
  const bool negative =
      bytes < 8 && static_cast<std::int64_t>(node.value) < 0 &&
      static_cast<std::int64_t>(node.value) >= -(std::int64_t{1} << (8 * bytes - 1));
  if (above != 0 && !negative) return complain(node, "number", "it does not fit the member");
  if (to.size() < at + bytes) to.resize(at + bytes);
  for (unsigned i = 0; i < bytes; ++i)
    to[at + i] = static_cast<std::uint8_t>(node.value >> (8 * i));
  return Encoding::operation;
}

// What kvm_device_attr.addr or kvm_one_reg.addr points at.
Encoding Encoder::value(const Node& node, const Member& m) {
  out_.value_at = m.offset;
  if (node.marks & mark_unreadable) {
    out_.flags |= PERFORM_VALUE_BAD;
    return Encoding::operation;
  }
  const bool decoded = node.kind == NodeKind::array || node.kind == NodeKind::structure ||
                       node.kind == NodeKind::string;
  if (!decoded) {
    if (node.kind == NodeKind::unknown || !node.has_value) return Encoding::not_performable;
    if (node.value == 0 || out_.request == request_has_device_attr) return Encoding::operation;
  }
  const bool is_register = (out_.request & 0xff) < 0xe0;
  const ValueLayout* layout =
      is_register ? nullptr : attribute_layout(on_, group_, attribute_, abi_);
  const std::uint32_t bytes = is_register ? register_bytes(register_) : layout ? layout->bytes : 0;
  const bool only_written =
      out_.request == request_get_device_attr || (is_register && (out_.request & 0xff) == 0xab);
  if (!decoded && !only_written)
    return bytes == 0 ? Encoding::operation : Encoding::not_performable;
  out_.flags |= PERFORM_VALUE_PATCH;
  out_.value.assign(bytes, 0);
  return decoded ? value_bytes(node) : Encoding::operation;
}

Encoding Encoder::value_bytes(const Node& node) {
  if (node.kind == NodeKind::string) return raw(node, out_.value);
  const bool is_register = (out_.request & 0xff) < 0xe0;
  const ValueLayout* layout =
      is_register ? nullptr : attribute_layout(on_, group_, attribute_, abi_);
  if (node.kind == NodeKind::structure) {
    if (!layout || layout->members.empty()) return complain(node, "array", "no such structure");
    return members(node, layout->members, out_.value);
  }
  // An attribute that is not known: as many bytes as the kernel will want at most.
  if (out_.value.empty()) out_.value.assign(8, 0);
  const auto step = static_cast<unsigned>(std::min<std::size_t>(out_.value.size(), 8));
  std::size_t at = 0;
  for (const Node* element = first(node); element; element = next(*element), at += step) {
    if (at == out_.value.size()) return complain(*element, "']'", "there are too many words");
    const Encoding answer = word(before(*element), at, step, out_.value);
    if (answer != Encoding::operation) return answer;
  }
  return Encoding::operation;
}

// The inside of a string: \x17 as the decoder writes it, any other character as it is.
Encoding Encoder::raw(const Node& node, std::vector<std::uint8_t>& to) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  };
  constexpr std::size_t bytes_max = 4096;
  to.clear();
  for (std::size_t at = 0; at < node.text.size() && to.size() < bytes_max;) {
    const std::string_view rest = node.text.substr(at);
    if (rest.size() >= 4 && rest.starts_with("\\x")) {
      to.push_back(static_cast<std::uint8_t>((digit(rest[2]) << 4 | digit(rest[3])) & 0xff));
      at += 4;
    } else {
      to.push_back(static_cast<std::uint8_t>(rest[0]));
      ++at;
    }
  }
  return Encoding::operation;
}

}  // namespace

void Operation::clear() {
  std::vector<std::uint8_t> kept_payload = std::move(payload);
  std::vector<std::uint8_t> kept_value = std::move(value);
  kept_payload.clear();
  kept_value.clear();
  *this = Operation{};
  payload = std::move(kept_payload);
  value = std::move(kept_value);
}

Encoding encode(const Call& call, const HandleMap* handles, Operation& out, Diagnostic& why,
                Abi abi) {
  return Encoder(call, handles, out, why, abi).run();
}

void append(const Operation& operation, const Placement& place, std::vector<std::uint8_t>& out) {
  const auto padded = [](std::size_t bytes) { return (bytes + 7) / 8 * 8; };
  perform_op op{};
  op.magic = PERFORM_MAGIC;
  op.kind = operation.kind;
  op.flags = operation.flags;
  op.thread = place.thread;
  op.limit_ms = place.limit_ms;
  op.slot = place.slot;
  op.result_slot = place.result_slot;
  op.tag = place.tag;
  op.payload_bytes = static_cast<std::uint32_t>(operation.payload.size());
  op.value_bytes = static_cast<std::uint32_t>(operation.value.size());
  op.arena_at = static_cast<std::uint16_t>(operation.address_at < 0 ? 0 : operation.address_at);
  op.value_at = operation.value_at;
  op.request = operation.request;
  op.arg = operation.argument;
  op.bytes = static_cast<std::uint32_t>(sizeof op + padded(operation.payload.size()) +
                                        padded(operation.value.size()));
  const std::size_t at = out.size();
  out.resize(at + op.bytes, 0);
  std::memcpy(out.data() + at, &op, sizeof op);
  if (!operation.payload.empty()) {
    std::memcpy(out.data() + at + sizeof op, operation.payload.data(), operation.payload.size());
  }
  if (operation.value.empty()) return;
  std::memcpy(out.data() + at + sizeof op + padded(operation.payload.size()),
              operation.value.data(), operation.value.size());
}

}  // namespace assay::traces

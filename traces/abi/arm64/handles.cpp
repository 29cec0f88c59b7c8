#include "traces/abi/arm64/handles.hpp"

#include <charconv>

#include "traces/abi/arm64/constants.hpp"

namespace assay::traces {
namespace {

constexpr std::string_view system_link = "/dev/kvm";
constexpr std::string_view vm_link = "anon_inode:kvm-vm";
constexpr std::string_view vcpu_link = "anon_inode:kvm-vcpu:";
constexpr std::string_view device_link = "anon_inode:";

struct DeviceName {
  std::uint32_t type;
  std::string_view name;  // struct kvm_device_ops.name
};

constexpr DeviceName device_names[] = {
    {4, "kvm-vfio"},         {5, "kvm-arm-vgic-v2"},  {7, "kvm-arm-vgic-v3"},
    {8, "kvm-arm-vgic-its"}, {10, "kvm-arm-pv-time"},
};

}  // namespace

HandleInfo handle_of_link(std::string_view link) {
  if (link == vm_link) return {FdKind::vm, 0};
  if (link.starts_with(vcpu_link)) {
    std::uint32_t id = 0;
    const std::string_view digits = link.substr(vcpu_link.size());
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    return end.ec == std::errc{} ? HandleInfo{FdKind::vcpu, id} : HandleInfo{};
  }
  // strace -yy: /dev/kvm<char 10:232>
  if (link == system_link || link.starts_with("/dev/kvm<")) return {FdKind::system, 0};
  if (!link.starts_with(device_link)) return {};
  for (const DeviceName& device : device_names)
    if (link.substr(device_link.size()) == device.name) return {FdKind::device, device.type};
  return {};
}

void append_link(HandleInfo handle, std::string& out) {
  switch (handle.kind) {
    case FdKind::none: return;
    case FdKind::system: out += system_link; return;
    case FdKind::vm: out += vm_link; return;
    case FdKind::vcpu: out.append(vcpu_link).append(std::to_string(handle.detail)); return;
    case FdKind::device: break;
  }
  for (const DeviceName& device : device_names) {
    if (device.type != handle.detail) continue;
    out.append(device_link).append(device.name);
    return;
  }
}

void HandleMap::set(std::int32_t descriptor, HandleInfo info) {
  if (descriptor < 0) return;
  if (info.kind == FdKind::none) return close(descriptor);
  if (map_.size() >= entries_max && !map_.contains(descriptor)) return;
  map_[descriptor] = info;
}

void HandleMap::duplicate(std::int32_t from, std::int32_t to) {
  if (from != to) set(to, find(from));
}

HandleInfo HandleMap::find(std::int32_t descriptor) const {
  const auto found = map_.find(descriptor);
  return found == map_.end() ? HandleInfo{} : found->second;
}

}  // namespace assay::traces

// What a file descriptor stands for. KVM's numbers mean different things on different descriptors:
// attribute group 0 is the PMU on a vCPU and the address group on a vGIC, and request 0x4010aeab is
// KVM_GET_ONE_REG on a vCPU and KVM_ARM_SET_DEVICE_ADDR on a VM.
//
// Text says what a descriptor is in its decoration (5<anon_inode:kvm-vcpu:0>); for a binary capture
// a HandleMap follows the calls that make and close descriptors.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace assay::traces {

enum class FdKind : std::uint8_t { none, system, vm, vcpu, device };

struct HandleInfo {
  FdKind kind = FdKind::none;
  std::uint32_t detail = 0;  // vCPU: its id; device: its KVM_DEV_TYPE
};

// "anon_inode:kvm-vcpu:3" -> {vcpu, 3}. {none, 0} for what is not KVM's.
HandleInfo handle_of_link(std::string_view link);

// The inverse: what /proc/self/fd shows, and so what strace -y prints. Appends.
void append_link(HandleInfo handle, std::string& out);

class HandleMap {
 public:
  // Descriptors are few; a stream that pretends otherwise must not cost memory.
  static constexpr std::size_t entries_max = 1 << 20;

  void clear() { map_.clear(); }
  void set(std::int32_t descriptor, HandleInfo info);  // also for a number that is used again
  void close(std::int32_t descriptor) { map_.erase(descriptor); }
  void duplicate(std::int32_t from, std::int32_t to);
  HandleInfo find(std::int32_t descriptor) const;  // {none, 0} if unknown

 private:
  std::unordered_map<std::int32_t, HandleInfo> map_;
};

}  // namespace assay::traces

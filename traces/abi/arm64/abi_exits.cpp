// What struct kvm_run's exit union holds, per exit reason; only what lies in its first 32 bytes,
// which is what a capture keeps.
#include "traces/abi/arm64/abi.hpp"

namespace assay::traces {
namespace {

using enum MemberKind;

constexpr Member mmio[] = {
    {"phys_addr", 0, 8, 1, hexadecimal},
    {"data", 8, 8, 1, hexadecimal},
    {"len", 16, 4},
    {"is_write", 20, 1},
};
constexpr Member fail_entry[] = {
    {"hardware_entry_failure_reason", 0, 8},
    {"fail_cpu", 8, 4},  // kvm_run calls it cpu, which is here the CPU that the call began on
};
constexpr Member internal_error[] = {
    {"suberror", 0, 4},
    {"ndata", 4, 4},
    {"data", 8, 8, 3, hexadecimal},
};
constexpr Member system_event[] = {
    {"type", 0, 4, 1, name, Family::system_event},
    {"ndata", 4, 4},
    {"data", 8, 8, 3, hexadecimal},
};
constexpr Member arm_nisv[] = {
    {"esr_iss", 0, 8, 1, hexadecimal},
    {"fault_ipa", 8, 8, 1, hexadecimal},
};
constexpr Member debug[] = {
    {"hsr", 0, 4, 1, hexadecimal},
    {"hsr_high", 4, 4, 1, hexadecimal},
    {"far", 8, 8, 1, hexadecimal},
};
constexpr Member hypercall[] = {{"nr", 0, 8, 1, hexadecimal}, {"args", 8, 8, 3, hexadecimal}};
constexpr Member memory_fault[] = {
    {"flags", 0, 8, 1, hexadecimal},
    {"gpa", 8, 8, 1, hexadecimal},
    {"size", 16, 8},
};

struct Exit {
  std::uint32_t reason;
  std::span<const Member> members;
};

constexpr Exit exits[] = {
    {3, hypercall},       {4, debug},         {6, mmio},      {9, fail_entry},
    {17, internal_error}, {24, system_event}, {28, arm_nisv}, {39, memory_fault},
};

}  // namespace

std::span<const Member> exit_members(std::uint32_t exit_reason) {
  for (const Exit& row : exits)
    if (row.reason == exit_reason) return row.members;
  return {};
}

}  // namespace assay::traces

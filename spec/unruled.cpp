#include "spec/unruled.hpp"

#include <algorithm>
#include <array>

namespace assay {
namespace {

// Sorted by name. What these do is real, and no rule reads it.
constexpr std::array harmless = {
    HarmlessRequest{"KVM_ARM_GET_REG_WRITABLE_MASKS", "api.rst 4.139: answers only"},
    HarmlessRequest{"KVM_ARM_MTE_COPY_TAGS", "api.rst 4.130: tags of guest memory"},
    HarmlessRequest{"KVM_ARM_SET_COUNTER_OFFSET", "api.rst 4.138: the counters' offset"},
    HarmlessRequest{"KVM_ARM_SET_DEVICE_ADDR",
                    "api.rst 4.85: where a GICv2 lies, which no rule describes"},
    HarmlessRequest{"KVM_CHECK_EXTENSION", "api.rst 4.4: answers only"},
    HarmlessRequest{"KVM_CREATE_GUEST_MEMFD", "api.rst 4.142: a file of its own"},
    HarmlessRequest{"KVM_GET_CLOCK", "api.rst 4.29: answers only"},
    HarmlessRequest{"KVM_GET_DEVICE_ATTR", "api.rst 4.80: answers only"},
    HarmlessRequest{"KVM_GET_ONE_REG", "api.rst 4.69: answers only"},
    HarmlessRequest{"KVM_GET_REG_LIST", "api.rst 4.84: answers only"},
    HarmlessRequest{"KVM_HAS_DEVICE_ATTR", "api.rst 4.81: answers only"},
    HarmlessRequest{"KVM_PRE_FAULT_MEMORY", "api.rst 4.143: stage 2 mappings"},
    HarmlessRequest{"KVM_RESET_DIRTY_RINGS", "api.rst 8.29: dirty bits"},
    HarmlessRequest{"KVM_SET_SIGNAL_MASK", "api.rst 4.21: the signal mask of a vCPU"},
};
static_assert(std::is_sorted(harmless.begin(), harmless.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

// Sorted by name. These change what rules read, in a way that no rule describes
// (api.rst 4.140).
constexpr std::string_view of_registers[] = {"registers", "vcpu"};
constexpr std::string_view of_slots[] = {"slot"};
constexpr std::string_view of_runs[] = {"dead", "gic", "has_ran_once", "vcpu"};
struct Changing {
  std::string_view name;
  std::span<const std::string_view> parts;
  bool also_when_failing;
  const char* source;
};
constexpr std::array changing = {
    Changing{"KVM_RUN", of_runs, true, "arm.c:kvm_arch_vcpu_ioctl_run; one that binds to no rule"},
    Changing{"KVM_SET_ONE_REG", of_registers, false, "api.rst 4.68; one that binds to no rule"},
    Changing{"KVM_SET_USER_MEMORY_REGION2", of_slots, false, "api.rst 4.140: memory slots"},
};

// KVM_ARM_VCPU_TIMER_CTRL gives the timers other interrupts than 27 and 30 (vcpu.rst 2), which the
// checks of a first run take for given: a call that binds to no rule of it.
constexpr unsigned long long timer_group = 1;

}  // namespace

std::span<const HarmlessRequest> harmless_requests() { return harmless; }

MayChange may_change(std::string_view request, bool on_vcpu, unsigned long long group) {
  using What = MayChange::What;
  // All groups of a vCPU and of a GICv3 have rules; what of them binds to none is refused. Those of
  // other devices are not described.
  if (request == "KVM_SET_DEVICE_ATTR") {
    const bool of_timers = on_vcpu && (group == timer_group || group == ~0ull);
    return {of_timers ? What::anything : What::nothing, {}, false};
  }
  // strace names both requests of one number: "KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG".
  if (const std::size_t other = request.find(" or "); other != std::string_view::npos) {
    const MayChange first = may_change(request.substr(0, other), on_vcpu, group);
    const MayChange second = may_change(request.substr(other + 4), on_vcpu, group);
    if (first.what == What::nothing) return second;
    return second.what == What::nothing ? first : MayChange{What::anything, {}, true};
  }
  for (const Changing& c : changing)
    if (c.name == request) return {What::parts, c.parts, c.also_when_failing};
  const auto at = std::lower_bound(harmless.begin(), harmless.end(), request,
                                   [](const auto& h, std::string_view r) { return h.name < r; });
  const bool is_harmless = at != harmless.end() && at->name == request;
  return {is_harmless ? What::nothing : What::anything, {}, !is_harmless};
}

bool is_part(std::string_view path, std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    if (!path.starts_with(part)) return false;
    return path.size() == part.size() || path[part.size()] == '.' || path[part.size()] == '[';
  });
}

}  // namespace assay

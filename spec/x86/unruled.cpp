#include "spec/x86/unruled.hpp"

#include <algorithm>
#include <array>

namespace assay::x86 {
namespace {

// Sorted by name. What these do is real, and no rule reads it.
constexpr std::array harmless = {
    HarmlessRequest{"KVM_CHECK_EXTENSION", "api.rst: answers only"},
    HarmlessRequest{"KVM_CREATE_DEVICE", "api.rst: a device of its own"},
    HarmlessRequest{"KVM_CREATE_GUEST_MEMFD", "api.rst: a file of its own"},
    HarmlessRequest{"KVM_CREATE_PIT2", "api.rst: a timer of its own"},
    HarmlessRequest{"KVM_GET_CPUID2", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_DEBUGREGS", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_DIRTY_LOG", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_EMULATED_CPUID", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_FPU", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_IRQCHIP", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_LAPIC", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_MP_STATE", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_MSR_FEATURE_INDEX_LIST", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_MSR_INDEX_LIST", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_PIT2", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_REGS", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_SREGS", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_SREGS2", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_SUPPORTED_CPUID", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_VCPU_EVENTS", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_VCPU_MMAP_SIZE", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_XCRS", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_XSAVE", "api.rst: answers only"},
    HarmlessRequest{"KVM_GET_XSAVE2", "api.rst: answers only"},
    HarmlessRequest{"KVM_IOEVENTFD", "api.rst: guest writes that go to an eventfd"},
    HarmlessRequest{"KVM_IRQFD", "api.rst: interrupts by an eventfd"},
    HarmlessRequest{"KVM_IRQ_LINE", "api.rst: an interrupt"},
    HarmlessRequest{"KVM_IRQ_LINE_STATUS", "api.rst: an interrupt"},
    HarmlessRequest{"KVM_KVMCLOCK_CTRL", "api.rst: the guest was stopped"},
    HarmlessRequest{"KVM_REGISTER_COALESCED_MMIO", "api.rst: guest writes"},
    HarmlessRequest{"KVM_SET_DEBUGREGS", "api.rst: debug registers"},
    HarmlessRequest{"KVM_SET_FPU", "api.rst: the FPU"},
    HarmlessRequest{"KVM_SET_GSI_ROUTING", "api.rst: routes of interrupts"},
    HarmlessRequest{"KVM_SET_IDENTITY_MAP_ADDR", "api.rst: where a page lies"},
    HarmlessRequest{"KVM_SET_IRQCHIP", "api.rst: PICs and the I/O APIC"},
    HarmlessRequest{"KVM_SET_LAPIC", "api.rst: a local APIC"},
    HarmlessRequest{"KVM_SET_MP_STATE", "api.rst: whether a vCPU runs"},
    HarmlessRequest{"KVM_SET_PIT2", "api.rst: a timer"},
    HarmlessRequest{"KVM_SET_REGS", "api.rst: general registers"},
    HarmlessRequest{"KVM_SET_SIGNAL_MASK", "api.rst: the signal mask of a vCPU"},
    HarmlessRequest{"KVM_SET_SREGS", "api.rst: segments and control registers"},
    HarmlessRequest{"KVM_SET_SREGS2", "api.rst: segments and control registers"},
    HarmlessRequest{"KVM_SET_TSS_ADDR", "api.rst: where pages lie"},
    HarmlessRequest{"KVM_SET_USER_MEMORY_REGION", "api.rst: memory slots"},
    HarmlessRequest{"KVM_SET_USER_MEMORY_REGION2", "api.rst: memory slots"},
    HarmlessRequest{"KVM_SET_VCPU_EVENTS", "api.rst: pending exceptions"},
    HarmlessRequest{"KVM_SET_XCRS", "api.rst: XCR0"},
    HarmlessRequest{"KVM_SET_XSAVE", "api.rst: the FPU"},
    HarmlessRequest{"KVM_SIGNAL_MSI", "api.rst: an interrupt"},
    HarmlessRequest{"KVM_TPR_ACCESS_REPORTING", "api.rst: exits of accesses to the TPR"},
    HarmlessRequest{"KVM_UNREGISTER_COALESCED_MMIO", "api.rst: guest writes"},
    HarmlessRequest{"KVM_X86_SETUP_MCE", "api.rst: machine checks"},
};
static_assert(std::is_sorted(harmless.begin(), harmless.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

}  // namespace

std::span<const HarmlessRequest> harmless_requests() { return harmless; }

MayChange may_change(std::string_view request, bool, unsigned long long) {
  const auto at = std::lower_bound(harmless.begin(), harmless.end(), request,
                                   [](const auto& h, std::string_view r) { return h.name < r; });
  const bool is_harmless = at != harmless.end() && at->name == request;
  return {is_harmless ? MayChange::What::nothing : MayChange::What::anything, {}, !is_harmless};
}

}  // namespace assay::x86

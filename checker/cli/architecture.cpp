#include "checker/cli/architecture.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace assay::cli {
namespace {

struct Request {
  std::string_view name;
  std::uint32_t number = 0;
};

// linux/kvm.h and arch/x86/include/uapi/asm/kvm.h, of 6.12: what a VMM on x86 cannot do without.
constexpr std::array<Request, 16> of_x86{{{"KVM_GET_MSR_INDEX_LIST", 0xc004ae02},
                                          {"KVM_GET_SUPPORTED_CPUID", 0xc008ae05},
                                          {"KVM_GET_EMULATED_CPUID", 0xc008ae09},
                                          {"KVM_SET_TSS_ADDR", 0xae47},
                                          {"KVM_SET_IDENTITY_MAP_ADDR", 0x4008ae48},
                                          {"KVM_CREATE_PIT2", 0x4040ae77},
                                          {"KVM_SET_CLOCK", 0x4030ae7b},
                                          {"KVM_GET_SREGS", 0x8138ae83},
                                          {"KVM_SET_SREGS", 0x4138ae84},
                                          {"KVM_GET_MSRS", 0xc008ae88},
                                          {"KVM_SET_MSRS", 0x4008ae89},
                                          {"KVM_GET_LAPIC", 0x8400ae8e},
                                          {"KVM_SET_LAPIC", 0x4400ae8f},
                                          {"KVM_SET_CPUID2", 0x4008ae90},
                                          {"KVM_GET_CPUID2", 0xc008ae91},
                                          {"KVM_GET_XSAVE", 0x9000aea4}}};
struct Prefix {
  std::string_view begin, architecture;
};
constexpr std::array<Prefix, 7> prefixes{{{"KVM_ARM_", "arm64"},
                                          {"KVM_X86_", "x86"},
                                          {"KVM_XEN_", "x86"},
                                          {"KVM_HYPERV_", "x86"},
                                          {"KVM_S390_", "s390"},
                                          {"KVM_PPC_", "powerpc"},
                                          {"KVM_RISCV_", "riscv"}}};

std::uint32_t number_of(std::string_view text) {
  if (!text.starts_with("0x")) return 0;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

}  // namespace

bool is_of_other_architecture(const traces::TraceEvent& e, std::string_view architecture) {
  if (e.kind != traces::TraceKind::unmodelled && e.kind != traces::TraceKind::ignored) return false;
  if (!e.event.answered || e.event.answer != Errno::ok || e.name.empty()) return false;
  const bool has_prefix = std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& p) {
    return p.architecture != architecture && e.name.starts_with(p.begin);
  });
  if (has_prefix || architecture == "x86") return has_prefix;
  const std::uint32_t number = number_of(e.name);
  return std::any_of(of_x86.begin(), of_x86.end(), [&](const Request& r) {
    return r.name == e.name || (number != 0 && r.number == number);
  });
}

}  // namespace assay::cli

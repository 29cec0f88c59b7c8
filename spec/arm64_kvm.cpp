#include "spec/arm64_kvm.hpp"

#include <array>
#include <cctype>

#include "spec/arch/spu/registers.hpp"
#include "spec/kvm/stages.hpp"
#include "spec/profiles.hpp"

namespace assay {
namespace {

constexpr std::array<std::string_view, 3> machines{"aarch64", "aarch64_be", "arm64"};
constexpr std::array<std::string_view, 3> host_is_some{"vcpus_max", "slots_max",
                                                       "user_address_bits"};
// In the order of Dim.
constexpr std::array dimensions{
    Dimension{"vcpus", "vCPUs", 3, "online"},
    Dimension{"pes", "known PEs", 4},
    Dimension{"slots", "memory slots", 4, "host.slots_max"},
    Dimension{"pmus", "host PMUs", 2},
    Dimension{"regions", "redistributor regions", 2, "gic.regions"},
    Dimension{"itses", "ITSs", 1, "itses.count"},
};

constexpr std::array named_leaves_of_state{
    NamedLeaf{"host.pe[].pmu", pmu_of_pe_names},
    NamedLeaf{"host.pe[].spe", spe_version_names},
    NamedLeaf{"vcpu[].spe.stop", spe_stop_names},
    NamedLeaf{"vcpu[].spe.regs.fill", fill_mode_names},
    NamedLeaf{"vcpu[].spe.regs.ec", spu_ec_names},
    NamedLeaf{"spu[].fill", fill_mode_names},
    NamedLeaf{"spu[].ec", spu_ec_names},
    NamedLeaf{"spu[].at_el2.ec", spu_ec_names},
    NamedLeaf{"spu[].at_el3.ec", spu_ec_names},
    NamedLeaf{"spu[].firmware", names_of_values<SpuFirmware>},
    NamedLeaf{"spu[].recorded_at", names_of_values<SpuRecordedAt>},
    NamedLeaf{"spu[].event", names_of_values<SpuEvent>},
    NamedLeaf{"spu[].translations.stage1.first.access", names_of_values<SpuAccessTo>},
    NamedLeaf{"spu[].translations.stage1.second.access", names_of_values<SpuAccessTo>},
    NamedLeaf{"spu[].translations.stage2.first.access", names_of_values<SpuAccessTo>},
    NamedLeaf{"spu[].translations.stage2.second.access", names_of_values<SpuAccessTo>},
    NamedLeaf{"spu[].barriers.reached", names_of_values<Synchronised>},
    NamedLeaf{"spe_switch[].stage", names_of_values<Switch>},
    NamedLeaf{"spe_switch[].host.fill", fill_mode_names},
    NamedLeaf{"spe_switch[].host.ec", spu_ec_names},
};
constexpr std::array<std::string_view, 2> own_events{"spe_", "kvm_spe_"};
constexpr std::array ordinary_states{
    OrdinaryState{"", "created", "a VM was created"},
    OrdinaryState{"spu", "all(spu, s: !s.unpredictable)", "no SPU may do anything"},
    OrdinaryState{"spu", "any(host.pe, p: p.spe != untold && p.spe != absent)", "a PE has SPE"},
    OrdinaryState{"spe_switch", "any(host.pe, p: p.spe != untold && p.spe != absent)",
                  "a PE has SPE"},
};

// The registers of an SPU, and where KVM keeps a guest's and the host's.
std::vector<LeafField> register_fields() {
  std::vector<LeafField> out;
  const auto add = [&](std::string_view reg, std::string_view argument, std::string_view member) {
    std::string field(argument);
    for (char& c : field) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    field = field == "VALUE" ? std::string(reg) : std::string(reg) + "." + field;
    for (const std::string_view unit : {"spu[]", "vcpu[].spe.regs", "spe_switch[].host"})
      out.push_back({std::string(unit) + "." + std::string(member), field});
    // What is recorded above EL1 has the same layout.
    if (reg != "PMBSR_EL1") return;
    for (const auto& [bank, name] :
         {std::pair{"spu[].at_el2.", "PMBSR_EL2"}, std::pair{"spu[].at_el3.", "PMBSR_EL3"}})
      out.push_back({bank + std::string(member), name + field.substr(reg.size())});
  };
  [&]<class... R>(TypeList<R...>) { (each_kept_field<R>(add), ...); }(SpuRegisters{});
  return out;
}

unsigned size_in(const Shape& shape, Dim d) { return shape.size[static_cast<std::size_t>(d)]; }

}  // namespace

SystemInfo Arm64Kvm::info() {
  SystemInfo all;
  all.name = "arm64-kvm";
  all.architecture = "arm64";
  all.machines = machines;
  all.dimensions = dimensions;
  all.profiles = arm64_profiles();
  all.usual_profile = "linux-6.1";
  all.nearest_profile = profile_for_release;
  all.profile_of_kernel = profile_of_kernel;
  all.registers = spe_sysregs;
  all.register_aliases = spe_register_aliases;
  all.stages = arm64_stages();
  all.harmless = harmless_requests();
  all.may_change = may_change;
  all.host_is_some = host_is_some;
  all.named_leaves = named_leaves_of_state;
  all.ordinary = ordinary_states;
  all.own_events = own_events;
  all.register_fields = register_fields;
  return all;
}

Host<Concrete> Arm64Kvm::usual_host() {
  Host<Concrete> host{};
  host.ipa_bits_max = 48;
  host.user_address_bits = 48;
  host.vcpus_max = 512;
  host.slots_max = 32767;
  host.target = 5;
  host.pmu_event_space = 0x10000;
  host.pmu_counters_max = 6;
  host.pmu_v3 = host.sve = host.ptrauth = host.el1_32bit = true;
  host.gic_v3 = host.its = true;
  for (unsigned cpu = 0; cpu < 4; ++cpu) host.pe[cpu].pmu = cpu < 2 ? 8 : 9;
  host.pmu[0].type = 8;
  host.pmu[1].type = 9;
  return host;
}

Host<Concrete> Arm64Kvm::typical_host(const Shape& shape) {
  return assay::typical_host(size_in(shape, Dim::vcpu), size_in(shape, Dim::slot));
}

void Arm64Kvm::fit_host(Host<Concrete>& host, const Shape& shape) {
  if (host.slots_max > size_in(shape, Dim::slot)) host.slots_max = size_in(shape, Dim::slot);
}

// CPUs with different PMUs differ.
std::vector<u64> Arm64Kvm::cpus(const Host<Concrete>& host) {
  std::vector<u64> out;
  host.pe.for_each([&](const auto& pe, std::size_t i) {
    if (raw(pe.pmu) == 0) return;
    out.resize(i + 1);
    out[i] = raw(pe.pmu);
  });
  return out;
}

const System& arm64_kvm() {
  static const System& system = System::registered("arm64-kvm", 0);
  return system;
}

}  // namespace assay

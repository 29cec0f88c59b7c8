#include "traces/abi/arm64/host_info.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>

#include "spec/host_values.hpp"
#include "traces/abi/arm64/abi.hpp"

namespace assay::traces {
namespace {

using Pairs = std::map<std::string, std::string, std::less<>>;

Pairs pairs_of(std::string_view text) {
  Pairs out;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (std::size_t equals = line.find('='); equals != std::string_view::npos)
      out.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

u64 number_at(std::string_view text) {
  u64 value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Calls f(cpu) for each member of a list such as "0-1,4".
template <class F>
void each_cpu(std::string_view list, F&& f) {
  while (!list.empty()) {
    std::size_t end = std::min(list.find(','), list.size());
    std::string_view range = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    std::size_t dash = range.find('-');
    u64 first = number_at(range);
    u64 last = dash == std::string_view::npos ? first : number_at(range.substr(dash + 1));
    for (u64 cpu = first; cpu <= last && cpu < 4096; ++cpu) f(cpu);
  }
}

void read_pmus(const Pairs& pairs, SystemHost& host) {
  std::set<u64> covered;
  std::map<u64, std::string> by_type;  // KVM lists PMUs in the order in which they were registered
  for (const auto& [key, value] : pairs)
    if (key.starts_with("pmu.") && key.ends_with(".type"))
      by_type[number_at(value)] = key.substr(4, key.size() - 9);
  unsigned index = 0;
  bool all_told = !by_type.empty();
  for (const auto& entry : by_type) {
    const u64 type = entry.first;
    host.set(fmt::format("pmu[{}].type", index++), type);
    auto cpus = pairs.find(fmt::format("pmu.{}.cpus", entry.second));
    all_told = all_told && cpus != pairs.end();
    if (cpus == pairs.end()) continue;
    each_cpu(cpus->second, [&](u64 cpu) {
      host.set(fmt::format("pe[{}].pmu", cpu), type);
      covered.insert(cpu);
    });
  }
  const auto online = pairs.find("online_cpus");
  if (!all_told || online == pairs.end()) return;
  each_cpu(online->second, [&](u64 cpu) {
    if (!covered.contains(cpu)) host.set(fmt::format("pe[{}].pmu", cpu), no_pmu);
  });
}

// What read_host_info() looks up, and what it did not find.
struct Facts {
  Pairs pairs;
  std::string missing;

  u64 get(const char* key) {
    const auto at = pairs.find(key);
    if (at != pairs.end()) return number_at(at->second);
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", key);
    return 0;
  }
  bool is(const char* key, std::string_view value) const {
    const auto at = pairs.find(key);
    return at != pairs.end() && at->second == value;
  }
};

void read_arm64(Facts& facts, SystemHost& host) {
  host.set("ipa_bits_max", facts.get("cap.ARM_VM_IPA_SIZE") & 0xff);
  host.set("vcpus_max", facts.get("cap.MAX_VCPUS") & 0xffff);
  host.set("slots_max", facts.get("cap.NR_MEMSLOTS") & 0xffff);
  host.set("target", facts.get("preferred_target"));
  host.set("pmu_v3", facts.get("cap.ARM_PMU_V3") != 0);
  host.set("sve", facts.get("cap.ARM_SVE") != 0);
  host.set("ptrauth",
           facts.get("cap.ARM_PTRAUTH_ADDRESS") != 0 && facts.get("cap.ARM_PTRAUTH_GENERIC") != 0);
  host.set("el1_32bit", facts.get("cap.ARM_EL1_32BIT") != 0);
  host.set("gic_v2", facts.is("device.VGIC_V2", "0"));
  host.set("gic_v3", facts.is("device.VGIC_V3", "0"));
  host.set("its", facts.is("device.VGIC_ITS", "0"));
  host.set("user_address_bits", facts.get("user_address_bits") & 0xff);
  // No call tells these. PMUv3 after 3.0 has 16-bit event numbers; the emulated machine has six
  // event counters.
  host.set("pmu_event_space", 0x10000);
  host.set("pmu_counters_max", 6);
  read_pmus(facts.pairs, host);
}

void read_x86(Facts& facts, SystemHost& host) {
  host.set("vcpus_max", facts.get("cap.MAX_VCPUS") & 0xffff);
  host.set("vcpu_ids_max", facts.get("cap.MAX_VCPU_ID") & 0xffff);
  host.set("slots_max", facts.get("cap.NR_MEMSLOTS") & 0xffff);
  host.set("vm_types", facts.get("cap.VM_TYPES") | 1);  // 6.1 does not know the capability
  host.set("vendor", facts.is("vendor", "AuthenticAMD"));
  const u64 khz = facts.get("tsc_khz");
  constexpr u64 million = 1000000, tolerance_ppm = 250;
  host.set("tsc.khz", khz);
  host.set("tsc.khz_least", khz * (million - tolerance_ppm) / million);
  host.set("tsc.khz_most", khz * (million + tolerance_ppm) / million);
  host.set("tsc.scales", facts.get("cap.TSC_CONTROL") != 0);
  host.set("tsc.khz_max", 0xffffffff);
  host.set("tsc.clock_is_tsc", facts.is("clocksource", "tsc"));
}

}  // namespace

std::string read_host_info(std::string_view text, TraceHeader& header) {
  Facts facts{pairs_of(text), {}};
  const auto machine = facts.pairs.find("machine");
  const auto release = facts.pairs.find("release");
  header.machine = machine != facts.pairs.end() ? machine->second : "";
  const System* system = system_of_machine(header.machine);
  if (system == nullptr) system = &default_system();
  SystemHost& host = header.host;
  host = system->info().blank_host();
  header.version = trace_version;
  header.host_known = header.host_rest_is_zero = true;
  if (release != facts.pairs.end()) {
    header.kernel = release->second;
    const Profile* const p = profile_of_kernel(header.kernel, header.machine);
    if (p != nullptr) header.profile = p->name;
  } else {
    facts.missing = "release";
  }
  if (abi_of_machine(header.machine) == Abi::x86) read_x86(facts, host);
  else read_arm64(facts, host);
  return facts.missing;
}

}  // namespace assay::traces

#include "traces/abi/arm64/host_info.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>

#include "spec/host_values.hpp"

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

}  // namespace

std::string read_host_info(std::string_view text, TraceHeader& header) {
  Pairs pairs = pairs_of(text);
  std::string missing;
  auto get = [&](const char* key) -> u64 {
    auto at = pairs.find(key);
    if (at != pairs.end()) return number_at(at->second);
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", key);
    return 0;
  };
  auto creatable = [&](const char* key) {
    auto at = pairs.find(key);
    return at != pairs.end() && at->second == "0";
  };
  SystemHost& host = header.host;
  host = system_of_machine("aarch64")->info().blank_host();
  header.version = trace_version;
  header.host_known = header.host_rest_is_zero = true;
  if (auto release = pairs.find("release"); release != pairs.end()) {
    header.kernel = release->second;
    if (const Profile* p = profile_of_kernel(header.kernel); p != nullptr) header.profile = p->name;
  } else {
    missing = "release";
  }
  if (auto machine = pairs.find("machine"); machine != pairs.end())
    header.machine = machine->second;
  host.set("ipa_bits_max", get("cap.ARM_VM_IPA_SIZE") & 0xff);
  host.set("vcpus_max", get("cap.MAX_VCPUS") & 0xffff);
  host.set("slots_max", get("cap.NR_MEMSLOTS") & 0xffff);
  host.set("target", get("preferred_target"));
  host.set("pmu_v3", get("cap.ARM_PMU_V3") != 0);
  host.set("sve", get("cap.ARM_SVE") != 0);
  host.set("ptrauth", get("cap.ARM_PTRAUTH_ADDRESS") != 0 && get("cap.ARM_PTRAUTH_GENERIC") != 0);
  host.set("el1_32bit", get("cap.ARM_EL1_32BIT") != 0);
  host.set("gic_v2", creatable("device.VGIC_V2"));
  host.set("gic_v3", creatable("device.VGIC_V3"));
  host.set("its", creatable("device.VGIC_ITS"));
  host.set("user_address_bits", get("user_address_bits") & 0xff);
  // No call tells these. PMUv3 after 3.0 has 16-bit event numbers; the emulated machine has six
  // event counters.
  host.set("pmu_event_space", 0x10000);
  host.set("pmu_counters_max", 6);
  read_pmus(pairs, host);
  return missing;
}

}  // namespace assay::traces

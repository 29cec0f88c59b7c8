#include "spec/x86/profiles.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace assay::x86 {
namespace {

using enum Behaviour;

// A VMM that migrates, between hosts with the newest kernel.
template <class... B>
constexpr Profile migration(std::string_view name, B... what) {
  return {name, Precedence::exact,
          behaviour_set(vm_has_types, masterclock_is_left_alone, vm_rate_comes_before_vcpus,
                        tsc_migration, what...)};
}

constexpr std::array all{
    Profile{"documented-x86", Precedence::documented,
            behaviour_set(vm_has_types, documented_alternatives, vm_rate_comes_before_vcpus,
                          feature_msrs_fixed_by_run, pebs_pmi_once)},
    Profile{"linux-6.1-x86", Precedence::exact, behaviour_set(pebs_pmi_once)},
    Profile{"linux-6.12-x86", Precedence::exact,
            behaviour_set(vm_has_types, masterclock_is_left_alone, feature_msrs_fixed_by_run,
                          pebs_pmi_once)},
    Profile{"linux-7.2-x86", Precedence::exact,
            behaviour_set(vm_has_types, masterclock_is_left_alone, vm_rate_comes_before_vcpus,
                          feature_msrs_fixed_by_run, pebs_pmi_once)},
    Profile{"pebs-v3", Precedence::exact, behaviour_set(pebs_slow_path, pmu_bits_kept_by_kvm)},
    Profile{"pebs-v3-intent", Precedence::exact,
            behaviour_set(pebs_slow_path, pebs_slow_path_as_meant, pmu_bits_kept_by_kvm)},
    migration("tsc-documented"),
    migration("tsc-sign-of-clock", migration_adds_difference),
    migration("tsc-sign-of-hosts", migration_swaps_hosts),
    migration("tsc-unit-ignored", migration_multiplies_only),
    migration("tsc-unit-hz", migration_takes_khz_for_hz),
    migration("tsc-64-bit-product", migration_product_wraps),
    migration("tsc-unsigned-division", migration_divides_unsigned),
    migration("tsc-no-realtime", migration_forgets_realtime),
    migration("tsc-no-host-tsc", migration_has_no_host_tsc),
    migration("tsc-scaled", migration_scales_guest),
    migration("tsc-scaled-difference", migration_scales_guest, migration_scales_difference),
    migration("tsc-written", migration_writes_tsc),
};

const Profile* named(std::string_view name) {
  const auto at =
      std::find_if(all.begin(), all.end(), [name](const Profile& p) { return p.name == name; });
  return at == all.end() ? nullptr : &*at;
}

// "6.1.0-51-amd64" is 6 and 1.
struct Release {
  int major = 0, minor = 0;
  bool is_one = false;
};
Release release_of(std::string_view text) {
  Release out;
  const char* const end = text.data() + text.size();
  const auto [dot, bad_major] = std::from_chars(text.data(), end, out.major);
  if (bad_major != std::errc{} || dot == end || *dot != '.') return {};
  const auto [rest, bad_minor] = std::from_chars(dot + 1, end, out.minor);
  out.is_one = bad_minor == std::errc{};
  return out;
}

}  // namespace

std::span<const Profile> profiles() { return all; }

const Profile* profile_for_release(std::string_view text) {
  const Release release = release_of(text);
  if (!release.is_one) return nullptr;
  if (release.major > 6) return named("linux-7.2-x86");
  const bool has_types = release.major == 6 && release.minor >= 8;
  return named(has_types ? "linux-6.12-x86" : "linux-6.1-x86");
}

const Profile* profile_of_kernel(std::string_view text) {
  const Release release = release_of(text);
  if (!release.is_one) return nullptr;
  return named("linux-" + std::to_string(release.major) + "." + std::to_string(release.minor) +
               "-x86");
}

}  // namespace assay::x86

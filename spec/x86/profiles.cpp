#include "spec/x86/profiles.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace assay::x86 {
namespace {

using enum Behaviour;

constexpr std::array all{
    Profile{"documented-x86", Precedence::documented,
            behaviour_set(vm_has_types, feature_msrs_fixed_by_run, pebs_pmi_once)},
    Profile{"linux-6.1-x86", Precedence::exact, behaviour_set(pebs_pmi_once)},
    Profile{"linux-6.12-x86", Precedence::exact,
            behaviour_set(vm_has_types, feature_msrs_fixed_by_run, pebs_pmi_once)},
    Profile{"pebs-v3", Precedence::exact, behaviour_set(pebs_slow_path, pmu_bits_kept_by_kvm)},
    Profile{"pebs-v3-intent", Precedence::exact,
            behaviour_set(pebs_slow_path, pebs_slow_path_as_meant, pmu_bits_kept_by_kvm)},
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
  const bool has_types = release.major > 6 || (release.major == 6 && release.minor >= 8);
  return named(has_types ? "linux-6.12-x86" : "linux-6.1-x86");
}

const Profile* profile_of_kernel(std::string_view text) {
  const Release release = release_of(text);
  if (!release.is_one) return nullptr;
  return named("linux-" + std::to_string(release.major) + "." + std::to_string(release.minor) +
               "-x86");
}

}  // namespace assay::x86

// The table of spec/x86/tsc/MIGRATION.md: what each way to compute a guest's TSC offset does to the
// guest's time, computed here with numbers of two hosts and judged by the specification. The two
// must agree: a VMM of a profile does what its rules require, and what breaks is what the numbers
// say. The traces in traces/corpus/x86/tsc are what this test writes.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/checker/checked.hpp"

namespace assay {
namespace {

__extension__ using s128 = __int128;

constexpr const char* goes_back = "guest_time_never_goes_backwards";
constexpr const char* is_wrong = "guest_time_differs_from_true_elapsed_time_by_at_most_the_bound";

// Two hosts and a downtime. All TSCs run at 2.59998 GHz; CLOCK_REALTIME is wrong by 5 ms at most:
// 2 ms behind on the source, 3 ms ahead on the destination.
struct Scenario {
  u64 downtime_ns;
  u64 khz = 2599980;
  u64 source_time = 1'764'000'000'000'000'000;
  u64 source_tsc = 18'719'856'000'000;              // up for two hours
  u64 source_clock = 3'600'000'000'000;             // the guest for one
  u64 source_offset = 18'446'734'713'781'551'616u;  // minus 9.36e12
  u64 destination_tsc = 2'339'982'000'000;          // up for a quarter of an hour
  u64 source_error = 2'000'000, destination_error = 3'000'000, error_max = 5'000'000;
  u64 read_delay = 1'000'000;
};

struct Variant {
  const char* profile;
  const char* what;
  const char* file;  // of its trace; with which downtime it shows best
  bool shows_long = false;
};
constexpr Variant variants[] = {
    {"tsc-documented", "as documented, in exact arithmetic modulo 2^64", "as-documented"},
    {"tsc-sign-of-clock", "adds (guest_src - guest_dest) * freq instead of subtracting it",
     "sign-of-clock"},
    {"tsc-sign-of-hosts", "adds (tsc_dest - tsc_src) instead of (tsc_src - tsc_dest)",
     "sign-of-hosts"},
    {"tsc-unit-ignored", "multiplies nanoseconds by kHz, as the formula is written",
     "unit-ignored"},
    {"tsc-unit-hz", "takes KVM_GET_TSC_KHZ for Hz: divides by 10^9", "unit-hz"},
    {"tsc-64-bit-product", "multiplies in 64 bits before it divides", "product-of-64-bits", true},
    {"tsc-unsigned-division", "divides the negative (guest_src - guest_dest) * freq as unsigned",
     "unsigned-division"},
    {"tsc-no-realtime", "KVM_SET_CLOCK without KVM_CLOCK_REALTIME", "no-realtime"},
    {"tsc-no-host-tsc", "takes zero for the host TSC that KVM_GET_CLOCK did not tell",
     "no-host-tsc"},
    {"tsc-scaled", "guest scaled by 13/10, host TSCs taken as they are", "scaled"},
    {"tsc-scaled-difference", "guest scaled by 13/10, host TSCs scaled as well",
     "scaled-difference"},
    {"tsc-written", "saves and writes IA32_TSC, not the offset", "written"},
};

struct Outcome {
  std::string trace;  // without its header
  s128 error_ns = 0;
  bool went_back = false;
};

u64 ticks_of(u64 ns, u64 khz) { return static_cast<u64>(static_cast<s128>(ns) * khz / 1000000); }
u64 scaled(u64 tsc, bool is) {
  return is ? static_cast<u64>(static_cast<s128>(tsc) * 13 / 10) : tsc;
}

// What a VMM of the variant does, in words of 64 bits.
Outcome migrate(std::string_view profile, const Scenario& s) {
  const auto is = [&](std::string_view name) { return profile == name; };
  const bool is_scaled = profile.starts_with("tsc-scaled");
  const u64 set_time = s.source_time + s.downtime_ns, read_time = set_time + s.read_delay;
  const u64 source_real = s.source_time - s.source_error;
  const u64 set_real = set_time + s.destination_error;
  const u64 set_clock = s.source_clock + (is("tsc-no-realtime") ? 0 : set_real - source_real);
  const u64 read_clock = set_clock + s.read_delay;
  const u64 read_tsc = s.destination_tsc;

  const u64 elapsed = read_clock - s.source_clock;
  u64 ticks = ticks_of(elapsed, s.khz);
  if (is("tsc-unit-ignored")) ticks = elapsed * s.khz;
  if (is("tsc-unit-hz")) ticks = static_cast<u64>(static_cast<s128>(elapsed) * s.khz / 1000000000);
  if (is("tsc-64-bit-product")) ticks = elapsed * s.khz / 1000000;
  if (is("tsc-unsigned-division")) ticks = (s.source_clock - read_clock) * s.khz / 1000000;
  const bool scales_both = is("tsc-scaled-difference");
  u64 from = scaled(s.source_tsc, scales_both), to = scaled(read_tsc, scales_both);
  if (is("tsc-no-host-tsc")) to = 0;
  if (is("tsc-sign-of-hosts")) std::swap(from, to);
  const bool is_negative = is("tsc-sign-of-clock") || is("tsc-unsigned-division");
  u64 offset = s.source_offset + (is_negative ? u64{0} - ticks : ticks) + from - to;
  if (is("tsc-written")) offset -= ticks;

  Outcome out;
  const u64 before = scaled(s.source_tsc, is_scaled) + s.source_offset;
  const u64 after = scaled(read_tsc, is_scaled) + offset;
  const auto advance = static_cast<std::int64_t>(after - before);
  out.went_back = advance < 0;
  out.error_ns = static_cast<s128>(advance) * 1000000 / s.khz - (s.downtime_ns + s.read_delay);
  constexpr const char* vm = "fd=4<anon_inode:kvm-vm>";
  out.trace = fmt::format(
      "96 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
      "96 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "96 migration_source: {0} time={1} host_tsc={2} clock={3} realtime={4} offset={5}\n"
      "96 migration_set_clock: {0} time={6} realtime={7} clock={8}\n"
      "96 migration_read_clock: {0} time={9} host_tsc={10} clock={11}\n"
      "96 migration_write_offset: {0} elapsed={12} ticks={13} offset={14}\n",
      vm, s.source_time, s.source_tsc, s.source_clock, source_real, s.source_offset, set_time,
      set_real, set_clock, read_time, read_tsc, read_clock, elapsed, ticks, offset);
  return out;
}

std::string header_of(const Variant& v, const Scenario& s, bool breaks, bool went_back) {
  return fmt::format(
      "# assay-trace 1\n# profile {}\n# host machine=x86_64\n"
      "# host *=0 vcpus_max=1024 vcpu_ids_max=4096 slots_max=32764 vm_types=1 tsc.khz=2599980 "
      "tsc.khz_least=2599330 tsc.khz_most=2600629 tsc.khz_max=4294967295 migration.rate=2 "
      "migration.clock_error={}\n# expect {}\n# The VMM: {}. Written by "
      "tests/x86/migration_test.cpp.\n",
      v.profile, s.error_max,
      !breaks     ? "conforms"
      : went_back ? fmt::format("violates {}", goes_back)
                  : fmt::format("violates {}", is_wrong),
      v.what);
}

// "+5000000", with thin groups for those who read it.
std::string spelt(s128 value) {
  const bool is_negative = value < 0;
  std::string digits;
  for (s128 left = is_negative ? -value : value; left != 0 || digits.empty(); left /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(left % 10)));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return (is_negative ? "-" : "+") + digits;
}

constexpr Scenario brief{.downtime_ns = 250'000'000};
constexpr Scenario three_hours{.downtime_ns = 10'800'000'000'000};
constexpr s128 bound_ns = 2 * 5'000'000;  // and two ticks

std::string row_of(const Variant& v, const Outcome& is_short, const Outcome& is_long) {
  const auto cell = [](const Outcome& o) {
    return spelt(o.error_ns) + (o.went_back ? ", backwards" : "");
  };
  return fmt::format("| `{}` | {} | {} | {} | `{}.trace` |\n", v.profile, v.what, cell(is_short),
                     cell(is_long), v.file);
}

bool breaks_bound(const Outcome& o) { return o.error_ns > bound_ns || o.error_ns < -bound_ns; }

std::string contents_of(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// With ASSAY_WRITE_TABLES set, files become what they should be.
void expect_file(const std::string& path, const std::string& text) {
  if (std::getenv("ASSAY_WRITE_TABLES") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(contents_of(path), text) << path << ": write it anew with ASSAY_WRITE_TABLES=1";
}

std::set<std::string> broken_claims(const checker::Report& report) {
  std::set<std::string> out;
  for (const auto& f : report.findings) out.insert(f.check);
  return out;
}

TEST(Migration, TheSpecificationSaysOfEachVariantWhatTheNumbersSay) {
  for (const Variant& v : variants) {
    for (const Scenario& s : {brief, three_hours}) {
      const Outcome o = migrate(v.profile, s);
      const checker::Report r =
          checker::check_text(header_of(v, s, breaks_bound(o), o.went_back) + o.trace);
      std::set<std::string> wanted;
      if (o.went_back) wanted.insert(goes_back);
      if (breaks_bound(o)) wanted.insert(is_wrong);
      std::set<std::string> seen = broken_claims(r);
      seen.erase("kvmclock_is_behind_true_time_by_at_most_the_bound");
      EXPECT_EQ(seen, wanted) << v.profile << " after " << s.downtime_ns << " ns";
    }
  }
}

// Another variant's offset is not what the rules of a profile let a VMM write.
TEST(Migration, ARuleAcceptsItsOwnVariantOnly) {
  const Outcome swapped = migrate("tsc-sign-of-hosts", brief);
  const checker::Report r =
      checker::check_text(header_of(variants[0], brief, true, true) + swapped.trace);
  ASSERT_FALSE(r.findings.empty());
  EXPECT_EQ(r.findings[0].check, "migration_write_offset.offset_by_formula");
}

TEST(Migration, TheTableAndTheTracesAreWhatTheNumbersSay) {
  const std::string root = SOURCE_ROOT;
  std::string table;
  for (const Variant& v : variants) {
    const Outcome is_short = migrate(v.profile, brief), is_long = migrate(v.profile, three_hours);
    table += row_of(v, is_short, is_long);
    const Outcome& shown = v.shows_long ? is_long : is_short;
    expect_file(
        root + "/traces/corpus/x86/tsc/" + v.file + ".trace",
        header_of(v, v.shows_long ? three_hours : brief, breaks_bound(shown), shown.went_back) +
            shown.trace);
  }
  const std::string path = root + "/spec/x86/tsc/MIGRATION.md";
  const std::string text = contents_of(path);
  constexpr std::string_view begin = "<!-- errors -->\n", end = "<!-- end of errors -->\n";
  const std::size_t from = text.find(begin), to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  expect_file(path, text.substr(0, from) + std::string(begin) +
                        "| profile | the VMM | error in ns after 251 ms | after 3 h | trace |\n"
                        "|---|---|---|---|---|\n" +
                        table + text.substr(to));
}

}  // namespace
}  // namespace assay

// The header of a trace: which implementation answered, on which host, and what to expect.
//
//   # assay-trace 1
//   # profile linux-6.1
//   # kernel 6.1.0-51-arm64
//   # host ipa_bits_max=48 vcpus_max=512 pe[0].pmu=8 pmu[0].type=8
//   # expect violates pmu_set_irq.irq_already_set
//
// All lines are comments to strace's syntax, all are optional, and `host` may repeat. Keys of
// `host` are paths into the host record of the profile's system (spec/kvm/host.hpp), so there is no
// second list of them, and a profile of another system than the first stands before them;
// `machine=x86_64` is what `uname -m` says, where it is not aarch64. A header that contradicts
// itself is refused.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "spec/system.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

inline constexpr unsigned trace_version = 1;

struct TraceHeader {
  unsigned version = 0;  // 0: no header line seen
  std::string profile;
  std::string kernel;       // uname -r
  std::string machine;      // uname -m; empty: not told, which is taken for aarch64
  std::string expect;       // "conforms" or "violates CHECK" or "inconclusive"
  bool host_known = false;  // something is told of the host
  SystemHost host;          // zero where nothing is told; empty until something is
  std::map<std::string, u64, std::less<>> host_words;  // as the lines of `host` gave them
  std::set<std::string, std::less<>> host_unknown;     // "sve=?"
  bool host_rest_is_zero = false;                      // "*=0": what is not named is zero
  // Everything that stood before the first call, line by line: conversion keeps it as it was.
  std::vector<std::string> lines;
};

// What is known of a host: paths of its leaves ("pe[0].pmu") with their values.
using HostPart = std::vector<std::pair<std::string, u64>>;

// Whether a header tells all of its host. What it does not name is unknown, unless it says `*=0`.
bool tells_whole_host(const TraceHeader& header);
// What it tells.
HostPart host_part(const TraceHeader& header);
// The header is of this host, all of which is known; or of what another header tells of one.
void set_host(TraceHeader& header, const SystemHost& host);
void set_host(TraceHeader& header, const TraceHeader& told);
// What stands after `# host`: all that the header tells.
std::string host_text(const TraceHeader& header);

// What a comment line says to the header. False: `why` tells what is wrong with it; lines that are
// plain comments are fine and change nothing.
bool read_header_line(std::string_view line, std::uint64_t number, TraceHeader& header,
                      Diagnostic& why);
// The header as text, with line ends: the lines it was read from, or made from its fields.
std::string write_header(const TraceHeader& header);
// "*=0 ipa_bits_max=48 vcpus_max=512 ...": a whole host, of which the leaves are named that are not
// zero.
std::string host_text(const SystemHost& host);
// The profile that was written for a `uname -r` string: "6.1.0-51-arm64" is linux-6.1. Nothing for
// a kernel that no profile describes; profile_for_release() has the nearest one then.
const Profile* profile_of_kernel(std::string_view release, std::string_view machine = "");
// Why there is none, and what to do: "no profile for 6.18; nearest linux-6.12: --profile
// linux-6.12". Empty when there is one, or when the text is no kernel release.
std::string no_profile_text(std::string_view release, std::string_view machine = "");
// The system that a trace is of: that of its profile, else of its machine, else the first.
const System& system_of(const TraceHeader& header);

// A host as the laboratory's kernels show it: used where a trace does not name one and a concrete
// host is needed (fuzzing the model).
SystemHost default_host(const System& system = default_system());

}  // namespace assay::traces

// The header of a trace: which implementation answered, on which host, and what to expect.
//
//   # assay-trace 1
//   # profile linux-6.1
//   # kernel 6.1.0-51-arm64
//   # host ipa_bits_max=48 vcpus_max=512 pe[0].pmu=8 pmu[0].type=8
//   # expect violates pmu_set_irq.irq_already_set
//
// All lines are comments to strace's syntax, all are optional, and `host` may repeat. Keys of
// `host` are paths into the specification's host record (spec/kvm/host.hpp), so there is no second
// list of them; `machine=x86_64` is what `uname -m` says, where it is not aarch64. A header that
// contradicts itself is refused.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "spec/system.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

inline constexpr unsigned trace_version = 1;

struct TraceHeader {
  unsigned version = 0;  // 0: no header line seen
  std::string profile;
  std::string kernel;   // uname -r
  std::string machine;  // uname -m; empty: not told, which is taken for aarch64
  std::string expect;   // "conforms" or "violates CHECK" or "inconclusive"
  bool host_known = false;
  Host<Concrete> host;
  std::map<std::string, u64, std::less<>> host_words;  // as the lines of `host` gave them
  // Everything that stood before the first call, line by line: conversion keeps it as it was.
  std::vector<std::string> lines;
};

// What a comment line says to the header. False: `why` tells what is wrong with it; lines that are
// plain comments are fine and change nothing.
bool read_header_line(std::string_view line, std::uint64_t number, TraceHeader& header,
                      Diagnostic& why);
// The header as text, with line ends: the lines it was read from, or made from its fields. Zero
// leaves of the host are left out.
std::string write_header(const TraceHeader& header);
// "ipa_bits_max=48 vcpus_max=512 ...": the non-zero leaves.
std::string host_text(const Host<Concrete>& host);
// Parses the same. Empty when all is well, else the word that is wrong.
std::string_view read_host(std::string_view text, Host<Concrete>& host);
// The profile that was written for a `uname -r` string: "6.1.0-51-arm64" is linux-6.1. Nothing for
// a kernel that no profile describes; profile_for_release() has the nearest one then.
const Profile* profile_of_kernel(std::string_view release);
// Why there is none, and what to do: "no profile for 6.18; nearest linux-6.12: --profile
// linux-6.12". Empty when there is one, or when the text is no kernel release.
std::string no_profile_text(std::string_view release);
// Whether a machine as `uname -m` calls it is one whose KVM the specification describes.
bool is_arm64(std::string_view machine);

// A host as the laboratory's kernels show it: used where a trace does not name one and a concrete
// host is needed (fuzzing the model).
Host<Concrete> default_host();

}  // namespace assay::traces

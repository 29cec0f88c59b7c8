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
// list of them.
#pragma once
#include <string>
#include <string_view>

#include "spec/system.hpp"
#include "traces/call/diagnostic.hpp"

namespace assay::traces {

inline constexpr unsigned trace_version = 1;

struct TraceHeader {
  unsigned version = 0;  // 0: no header line seen
  std::string profile;
  std::string kernel;  // uname -r
  std::string expect;  // "conforms" or "violates CHECK" or "inconclusive"
  bool host_known = false;
  Host<Concrete> host;
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
// A host as the laboratory's kernels show it: used where a trace does not name one and a concrete
// host is needed (fuzzing the model).
Host<Concrete> default_host();

}  // namespace assay::traces

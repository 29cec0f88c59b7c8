// Programs as the performer reads them, and what it did as answers.
#pragma once
#include "gen/program.hpp"

namespace assay::gen {

// The operation stream of a batch, ended by PERFORM_FINISH. Operations that no performer can do
// are left out; their answers say that they were not executed. `run_limit_ms` ends a KVM_RUN that
// does not return by itself; 0 is the performer's own choice, which suits many short programs.
// `step`: slower, and a machine that dies leaves all answers up to the call that killed it.
std::vector<std::uint8_t> performer_stream(std::span<const Program> batch,
                                           std::uint16_t run_limit_ms = 0, bool step = false);

// Reads a capture, possibly cut off by a crash, into `out` (one entry per program, sized by the
// caller). Returns how many programs ended in it, the crashed ones included; the rest was not
// run. `machine_died`: then the program that was under way crashed.
std::size_t read_capture(const std::string& path, std::span<const Program> batch, bool machine_died,
                         std::span<Answers> out);

}  // namespace assay::gen

// Programs as the performer reads them, and what it did as answers.
#pragma once
#include "gen/program.hpp"

namespace assay::gen {

// The operation stream of a batch, ended by PERFORM_FINISH. Operations that no performer can do
// are left out; their answers say that they were not executed.
std::vector<std::uint8_t> performer_stream(std::span<const Program> batch);

// Reads a capture, possibly cut off by a crash, into `out` (one entry per program, sized by the
// caller). Returns how many programs ended in it, the crashed ones included; the rest was not
// run. `machine_died`: then the program that was under way crashed.
std::size_t read_capture(const std::string& path, std::span<const Program> batch, bool machine_died,
                         std::span<Answers> out);

}  // namespace assay::gen

// What can be saved of a line that cannot be read.
//
// strace prints some arguments in forms that no grammar foresees, and lines get cut. Most of such
// lines are not KVM's business. Of those that are, the descriptor, the request and the answer
// mostly can be read: what stands between becomes `?`, a value that the trace does not tell.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::traces {

enum class Salvage : std::uint8_t {
  not_ours,  // whatever it says, it says nothing of KVM's objects
  repaired,  // `out` is the line with ? for what cannot be read; it may still be no call
  lost,      // a call that may have changed anything
};

Salvage salvage(std::string_view line, std::string& out);

}  // namespace assay::traces

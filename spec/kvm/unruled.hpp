// Calls that no rule describes: what they may do to the state that rules describe.
//
// A trace of a correct implementation is never called violating, however little of it has rules. So
// a call that is seen on an object which a checker follows is either declared here to leave the
// modelled state alone, with its source, or the parts that it may change are unknown after it. A
// request that is not listed may change anything, and its VM is no longer judged.
#pragma once
#include <span>
#include <string_view>

namespace assay {

// An ioctl that leaves the modelled state alone, whatever its arguments.
struct HarmlessRequest {
  std::string_view name;
  const char* source;
};
std::span<const HarmlessRequest> harmless_requests();

// What a successful call may have changed of the modelled state.
struct MayChange {
  enum class What : unsigned char { nothing, parts, anything };
  What what = What::nothing;
  // Of `parts`: paths of the state ("slot", "gic"), with all that is below them.
  std::span<const std::string_view> parts;
  bool also_when_failing = false;  // a failed call may have changed them, too
};

// `group` is the attribute group of a device attribute call, or all ones when the trace hides it;
// other requests have none. A request that is not listed may change anything, also what rules take
// for given.
MayChange may_change(std::string_view request, bool on_vcpu, unsigned long long group);

// Whether a path ("slot[3].pages") is one of those parts or lies below one.
bool is_part(std::string_view path, std::span<const std::string_view> parts);

}  // namespace assay

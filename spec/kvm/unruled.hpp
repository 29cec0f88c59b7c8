// Calls that no rule describes: what they may do to the state that rules describe.
//
// A trace of a correct implementation is never called violating, however little of it has rules. So
// a call that is seen on an object which a checker follows is either declared here to leave the
// modelled state alone, with its source, or what is known of its VM is no longer known. A request
// that is not listed may change anything.
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

// What a successful call may have changed. `group` is the attribute group of a device attribute
// call, or all ones when the trace hides it; other requests have none.
bool may_change_modelled_state(std::string_view request, bool on_vcpu, unsigned long long group);

}  // namespace assay

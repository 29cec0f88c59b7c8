// From a Call to what the performer is to do, by the layouts of abi.hpp: the inverse of decode.hpp.
//
// Text names descriptors by number; the performer has slots. `descriptor` and `makes` are the
// numbers of the text, and whoever plans a program maps them to slots. Likewise the address of a
// memory region is the text's: `address_at` says where in the payload it lies, so that it can be
// replaced by an offset into the performer's arena.
#pragma once
#include <cstdint>
#include <vector>

#include "traces/abi/arm64/abi.hpp"
#include "traces/call/call.hpp"
#include "traces/call/diagnostic.hpp"
#include "traces/capture/capture.h"

namespace assay::traces {

struct Operation {
  perform_kind kind = PERFORM_IOCTL;
  std::uint16_t flags = 0;  // perform_flags
  std::uint64_t request = 0;
  std::uint64_t argument = 0;
  std::int32_t descriptor = -1;  // the call is made on it; -1 none
  std::int32_t makes = -1;       // the call made it, as the trace tells; -1 none
  std::int32_t address_at = -1;  // of userspace_addr in the payload; -1 none
  std::uint16_t value_at = 0;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> value;

  void clear();  // keeps the capacity
};

enum class Encoding : std::uint8_t {
  operation,        // `out` can be performed
  not_performable,  // the call is fine but cannot be repeated: not KVM's, or it hides its arguments
  malformed,        // the call contradicts the layout; `why` has line, column and reason
};

// `handles` helps where descriptors are not decorated; it may be nullptr. What it does not know is
// inferred from the names of attributes.
Encoding encode(const Call& call, const HandleMap* handles, Operation& out, Diagnostic& why,
                Abi abi = Abi::arm64);

// Where an operation runs and what it is called.
struct Placement {
  std::int32_t slot = -1;
  std::int32_t result_slot = -1;
  std::uint32_t tag = 0;
  std::uint16_t thread = 0;
  std::uint16_t limit_ms = 0;
};

// Appends the operation as the performer reads it: struct perform_op, payload, value.
void append(const Operation& operation, const Placement& place, std::vector<std::uint8_t>& out);

}  // namespace assay::traces

// A simulated Statistical Profiling Unit: the implementation that the specification judges.
//
// There are two, written from the architecture's text and not from the rules, and as unlike each
// other as the architecture allows: bytewise_spu.cpp follows the pseudocode (one sample in flight,
// bytes in order), wide_spu.cpp does what fast cores do (several samples, wide speculative accesses
// out of order, late reports). Both really write records into memory and say what they do as events
// of the trace language. A seeded bug makes one of them wrong in one way.
#pragma once
#include <initializer_list>
#include <memory>
#include <string_view>

#include "tests/spu/seeded_bugs.hpp"
#include "tests/spu/stimulus.hpp"

namespace assay::spu {

// "spe_record: address=0x10000 size=64": the PE's number is left to the sink.
struct Argument {
  std::string_view name;
  u64 value;
};
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(std::string_view event, std::initializer_list<Argument> arguments) = 0;
};

// The registers, as direct reads after a drain show them.
struct Registers {
  u64 ptr = 0, limit = 0;
  bool enable = false;
  unsigned fill = fill_mode;
  bool service = false, data_loss = false, external_abort = false, collision = false;
  unsigned ec = 0, mss = 0;
  WriteControl control;
  WriteControl2 control2;
  SetContext context;
  u32 interval = 0, count = 0;
  bool random = false;
  WriteFilter filter;

  bool buffer_enabled() const { return enable && !context.excluded; }
  bool takes_records() const { return buffer_enabled() && !service && fill != discard_mode; }
  bool owned_by_el2() const { return context.e2pb == 0; }
  u64 pmbsr() const;
  u64 pmblimitr() const;
};

// Says that software made a write, and what the write leaves in the registers.
void announce(const WritePointer& w, EventSink& sink);
void announce(const WriteLimit& w, EventSink& sink);
void announce(const WriteStatus& w, EventSink& sink);
void announce(const WriteControl& w, EventSink& sink);
void announce(const WriteControl2& w, EventSink& sink);
void announce(const SetContext& w, EventSink& sink);
void announce(const WriteInterval& w, EventSink& sink);
void announce(const WriteFilter& w, EventSink& sink);
void announce(const Reset& w, EventSink& sink);
void store(const WritePointer& w, Registers& r);
void store(const WriteLimit& w, Registers& r);
void store(const WriteStatus& w, Registers& r);
void store(const WriteControl& w, Registers& r);
void store(const WriteControl2& w, Registers& r);
void store(const SetContext& w, Registers& r);
void store(const WriteInterval& w, Registers& r);
void store(const WriteFilter& w, Registers& r);
void store(const Reset& w, Registers& r);

// What the PMU counts of an SPU, from zero.
struct PmuCounts {
  u32 population = 0, feed = 0, filtrate = 0, collision = 0, full = 0;
};
// What a drain ends with: the values that MRS returns.
void announce_read(const Registers& shown, const PmuCounts& counts, EventSink& sink);
// MRS of PMBPTR_EL1 and PMBSR_EL1 alone.
void announce_buffer_read(const Registers& shown, EventSink& sink);

// What PMBSR_EL1 says of a page that refuses (D24.7).
struct Refusal {
  unsigned ec = 0x24, fsc = 0x07;
};
// EL2's buffer has one stage of translation: what stage 2 lacks elsewhere, its stage 1 lacks.
Refusal refusal_of(Page page, bool owner_is_el2);

// A finished sample: what its record holds beside the operation.
struct Collected {
  Operation operation;
  unsigned el = 0;
  unsigned clock = 0;  // 0 none, 1 virtual count, 2 physical count, 3 physical count of the guest
  u64 ticks = 0;
  bool physical_address = false;
  bool context1 = false, context2 = false;
};
// Its record: at most design.record_max() bytes with the padding.
std::vector<u8> record_of(const Collected& sample, const Design& design);

class Spu {
 public:
  virtual ~Spu() = default;
  virtual void apply(const Stimulus& stimulus, Memory& memory, EventSink& sink) = 0;
  virtual const Registers& registers() const = 0;
};

std::unique_ptr<Spu> make_bytewise_spu(const Design& design, Bug bug = Bug::none);
std::unique_ptr<Spu> make_wide_spu(const Design& design, Bug bug = Bug::none);

}  // namespace assay::spu

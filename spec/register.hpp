// A system register, spelt once: where its fields lie, since when they exist, and which members of
// the state keep them.
//
//   struct Pmsirr {
//     static constexpr RegisterId id{"PMSIRR_EL1", {3, 0, 9, 9, 3}};
//     static constexpr Access msr{"spe_write_pmsirr", "D24.7 PMSIRR_EL1; D17.3"};
//     static constexpr Access mrs{"spe_read_pmsirr", "D24.7 PMSIRR_EL1"};
//     template <class D>
//     using Fields = FieldList<Field<"interval", 8, &Spu<D>::interval>,
//                              Field<"rnd", 0, &Spu<D>::random>>;
//   };
//
// From that come the arguments of the events of its accesses, what these store and compare, and a
// table for those who speak of whole values (`msr:`, `mrs:`, `assay spec show`).
#pragma once
#include <algorithm>
#include <span>

#include "model/step.hpp"

namespace assay {

// --- a layout -----------------------------------------------------------------------------------

// A name as a template argument.
template <std::size_t size>
struct Name {
  char text[size]{};
  consteval Name(const char (&from)[size]) { std::copy_n(from, size, text); }
};

// What a rule works with for a field: as the member of the state that keeps it, or, where none
// does, a word of `kept` bits.
template <class D, auto kept>
struct FieldValue {
  using type = std::conditional_t<kept == 1, Flag<D>, Word<D, kept>>;
  static constexpr unsigned width = kept;
  static constexpr bool in_place = false;
};
template <class D, class State, class Cell, Cell State::*kept>
struct FieldValue<D, kept> {
  using type = std::remove_cvref_t<decltype(plain(std::declval<const Cell&>()))>;
  static constexpr bool in_place = std::is_same_v<type, Num<D>>;
  static constexpr unsigned width = leaf_width<Cell>();
};

// `kept_in` is a member of the state (an address is kept with its low bits) or a number of bits.
template <Name the_name, unsigned the_low, auto kept_in, unsigned the_since = 1>
struct Field {
  static constexpr const char* name = the_name.text;
  static constexpr unsigned low = the_low, since = the_since;
  static constexpr auto kept = kept_in;
};
// In the order of the events' arguments.
template <class... F>
struct FieldList {};

struct SysregEncoding {
  unsigned op0 = 3, op1 = 0, crn = 9, crm = 9, op2 = 0;
};
struct RegisterId {
  std::string_view name;
  SysregEncoding encoding;
  unsigned since = 1;  // the version of its unit; UNDEFINED before
  std::string_view reset = "UNKNOWN";
};
// Another name by which a register is reached: EL2 of VHE reaches those of EL1 as *_EL12.
struct RegisterAlias {
  std::string_view name;
  SysregEncoding encoding;
  std::string_view of;  // the register's own name
};
// The event of a direct read or write.
struct Access {
  const char* event = "";
  const char* source = "";
};

// --- as a table ---------------------------------------------------------------------------------

struct SysregField {
  std::string_view argument;  // of the register's events
  unsigned low = 0, width = 1;
  bool in_place = false;  // the argument holds the bits where they stand: an address
  unsigned since = 1;     // RES0 before
};

struct Sysreg : RegisterId {
  bool writable = true;
  std::span<const SysregField> fields;       // ascending; all other bits are RES0
  std::string_view write_event, read_event;  // empty: none
  constexpr u64 res0() const {
    u64 mask = 0;
    for (const SysregField& f : fields)
      mask |= (f.width == 64 ? ~u64{0} : (u64{1} << f.width) - 1) << f.low;
    return ~mask;
  }
};

template <class... F>
constexpr auto ascending_fields(FieldList<F...>) {
  const auto row = []<class G>(G) {
    using Value = FieldValue<Concrete, G::kept>;
    const unsigned width = Value::in_place ? 64 - G::low : Value::width;
    return SysregField{G::name, G::low, width, Value::in_place, G::since};
  };
  std::array all{row(F{})...};
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
  return all;
}
template <class Register>
inline constexpr auto fields_of = ascending_fields(typename Register::template Fields<Concrete>{});

template <class Register, bool reads>
constexpr Access access_of() {
  if constexpr (reads) return Register::mrs;
  else if constexpr (requires { Register::msr; }) return Register::msr;
  else return {};
}
template <class Register>
constexpr Sysreg sysreg_of() {
  const Access msr = access_of<Register, false>(), mrs = access_of<Register, true>();
  return {Register::id, *msr.event != '\0', fields_of<Register>, msr.event, mrs.event};
}

// f(register, field, member) for each field that the state keeps: the argument of the register's
// events, and the name of the member.
template <class Register, class F>
void each_kept_field(F&& f) {
  const auto one = [&]<class G>(G) {
    if constexpr (std::is_member_pointer_v<std::remove_const_t<decltype(G::kept)>>)
      f(Register::id.name, std::string_view(G::name), std::string_view(name_of_member<G::kept>()));
  };
  [&]<class... G>(FieldList<G...>) {
    (one(G{}), ...);
  }(typename Register::template Fields<Concrete>{});
}

// --- as the arguments of an event
// -----------------------------------------------------------------

// The event of a register that is one value tells it whole, with the bits that are RES0.
template <class Register>
inline constexpr bool is_whole = fields_of<Register>.size() == 1 && fields_of<Register>[0].argument
                                                                        == "value";
// Those of other registers tell the fields, and what was written where it is RES0.
template <class Register>
inline constexpr bool tells_res0 = sysreg_of<Register>().writable&& sysreg_of<Register>().res0() !=
                                   0;

template <class Register, class Fields>
struct ArgumentsOf;
template <class Register, class... F>
struct ArgumentsOf<Register, FieldList<F...>> {
  using type = std::conditional_t<
      is_whole<Register>, FieldList<Field<"value", 0, 64u>>,
      std::conditional_t<tells_res0<Register>, FieldList<F..., Field<"res0", 0, 64u>>,
                         FieldList<F...>>>;
};
template <class D, class Register>
using Arguments = typename ArgumentsOf<Register, typename Register::template Fields<D>>::type;

// One argument: a rule that has it derives from it.
template <class D, class F>
struct Argument {
  using Value = typename FieldValue<D, F::kept>::type;
  Value value{};
  static constexpr const char* member_name(Value Argument::*) { return F::name; }
};

// The argument of that name.
template <Name name, class D, unsigned low, auto kept, unsigned since>
constexpr const auto& field(const Argument<D, Field<name, low, kept, since>>& argument) {
  return argument.value;
}
// The value of a field, also where the event tells the register whole.
template <class Register, class F, class D, class Rule>
auto part(const Rule& rule) {
  if constexpr (is_whole<Register>)
    return field_bits<fields_of<Register>[0].width>(field<"value">(rule), F::low);
  else return static_cast<const Argument<D, F>&>(rule).value;
}
// Whether its events tell of any bit where it is RES0.
template <class Register>
inline constexpr bool may_tell_res0 =
    is_whole<Register> ? fields_of<Register>[0].width < 64 : tells_res0<Register>;
// The bits where the register is RES0, as far as an event tells them.
template <class Register, class D, class Rule>
Word<D, 64> res0_of(const Rule& rule) {
  if constexpr (is_whole<Register>) {
    constexpr unsigned width = fields_of<Register>[0].width;
    if constexpr (width < 64)
      return zero_extend<64>(field_bits<64 - width>(field<"value">(rule), width));
    else return Word<D, 64>(0);
  } else if constexpr (tells_res0<Register>) {
    return field<"res0">(rule);
  } else {
    return Word<D, 64>(0);
  }
}

// --- as the state
// ---------------------------------------------------------------------------------

// Stores one field. Before its version it is RES0: it stays zero.
template <class Register, class F, class D, class State, class Rule, class Exists>
void store_field(Step<D>& k, State& state, const Rule& rule, const Exists& exists_from,
                 Flag<D>& ones) {
  using Value = typename FieldValue<D, F::kept>::type;
  const Value value = part<Register, F, D>(rule);
  if constexpr (F::since <= Register::id.since) {
    k.set(state.*F::kept, value);
  } else if constexpr (std::is_same_v<Value, Flag<D>>) {
    const Flag<D> exists = exists_from(F::since);
    k.set(state.*F::kept, exists && value);
    ones = ones || (value && !exists);
  } else {
    const Flag<D> exists = exists_from(F::since);
    k.set(state.*F::kept, ite(exists, value, Value(0)));
    ones = ones || (value != 0 && !exists);
  }
}
// Stores what an event writes; exists_from(since) says whether the unit has that version. True when
// ones were written where the register is RES0.
template <class Register, class D, class State, class Rule, class Exists>
Flag<D> store_fields(Step<D>& k, State& state, const Rule& rule, const Exists& exists_from) {
  Flag<D> ones = res0_of<Register, D>(rule) != 0;
  [&]<class... F>(FieldList<F...>) {
    (store_field<Register, F>(k, state, rule, exists_from, ones), ...);
  }(typename Register::template Fields<D>{});
  return ones;
}

// Every field that an event reads is as the state keeps it.
template <class Register, class D, class State, class Rule>
Flag<D> fields_are_kept(const State& state, const Rule& rule) {
  return [&]<class... F>(FieldList<F...>) {
    return (... && is_same_value<D>(part<Register, F, D>(rule), plain(state.*F::kept)));
  }(typename Register::template Fields<D>{});
}

}  // namespace assay

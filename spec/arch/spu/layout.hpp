// Where the fields of the SPE registers lie (D24.7): encodings, bits, since which PMSVer, and what
// a reset leaves. Rules speak of fields; this table is what turns a register's value, as `mrs` and
// `msr` move it, into the arguments of its events, and back.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace assay {

struct SysregEncoding {
  unsigned op0 = 3, op1 = 0, crn = 9, crm = 9, op2 = 0;
};

struct SysregField {
  std::string_view argument;  // of the register's events
  unsigned low = 0, width = 1;
  bool in_place = false;  // the argument holds the bits where they stand: an address
  unsigned since = 1;     // PMSVer; RES0 before
};

struct Sysreg {
  std::string_view name;
  SysregEncoding encoding;
  bool writable = true;
  unsigned since = 1;                        // PMSVer; UNDEFINED before
  std::string_view reset;                    // what a warm reset leaves
  std::span<const SysregField> fields;       // ascending; all other bits are RES0
  std::string_view write_event, read_event;  // empty: none
  constexpr std::uint64_t res0() const {
    std::uint64_t mask = 0;
    for (const SysregField& f : fields)
      mask |= (f.width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << f.width) - 1) << f.low;
    return ~mask;
  }
};

inline constexpr std::array pmscr_el1_fields{SysregField{"e0spe", 0},
                                             SysregField{"e1spe", 1},
                                             SysregField{"cx", 3},
                                             SysregField{"pa", 4},
                                             SysregField{"ts", 5},
                                             SysregField{"pct", 6, 2},
                                             SysregField{"ee", 8, 2, false, 6},
                                             SysregField{"ke", 10, 1, false, 6},
                                             SysregField{"envm", 11, 1, false, 6}};
inline constexpr std::array pmscr_el2_fields{SysregField{"e0hspe", 0},
                                             SysregField{"e2spe", 1},
                                             SysregField{"cx", 3},
                                             SysregField{"pa", 4},
                                             SysregField{"ts", 5},
                                             SysregField{"pct", 6, 2},
                                             SysregField{"ee", 8, 2, false, 6},
                                             SysregField{"ke", 10, 1, false, 6},
                                             SysregField{"envm", 11, 1, false, 6}};
inline constexpr std::array value_fields{SysregField{"value", 0, 64}};
inline constexpr std::array pmslatfr_fields{SysregField{"value", 0, 16}};
inline constexpr std::array pmbmar_fields{SysregField{"value", 0, 10}};
inline constexpr std::array pmsicr_fields{SysregField{"count", 0, 32},
                                          SysregField{"ecount", 56, 8}};
inline constexpr std::array pmsirr_fields{SysregField{"rnd", 0}, SysregField{"interval", 8, 24}};
inline constexpr std::array pmsfcr_fields{SysregField{"fe", 0},
                                          SysregField{"ft", 1},
                                          SysregField{"fl", 2},
                                          SysregField{"fne", 3, 1, false, 3},
                                          SysregField{"fds", 4, 1, false, 5},
                                          SysregField{"type", 16, 5},
                                          SysregField{"mask", 48, 5, false, 5}};
inline constexpr std::array pmsidr_fields{
    SysregField{"filters", 0, 3},  SysregField{"archinst", 3},    SysregField{"lds", 4},
    SysregField{"ernd", 5},        SysregField{"fne", 6},         SysregField{"fds", 7},
    SysregField{"interval", 8, 4}, SysregField{"maxsize", 12, 4}, SysregField{"countsize", 16, 4},
    SysregField{"format", 20, 4},  SysregField{"pbt", 24},        SysregField{"crr", 25},
    SysregField{"eft", 26}};
inline constexpr std::array pmblimitr_fields{
    SysregField{"e", 0}, SysregField{"fm", 1, 2}, SysregField{"pmfz", 5, 1, false, 3},
    SysregField{"nvm", 7, 1, false, 6}, SysregField{"limit", 12, 52, true}};
inline constexpr std::array pmbptr_fields{SysregField{"ptr", 0, 64, true}};
inline constexpr std::array pmbsr_fields{SysregField{"mss", 0, 16},  SysregField{"coll", 16},
                                         SysregField{"s", 17},       SysregField{"ea", 18},
                                         SysregField{"dl", 19},      SysregField{"ec", 26, 6},
                                         SysregField{"mss2", 32, 24}};
inline constexpr std::array pmbidr_fields{
    SysregField{"align", 0, 4},    SysregField{"p", 4},     SysregField{"f", 5},
    SysregField{"addrmode", 6, 2}, SysregField{"ea", 8, 4}, SysregField{"maxbuff", 32, 16}};

inline constexpr std::string_view unknown_reset = "UNKNOWN";
inline constexpr std::array spe_sysregs{
    Sysreg{"PMSCR_EL1",
           {3, 0, 9, 9, 0},
           true,
           1,
           unknown_reset,
           pmscr_el1_fields,
           "spe_write_pmscr_el1",
           "spe_read_pmscr_el1"},
    Sysreg{"PMSNEVFR_EL1",
           {3, 0, 9, 9, 1},
           true,
           3,
           unknown_reset,
           value_fields,
           "spe_write_pmsnevfr",
           "spe_read_pmsnevfr"},
    Sysreg{"PMSICR_EL1",
           {3, 0, 9, 9, 2},
           true,
           1,
           unknown_reset,
           pmsicr_fields,
           "spe_write_pmsicr",
           "spe_read_pmsicr"},
    Sysreg{"PMSIRR_EL1",
           {3, 0, 9, 9, 3},
           true,
           1,
           unknown_reset,
           pmsirr_fields,
           "spe_write_pmsirr",
           "spe_read_pmsirr"},
    Sysreg{"PMSFCR_EL1",
           {3, 0, 9, 9, 4},
           true,
           1,
           unknown_reset,
           pmsfcr_fields,
           "spe_write_pmsfcr",
           "spe_read_pmsfcr"},
    Sysreg{"PMSEVFR_EL1",
           {3, 0, 9, 9, 5},
           true,
           1,
           unknown_reset,
           value_fields,
           "spe_write_pmsevfr",
           "spe_read_pmsevfr"},
    Sysreg{"PMSLATFR_EL1",
           {3, 0, 9, 9, 6},
           true,
           1,
           unknown_reset,
           pmslatfr_fields,
           "spe_write_pmslatfr",
           "spe_read_pmslatfr"},
    Sysreg{"PMSIDR_EL1", {3, 0, 9, 9, 7}, false, 1, "fixed", pmsidr_fields, "", "spe_read_pmsidr"},
    Sysreg{"PMBLIMITR_EL1",
           {3, 0, 9, 10, 0},
           true,
           1,
           "E is 0, the rest is UNKNOWN",
           pmblimitr_fields,
           "spe_write_pmblimitr",
           "spe_read_pmblimitr"},
    Sysreg{"PMBPTR_EL1",
           {3, 0, 9, 10, 1},
           true,
           1,
           unknown_reset,
           pmbptr_fields,
           "spe_write_pmbptr",
           "spe_read_pmbptr"},
    Sysreg{"PMBSR_EL1",
           {3, 0, 9, 10, 3},
           true,
           1,
           unknown_reset,
           pmbsr_fields,
           "spe_write_pmbsr",
           "spe_read_pmbsr"},
    Sysreg{"PMSDSFR_EL1",
           {3, 0, 9, 10, 4},
           true,
           5,
           unknown_reset,
           value_fields,
           "spe_write_pmsdsfr",
           "spe_read_pmsdsfr"},
    Sysreg{"PMBMAR_EL1",
           {3, 0, 9, 10, 5},
           true,
           6,
           unknown_reset,
           pmbmar_fields,
           "spe_write_pmbmar",
           "spe_read_pmbmar"},
    Sysreg{"PMBIDR_EL1", {3, 0, 9, 10, 7}, false, 1, "fixed", pmbidr_fields, "", "spe_read_pmbidr"},
    Sysreg{"PMSCR_EL2",
           {3, 4, 9, 9, 0},
           true,
           1,
           unknown_reset,
           pmscr_el2_fields,
           "spe_write_pmscr_el2",
           "spe_read_pmscr_el2"},
};

}  // namespace assay

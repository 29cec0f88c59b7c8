// The MSRs that have rules, by number. Others are taken and read as they may be.
#pragma once
#include "model/dispatch.hpp"
#include "spec/x86/pebs/counter_registers.hpp"

namespace assay::x86 {

using Msrs = TypeList<EventSelect, MiscEnable, PerfCapabilities, FixedCtrCtrl, GlobalStatus,
                      GlobalCtrl, GlobalOvfCtrl, PebsEnable, PebsDataCfg, DsArea>;

}  // namespace assay::x86

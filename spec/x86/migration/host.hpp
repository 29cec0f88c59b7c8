// What is known of the two hosts of a migration.
#pragma once
#include <array>

#include "model/fields.hpp"

namespace assay::x86 {

// The rates for which the algorithm is proved. A rate that is not known cannot be multiplied with a
// time that is not known: the prover has no product of two unknowns.
inline constexpr std::array<u64, 4> migration_rates{1000000, 2100000, 2599980, 3000000};

template <class D>
struct MigrationHosts {
  WordCell<D, 2> rate{};     // of the guest's TSC: which of migration_rates, in kHz
  NumCell<D> clock_error{};  // in ns: CLOCK_REALTIME of either host is wrong by at most that
  static constexpr auto fields() {
    return members<&MigrationHosts::rate, &MigrationHosts::clock_error>;
  }
};

// 2^58 ns are 9 years.
template <class D>
Flag<D> migration_is_possible(const MigrationHosts<D>& hosts) {
  return hosts.clock_error < Num<D>(u64{1} << 58);
}

}  // namespace assay::x86

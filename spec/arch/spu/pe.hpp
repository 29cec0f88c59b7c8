// What a PE's ID registers say of its SPU.
#pragma once
#include "model/fields.hpp"
#include "model/value_names.hpp"

namespace assay {

// Values of SpuOfPe::spe that are no version.
inline constexpr std::array spe_version_names{NamedValue{0, "untold"}, NamedValue{0xff, "absent"}};

template <class D>
struct SpuOfPe {
  WordCell<D, 8> spe{};  // ID_AA64DFR0_EL1.PMSVer: 1 to 6; 0 = nothing is known, 0xff = no SPE
  NumCell<D> spe_record_max{};         // 2^PMSIDR_EL1.MaxSize, bytes
  WordCell<D, 8> spe_in_flight_max{};  // samples the PE can hold at once; 0 = not told
  WordCell<D, 8> spe_align{};          // PMBIDR_EL1.Align: records fill multiples of 2^this bytes
  FlagCell<D> spe_ernd{};              // PMSIDR_EL1.ERnd
  static constexpr auto fields() {
    return members<&SpuOfPe::spe, &SpuOfPe::spe_record_max, &SpuOfPe::spe_in_flight_max,
                   &SpuOfPe::spe_align, &SpuOfPe::spe_ernd>;
  }
};

// PMSVer is at least `since`, or not known.
template <class D>
Flag<D> is_of_version(const SpuOfPe<D>& pe, unsigned since) {
  return pe.spe == 0 || pe.spe >= since;
}

}  // namespace assay

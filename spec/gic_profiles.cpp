#include "spec/gic_profiles.hpp"

#include <array>

namespace assay {
namespace {

using enum GicBehaviour;

constexpr std::array profiles{
    Profile{"gic-software", Precedence::exact, 0},
    Profile{"gicv4.0", Precedence::exact, behaviour_set(forwards)},
    Profile{"gicv4.1-v2", Precedence::exact,
            behaviour_set(forwards, vpt_can_be_read, writes_clear_latch,
                          reads_vpt_through_old_cache, maps_with_ptz)},
    Profile{"gicv4.1", Precedence::exact, behaviour_set(forwards, vpt_can_be_read)},
};

}  // namespace

std::span<const Profile> gic_profiles() { return profiles; }

}  // namespace assay

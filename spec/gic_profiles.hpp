// The implementations of interrupt forwarding that can be judged, and the behaviours in which they
// differ. GIC-6.2 and GIC-6.4 name the evidence.
#pragma once
#include <span>

#include "model/profile.hpp"

namespace assay {

enum class GicBehaviour : unsigned {
  // KVM lets the hardware deliver a guest's LPIs (GICv4).
  forwards,
  // GICv4.1: the VPT can be read once the vPE is unmapped, so that forwarded LPIs can be saved.
  // Without it SAVE_TABLES answers EACCES where an LPI is forwarded, and SAVE_PENDING_TABLES stores
  // the latch.
  vpt_can_be_read,
  // RFC v2 (VLPI-3): set_forwarding writes the latch to the physical side whether it is set or not.
  // Since v3 it writes it only if it is set.
  writes_clear_latch,
  // RFC v2 (VLPI-2): a CPU may hit old lines of its cache when it reads the VPT. Commit
  // 301beaf19739
  // invalidates them where the vPE is unmapped.
  reads_vpt_through_old_cache,
  // Before commit c21bc068cdbe a vPE is mapped with PTZ set, which says that its VPT is all zero.
  maps_with_ptz,
  count_
};

// Those of gic-migration; the one that promises least is first.
std::span<const Profile> gic_profiles();

}  // namespace assay

// What can be wrong with an SPU, one bug at a time, and which check has to notice.
//
// Each bug is one condition in one of the implementations. The check named is the one that its
// minimised trace must break first; `also` are checks that the same bug may break first in longer
// traces. A trace that breaks any other check first means that the bug was found by accident.
#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace assay::spu {

enum class Bug : unsigned {
  none,
  // selection
  samples_while_stopped,
  samples_above_owner,
  tge_ignored,
  level_control_ignored,
  level_recorded_late,
  too_many_in_flight,
  collides_with_room,
  collision_stops,
  collision_not_recorded,
  // the counter
  counter_runs_while_disabled,
  counter_reload_wrong,
  counter_noise_without_rnd,
  counter_selects_early,
  counter_passes_zero,
  counter_loads_anything,
  counter_reads_as_zero,
  // filters and packets
  filter_ignored,
  latency_filter_inverted,
  not_events_ignored,
  filters_without_control,
  drops_silently,
  drops_twice,
  timestamp_without_ts,
  physical_time_though_virtual,
  physical_address_though_gated,
  context_without_cx,
  // records and accesses
  record_twice,
  record_longer_than_max,
  gap_between_records,
  record_bytes_lost,
  alignment_ignored,
  writes_without_translation,
  stores_across_limit,
  store_wider_than_granule,
  rewrites_completed_record,
  stores_after_event,
  discard_moves_pointer,
  discard_raises_full,
  discard_writes_records,
  // events
  full_one_record_late,
  full_one_record_early,
  full_sets_dl,
  dl_not_set_mid_record,
  dl_cleared_by_fault,
  fault_pointer_is_record_start,
  fault_pointer_is_page,
  fault_far_ahead,
  fault_looks_asynchronous,
  fault_class_wrong,
  faults_though_mapped,
  fault_after_event,
  abort_overwrites_syndrome,
  abort_reported_on_v1p3,
  abort_without_ea,
  abort_after_event,
  not_allowed_without_dl,
  not_allowed_though_enabled,
  not_allowed_twice,
  // synchronisation and the interrupt
  drained_too_early,
  dsb_does_not_wait,
  peek_shows_what_is_not_there,
  peek_tears_status,
  pointer_read_stale,
  status_reads_without_service,
  irq_not_raised,
  irq_stuck,
  // the PMU
  feed_counts_collisions,
  filtrate_counts_rejected,
  full_is_not_counted,
  count_
};

enum class Implementation : unsigned char { bytewise, wide };
std::string_view name_of(Implementation i);

struct SeededBug {
  Bug bug = Bug::none;
  const char* name = "";
  Implementation in = Implementation::bytewise;
  const char* what = "";
  std::string_view check;              // "spe_fault.dl_is_sticky"
  std::vector<std::string_view> also;  // as above
};

// One entry for each bug, in the order of the enumeration.
std::span<const SeededBug> seeded_bugs();

}  // namespace assay::spu

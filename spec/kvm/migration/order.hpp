// No step without those before it: one claim for each pair of steps, so that where one step is not
// asked for the others' claims still hold.
#pragma once
#include <array>

#include "spec/kvm/migration/state.hpp"

namespace assay {

// In the order of the workflow.
template <class D>
std::array<Flag<D>, 7> steps_taken(const Workflow<D>& s) {
  return {s.pause_vcpus, s.pause_devices,      s.its_save_tables, s.save_pending_end || s.saving,
          s.copy_memory, s.its_restore_tables, s.resume};
}
template <class D, std::size_t before, std::size_t step>
Flag<D> comes_after_in_order(const Migration<D>& m) {
  const auto taken = steps_taken<D>(m.step);
  // A call that saves has not ended yet.
  const Flag<D> is_before = before == 3 ? Flag<D>(plain(m.step.save_pending_end)) : taken[before];
  return !taken[step] || is_before;
}

template <class D>
void order_invariants(const SayOfMigration<D>& say) {
  say(every, "pause_devices_comes_after_pause_vcpus", comes_after_in_order<D, 0, 1>, "VLPI-0");
  say(every, "its_save_tables_comes_after_pause_vcpus", comes_after_in_order<D, 0, 2>, "VLPI-0");
  say(every, "its_save_tables_comes_after_pause_devices", comes_after_in_order<D, 1, 2>, "VLPI-0");
  say(every, "save_pending_comes_after_pause_vcpus", comes_after_in_order<D, 0, 3>, "VLPI-0");
  say(every, "save_pending_comes_after_pause_devices", comes_after_in_order<D, 1, 3>, "VLPI-0");
  say(every, "save_pending_comes_after_its_save_tables", comes_after_in_order<D, 2, 3>, "VLPI-0");
  say(every, "copy_memory_comes_after_pause_vcpus", comes_after_in_order<D, 0, 4>, "VLPI-0");
  say(every, "copy_memory_comes_after_pause_devices", comes_after_in_order<D, 1, 4>, "VLPI-0");
  say(every, "copy_memory_comes_after_its_save_tables", comes_after_in_order<D, 2, 4>, "VLPI-0");
  say(every, "copy_memory_comes_after_save_pending", comes_after_in_order<D, 3, 4>, "VLPI-0");
  say(every, "its_restore_tables_comes_after_pause_vcpus", comes_after_in_order<D, 0, 5>, "VLPI-0");
  say(every, "its_restore_tables_comes_after_pause_devices", comes_after_in_order<D, 1, 5>,
      "VLPI-0");
  say(every, "its_restore_tables_comes_after_its_save_tables", comes_after_in_order<D, 2, 5>,
      "VLPI-0");
  say(every, "its_restore_tables_comes_after_save_pending", comes_after_in_order<D, 3, 5>,
      "VLPI-0");
  say(every, "its_restore_tables_comes_after_copy_memory", comes_after_in_order<D, 4, 5>, "VLPI-0");
  say(every, "resume_comes_after_pause_vcpus", comes_after_in_order<D, 0, 6>, "VLPI-0");
  say(every, "resume_comes_after_pause_devices", comes_after_in_order<D, 1, 6>, "VLPI-0");
  say(every, "resume_comes_after_its_save_tables", comes_after_in_order<D, 2, 6>, "VLPI-0");
  say(every, "resume_comes_after_save_pending", comes_after_in_order<D, 3, 6>, "VLPI-0");
  say(every, "resume_comes_after_copy_memory", comes_after_in_order<D, 4, 6>, "VLPI-0");
  say(every, "resume_comes_after_its_restore_tables", comes_after_in_order<D, 5, 6>, "VLPI-0");
}

}  // namespace assay

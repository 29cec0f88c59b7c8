// Calls that did not return.
#include <fmt/format.h>

#include <set>

#include "checker/check_vm.hpp"

namespace assay::checker {

bool Checker::is_lost(Vm& vm) {
  if (!vm.ends.empty() && !vm.lost) lose(vm, vm.ends);
  return vm.lost;
}

// A call that did not return (its thread was killed, or the trace ends) may have had any part of
// its effect: what the rules that it may belong to can change is unknown from here on. vCPUs are
// numbered in the order of their making: where it is unknown whether there is one more, the VM is
// followed no further.
void Checker::feed_unanswered(std::string_view name, const Handle& on,
                              std::span<const std::uint32_t> rules) {
  skip(name, "call did not return");
  if (on.vm == 0) return;
  Vm& vm = *vms_[on.vm];
  if (is_lost(vm)) return;
  std::set<std::string, std::less<>> places;
  for (const std::uint32_t rule : rules) {
    const HandleDeclaration* const made = declaration_of(binder_.pattern(rule).makes);
    if (made != nullptr && made->is_counted)
      vm.ends =
          fmt::format("{} at line {} did not return, and may have made one more", name, last_line_);
    for (const CatalogEntry& entry : system_catalog(*options_.profile))
      if (entry.kind == VerbKind::set && entry.rule == binder_.rule(rule).name)
        places.insert(entry.id);
  }
  if (places.empty()) return;
  make_unknown(vm);
  // A leaf of these places, or a table ("slot") that has some ("slot[].pages").
  vm.unknown->forget(last_line_, [&](std::string_view path) {
    const std::string form = place_of_every_entry(path);
    const auto below = places.lower_bound(form + "[]");
    return places.contains(form) || (below != places.end() && below->starts_with(form + "[]"));
  });
}

}  // namespace assay::checker

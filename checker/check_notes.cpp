// What `assay explain` says of each event: what it changed, why it failed, which freedoms it took.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "checker/check_vm.hpp"
#include "checker/leaf_text.hpp"

namespace assay::checker {

using traces::TraceEvent;

std::vector<std::string> Checker::changes_in_journal(const RecordedVm& state) const {
  const LeafText& text = LeafText::of(*system_);
  std::vector<std::string> out;
  std::set<const void*> seen;
  for (const Journal::Entry& entry : journal_.entries()) {
    if (!seen.insert(entry.place).second) continue;  // the first write tells what was there before
    std::string path;
    u64 from = 0, to = 0;
    const bool known = state.leaf_at(entry.place, path, [&](const PlainLeaf& leaf) {
      from = leaf.value_of(entry.before, entry.bytes);
      to = leaf.value();
    });
    if (known && from != to)
      out.push_back(text.change(path, text.value(path, from), text.value(path, to)));
  }
  return out;
}

namespace {

using Values = std::map<std::string, std::set<u64>>;  // by leaf, of several states

using States = std::vector<std::unique_ptr<RecordedVm>>;

template <class Wanted>
Values values_in(const States& states, Wanted wanted) {
  Values out;
  for (const auto& state : states)
    state->each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
      if (wanted(path, leaf)) out[path].insert(leaf.value());
    });
  return out;
}

// What differs between the states before and after an event. Where fewer values are left, states
// that do not explain the event may have gone, and nothing was written.
void compare(const Values& before, const Values& after, const LeafText& text, EventNotes& out) {
  const auto shown = [&](const std::string& path, const std::set<u64>& values) {
    std::vector<std::string> each;
    for (const u64 value : values) each.push_back(text.value(path, value));
    return fmt::format("{}", fmt::join(each, " or "));
  };
  for (const auto& [path, now] : after) {
    const auto at = before.find(path);
    const std::set<u64> was = at == before.end() ? std::set<u64>{0} : at->second;
    if (was == now) continue;
    const bool is_part = std::includes(was.begin(), was.end(), now.begin(), now.end());
    (is_part ? out.learnt : out.changes)
        .push_back(text.change(path, shown(path, was), shown(path, now)));
  }
}

// Of a VM with many entries most leaves are as they were: of those that the event did not write
// something is learnt only where states went.
void compare_states(const States& before, const States& after, u32 line, const System& system,
                    EventNotes& out) {
  const bool all = after.size() < before.size();
  std::set<std::string, std::less<>> written;
  for (const auto& state : after)
    state->each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
      if (leaf.by() == line) written.insert(path);
    });
  const auto wanted = [&](const std::string& path, const PlainLeaf&) {
    return all || written.contains(path);
  };
  compare(values_in(before, wanted), values_in(after, wanted), LeafText::of(system), out);
}

}  // namespace

void Checker::note_event(const TraceEvent& e, const Vm& vm) {
  if (!options_.on_event) return;
  EventNotes notes;
  if (vm.states->is_journalled()) notes.changes = changes_in_journal(vm.states->front());
  else compare_states(vm.states->before(), vm.states->all(), line_of(e), *system_, notes);
  const std::string rule = system_->rules()[e.event.rule].name;
  if (e.event.answer != Errno::ok && vm.states->decided_by() != nullptr)
    notes.decided_by = rule + "." + vm.states->decided_by();
  for (const char* id : vm.states->freedoms()) notes.freedoms.push_back(rule + "." + id);
  notes.states = vm.states->size();
  options_.on_event(e, notes);
}

}  // namespace assay::checker

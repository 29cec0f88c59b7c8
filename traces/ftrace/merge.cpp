#include "traces/ftrace/merge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "traces/text/print.hpp"

namespace assay::traces {
namespace {

constexpr std::uint64_t forever = ~std::uint64_t{0};
constexpr std::uint64_t request_run = 0xae80;

bool is_run(const Call& call) {
  if (call.kind != CallKind::syscall || call.name != "ioctl") return false;
  const Node* request = call.argument(1);
  return request != nullptr && request->has_value && request->value == request_run;
}

std::string descriptor_of(const Call& call) {
  const Node* fd = call.argument(0);
  if (fd == nullptr || !fd->has_value) return {};
  const std::string link = fd->kind == NodeKind::handle ? fmt::format("<{}>", fd->text) : "";
  return fmt::format("{}{}", static_cast<std::int64_t>(fd->value), link);
}

}  // namespace

void Merger::call(const Call& call) {
  Captured c;
  c.text = print(call);
  c.tid = call.tid;
  c.begin_ns = call.time_ns;
  // A duration that does not fit its field is only known to be long.
  const bool saturated = call.duration_ns >= UINT32_MAX;
  c.end_ns = saturated ? forever : call.time_ns + call.duration_ns;
  Thread& thread = threads_[call.tid];
  if (thread.last != none) {
    Captured& before = calls_[thread.last];
    if (before.end_ns == forever) before.end_ns = std::max(before.begin_ns, c.begin_ns);
    c.after = thread.last + 1;
  }
  thread.last = calls_.size();
  if (is_run(call)) {
    c.descriptor = descriptor_of(call);
    thread.runs.push_back(calls_.size());
  }
  calls_.push_back(std::move(c));
}

// Records of several threads are appended nearly in the order in which they ended; their places
// stay the capture's, so the latest end so far is what an event is compared with.
void Merger::fix_keys() {
  std::uint64_t latest = 0;
  for (Captured& c : calls_) {
    if (c.end_ns != forever) latest = std::max(latest, c.end_ns);
    c.key_ns = latest;
  }
}

// The KVM_RUN of its thread that an event belongs to; none, and why.
std::size_t Merger::choose(const KernelEvent& e, const Thread& thread,
                           std::string_view& why) const {
  std::size_t first = none, last = none, inside = none;
  const auto begins_later = [&](std::uint64_t time, std::size_t run) {
    return time < calls_[run].begin_ns;
  };
  auto at = std::upper_bound(thread.runs.begin(), thread.runs.end(), e.time_ns + stamp_error_ns,
                             begins_later);
  bool same_vcpu = true;
  while (at != thread.runs.begin()) {
    const std::size_t run = *--at;
    const Captured& c = calls_[run];
    if (c.end_ns != forever && c.end_ns + stamp_error_ns < e.time_ns) break;
    if (last == none) last = run;
    first = run;
    if (c.begin_ns <= e.time_ns && e.time_ns <= c.end_ns) inside = run;
    same_vcpu = same_vcpu && c.descriptor == calls_[last].descriptor;
  }
  if (last == none) return why = "the thread was not inside KVM_RUN", none;
  // A thread leaves the vCPU that it entered.
  if (e.kind == KernelEvent::Kind::exit && thread.open != none) {
    const std::size_t entered = fates_[thread.open].run;
    if (entered >= first && entered <= last) return entered;
  }
  if (!same_vcpu) return why = "two KVM_RUNs of the thread, on two vCPUs, are as near", none;
  if (inside != none) return inside;
  return e.kind == KernelEvent::Kind::exit ? first : last;
}

void Merger::bind(std::size_t event) {
  const KernelEvent& e = kernel_.events[event];
  Fate& fate = fates_[event];
  const auto thread = threads_.find(e.tid);
  if (thread == threads_.end()) {
    fate.left_out = "the capture has no call of its thread";
    return;
  }
  fate.run = choose(e, thread->second, fate.left_out);
  fate.missing = fate.run == none;
  if (fate.run != none) pair(event, thread->second);
}

// A switch belongs to the trace if it takes the CPU from a thread inside KVM_RUN, or gives it back.
void Merger::bind_switch(std::size_t event) {
  const KernelEvent& e = kernel_.events[event];
  for (std::uint32_t tid : {e.tid, e.next}) {
    const auto thread = threads_.find(tid);
    if (thread == threads_.end()) continue;
    const auto& runs = thread->second.runs;
    const auto begins_later = [&](std::uint64_t time, std::size_t run) {
      return time < calls_[run].begin_ns;
    };
    const auto at = std::upper_bound(runs.begin(), runs.end(), e.time_ns, begins_later);
    if (at == runs.begin() || calls_[at[-1]].end_ns < e.time_ns) continue;
    return void(fates_[event].run = at[-1]);
  }
}

// Whether what the kernel's trace does not hold of this call did not happen.
bool Merger::vouched(const Captured& run) const {
  return kernel_.vouched && kernel_.first_ns <= run.begin_ns && run.end_ns <= kernel_.last_ns;
}

// Within one KVM_RUN every entry is followed by its exit, and KVM_RUN cannot return from within the
// guest. Where the kernel's trace may have lost events, an entry without an exit (or the reverse)
// is left out: the other one may be among the lost. Where the trace is known to be complete, it
// stays, and the checker judges it.
void Merger::pair(std::size_t event, Thread& thread) {
  constexpr std::string_view no_exit = "its exit is missing", no_entry = "its entry is missing";
  const bool open_here = thread.open != none && fates_[thread.open].run == fates_[event].run;
  const bool is_exit = kernel_.events[event].kind == KernelEvent::Kind::exit;
  if (is_exit && !open_here) leave_unpaired(event, no_entry);
  if (thread.open != none && !(is_exit && open_here)) leave_unpaired(thread.open, no_exit);
  thread.open = is_exit ? none : event;
}

void Merger::leave_unpaired(std::size_t event, std::string_view why) {
  Fate& fate = fates_[event];
  if (vouched(calls_[fate.run])) return;
  fate.left_out = why;
  fate.missing = true;
}

std::string Merger::text_of(std::size_t event) const {
  const KernelEvent& e = kernel_.events[event];
  const Fate& fate = fates_[event];
  if (e.kind == KernelEvent::Kind::task_switch) return e.text;
  const char* name = e.kind == KernelEvent::Kind::entry ? "kvm_entry" : "kvm_exit";
  const std::string when = fmt::format("{} [{:03}] {}.{:06}", e.tid, e.cpu, e.time_ns / 1000000000,
                                       e.time_ns % 1000000000 / 1000);
  if (!fate.left_out.empty())
    return fmt::format("# left out: {} {}: {} ({})", when, name, e.text, fate.left_out);
  return fmt::format("{} {}: fd={} {}", when, name, calls_[fate.run].descriptor, e.text);
}

void Merger::place(Merged& out) const {
  struct Item {
    std::size_t before;  // the call that it stands in front of
    std::uint64_t time_ns;
    std::size_t event;
  };
  std::vector<Item> items;
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    const Fate& fate = fates_[i];
    std::uint64_t time = kernel_.events[i].time_ns;
    if (fate.run == none && fate.left_out.empty()) continue;  // a switch of others
    // Rounded stamps may lie just outside the call that caused them.
    if (fate.run != none)
      time = std::clamp(time, calls_[fate.run].begin_ns, calls_[fate.run].end_ns);
    const auto later = [](const Captured& c, std::uint64_t ns) { return c.key_ns < ns; };
    auto before = static_cast<std::size_t>(
        std::lower_bound(calls_.begin(), calls_.end(), time, later) - calls_.begin());
    if (fate.run != none) before = std::clamp(before, calls_[fate.run].after, fate.run);
    items.push_back({before, time, i});
  }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return a.before != b.before ? a.before < b.before : a.time_ns < b.time_ns;
  });
  auto next = items.begin();
  for (std::size_t at = 0; at <= calls_.size(); ++at) {
    for (; next != items.end() && next->before == at; ++next) {
      out.lines.push_back(text_of(next->event));
      if (fates_[next->event].missing) out.lines.emplace_back("lost: records=1");
    }
    if (at < calls_.size()) out.lines.push_back(calls_[at].text);
  }
}

Merged Merger::finish() {
  fix_keys();
  fates_.assign(kernel_.events.size(), {});
  for (std::size_t i = 0; i < fates_.size(); ++i)
    if (kernel_.events[i].kind == KernelEvent::Kind::task_switch) bind_switch(i);
    else bind(i);
  for (auto& [tid, thread] : threads_)
    if (thread.open != none) leave_unpaired(thread.open, "its exit is missing");
  Merged out;
  // The tracer does not say where the events that it lost belong, so the whole trace is marked.
  if (kernel_.lost != 0) out.lines.push_back(fmt::format("lost: records={}", kernel_.lost));
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    const Fate& fate = fates_[i];
    if (!fate.left_out.empty())
      out.left_out.push_back({kernel_.events[i].line, fate.left_out, fate.missing});
    else if (fate.run == none) continue;
    else if (kernel_.events[i].kind == KernelEvent::Kind::entry) ++out.entries;
    else if (kernel_.events[i].kind == KernelEvent::Kind::exit) ++out.exits;
    else ++out.switches;
  }
  place(out);
  return out;
}

}  // namespace assay::traces

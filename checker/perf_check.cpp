#include "checker/perf_check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "traces/spe/perf_data.hpp"

namespace assay::checker {
namespace {

namespace spe = traces::spe;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// "cpu 3" or "thread 4242".
std::string owner(std::int32_t cpu, std::int32_t tid) {
  return cpu >= 0 ? fmt::format("cpu {}", cpu) : fmt::format("thread {}", tid);
}

Finding finding_of(const spe::AuxChunk& chunk, std::uint64_t number) {
  Finding f;
  f.event = number;
  f.rule = "spe_records";
  f.check = fmt::format("spe_records.{}", spe::name_of(chunk.verdict));
  f.call = fmt::format("AUX data of {} at 0x{:x}, {} bytes, file offset 0x{:x}",
                       owner(chunk.cpu, chunk.tid), chunk.offset, chunk.size, chunk.file_offset);
  f.observed = chunk.why;
  Reason reason;
  reason.check = f.check;
  if (chunk.verdict == spe::ChunkVerdict::unlawful_record) {
    f.allowed = {"a record as the architecture defines it"};
    reason.source = "Arm ARM DDI 0487 D18.1 and D18.2";
  } else {
    const std::string flags = spe::aux_flags_text(chunk.flags);
    f.allowed = {flags.empty() ? std::string("whole records: no flag speaks of loss")
                               : "what the flags say: " + flags};
    reason.source = "Arm ARM DDI 0487 D18.1; Linux arm_spe_pmu.c: DL sets TRUNCATED and PARTIAL";
  }
  reason.held = true;
  f.reasons.push_back(std::move(reason));
  return f;
}

// What keeps a file without findings from conforming; empty if nothing does.
std::string what_is_missing(const spe::PerfData& data, std::uint64_t checked) {
  if (const spe::AbsentBytes& a = data.absent; a.bytes != 0)
    return fmt::format(
        "AUX records report {} bytes of {} from 0x{:x} on that the file does not have", a.bytes,
        owner(a.cpu, a.tid), a.offset);
  for (const spe::AuxChunk& chunk : data.chunks)
    if (chunk.records_unheard != 0)
      return fmt::format("no AUX record covers {} records of {} from 0x{:x} on",
                         chunk.records_unheard, owner(chunk.cpu, chunk.tid), chunk.unheard_at);
  for (const spe::AuxChunk& chunk : data.chunks)
    if (chunk.verdict == spe::ChunkVerdict::unannounced)
      return fmt::format("{}: {}, and no AUX record tells why", owner(chunk.cpu, chunk.tid),
                         chunk.why);
  if (checked == 0) return "the file holds no Arm SPE record to judge";
  return data.unfinished ? "the recording was not finished" : "";
}

void summarise(const spe::PerfData& data, Report& report) {
  report.profile = "spe-records";
  for (const spe::AuxChunk& chunk : data.chunks) {
    report.events += chunk.records;
    report.evaluations += chunk.packets;
    const std::uint64_t unheard =
        chunk.verdict == spe::ChunkVerdict::unannounced ? chunk.records : chunk.records_unheard;
    if (unheard != 0) report.skipped["records: no AUX record covers them"] += unheard;
    report.checked += chunk.records - unheard;
    if (!spe::violates(chunk.verdict)) continue;
    ++report.findings_total;
    if (report.findings.size() < 100) report.findings.push_back(finding_of(chunk, report.events));
  }
  if (report.findings_total != 0) {
    report.verdict = Verdict::violates;
    return;
  }
  report.reason = what_is_missing(data, report.checked);
  if (report.reason.empty()) report.verdict = Verdict::conforms;
}

}  // namespace

bool is_perf_file(const std::string& path) {
  const Descriptor file(path);
  char beginning[8];
  const ssize_t got = file.get() < 0 ? -1 : ::read(file.get(), beginning, sizeof beginning);
  return got == sizeof beginning && spe::is_perf_data({beginning, sizeof beginning});
}

PerfJudgement check_perf_file(const std::string& path, Report& report, traces::Diagnostic& why) {
  const Descriptor file(path);
  if (file.get() < 0) return PerfJudgement::unreadable;
  spe::DescriptorInput input(file.get());
  spe::PerfData data;
  const spe::PerfRead result = spe::read_perf_data(input, {}, data, why);
  summarise(data, report);
  switch (result) {
    case spe::PerfRead::fine:
    case spe::PerfRead::no_spe: return PerfJudgement::judged;
    case spe::PerfRead::unsupported:
      report.verdict = Verdict::inconclusive;
      report.reason = why.message;
      return PerfJudgement::judged;
    case spe::PerfRead::malformed:
    case spe::PerfRead::unreadable: break;
  }
  // What came before may violate, but a part that conforms says nothing of the whole.
  if (report.verdict == Verdict::conforms) report.verdict = Verdict::inconclusive;
  if (report.verdict == Verdict::inconclusive)
    report.reason = fmt::format("the file was not read beyond byte {}", why.offset);
  if (result == spe::PerfRead::malformed) return PerfJudgement::malformed;
  return PerfJudgement::unreadable;
}

}  // namespace assay::checker

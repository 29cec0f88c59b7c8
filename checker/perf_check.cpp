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

Finding finding_of(const spe::AuxChunk& chunk, std::uint64_t number) {
  Finding f;
  f.event = number;
  f.rule = "spe_records";
  f.check = fmt::format("spe_records.{}", spe::name_of(chunk.verdict));
  f.call = fmt::format(
      "AUX data of {} at 0x{:x}, {} bytes, file offset 0x{:x}",
      chunk.cpu >= 0 ? fmt::format("cpu {}", chunk.cpu) : fmt::format("thread {}", chunk.tid),
      chunk.offset, chunk.size, chunk.file_offset);
  f.observed = chunk.why;
  const std::string flags = spe::aux_flags_text(chunk.flags);
  f.allowed = {flags.empty() ? std::string("whole records: no flag speaks of loss")
                             : "what the flags say: " + flags};
  Reason reason;
  reason.check = f.check;
  reason.source = "Arm ARM DDI 0487 D18.1; Linux arm_spe_pmu.c: DL sets TRUNCATED and PARTIAL";
  reason.held = true;
  f.reasons.push_back(std::move(reason));
  return f;
}

void summarise(const spe::PerfData& data, Report& report) {
  report.profile = "spe-records";
  for (const spe::AuxChunk& chunk : data.chunks) {
    report.events += chunk.records;
    report.evaluations += chunk.packets;
    if (chunk.verdict == spe::ChunkVerdict::unannounced)
      report.skipped["records: no AUX record covers the chunk"] += chunk.records;
    else report.checked += chunk.records;
    if (!spe::violates(chunk.verdict)) continue;
    ++report.findings_total;
    if (report.findings.size() < 100) report.findings.push_back(finding_of(chunk, report.events));
  }
  if (data.compressed != 0)
    report.skipped["compressed perf records: their contents are not read"] += data.compressed;
  if (report.findings_total != 0) report.verdict = Verdict::violates;
  else if (report.checked == 0) report.reason = "the file holds no Arm SPE record to judge";
  else if (data.compressed != 0) report.reason = "parts of the file are compressed";
  else if (data.unfinished) report.reason = "the recording was not finished";
  else report.verdict = Verdict::conforms;
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
    case spe::PerfRead::malformed: return PerfJudgement::malformed;
    case spe::PerfRead::unreadable: break;
  }
  return PerfJudgement::unreadable;
}

}  // namespace assay::checker

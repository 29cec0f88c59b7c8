#include "gen/campaign.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "gen/defects.hpp"
#include "gen/parallel.hpp"
#include "gen/world.hpp"

namespace assay::gen {
namespace {

using Clock = std::chrono::steady_clock;

// What all jobs share.
class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options),
        begin_(Clock::now()),
        knowledge_(learn(*options.profile, options.host)) {}

  CampaignSummary run();

 private:
  struct Job {
    CampaignSummary part;
    std::unique_ptr<World> world;
  };
  void work();
  bool take_batch(unsigned size, u64& first, u64& count);
  void judge(Job& job, const Program& p, const Answers& a);
  void found(Job& job, const Program& p, const Answers& a, Violation v);
  void merge(Job& job);
  void progress(const CampaignSummary& batch);
  void write_corpus(CampaignSummary& summary) const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

  const CampaignOptions& options_;
  Clock::time_point begin_;
  std::shared_ptr<const Knowledge> knowledge_;
  std::mutex mutex_;  // of all below
  u64 next_ = 0;
  bool over_ = false;
  Progress progress_;
  CampaignSummary summary_;
  std::map<std::string, Finding> findings_;
};

// Batches go out in order; a batch that is out is finished.
bool Campaign::take_batch(unsigned size, u64& first, u64& count) {
  std::lock_guard lock(mutex_);
  const bool stopped = options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  summary_.interrupted = summary_.interrupted || stopped;
  const bool late = options_.time.count() != 0 && Clock::now() - begin_ >= options_.time;
  if (over_ || stopped || late) return false;
  first = next_;
  count = size;
  if (options_.time.count() == 0) {
    if (next_ >= options_.cases) return false;
    count = std::min<u64>(size, options_.cases - next_);
  }
  next_ += count;
  return true;
}

void Campaign::found(Job& job, const Program& p, const Answers& a, Violation v) {
  if (options_.known.contains(v.key)) {
    ++job.part.known[v.key];
    return;
  }
  ++job.part.violating;
  ++job.part.by_key[v.key];
  auto known = std::find_if(job.part.findings.begin(), job.part.findings.end(),
                            [&](const Finding& f) { return f.violation.key == v.key; });
  if (known != job.part.findings.end() && known->number <= p.number) return;
  Finding f{std::move(v), p.number, p, a, {}};
  if (known != job.part.findings.end()) *known = std::move(f);
  else job.part.findings.push_back(std::move(f));
}

void Campaign::judge(Job& job, const Program& p, const Answers& a) {
  ++job.part.cases;
  job.part.operations += p.operations.size();
  if (a.end == Answers::End::not_run) {
    ++job.part.not_run;
    job.part.why_not_run = a.note;
    return;
  }
  for (const Answer& one : a.of) job.part.executed += one.executed;
  job.part.hangs += a.end == Answers::End::hung ? 1 : 0;
  job.part.crashes += a.end == Answers::End::crashed || a.end == Answers::End::garbled ? 1 : 0;
  job.part.logs_read += a.log_was_read ? 1 : 0;
  for (Violation& v : defects_of(p, a)) {
    job.part.reports += a.end == Answers::End::completed ? 1 : 0;
    found(job, p, a, std::move(v));
  }
  const bool doubtful = first_doubt(*job.world, p, a, &job.part.coverage).has_value();
  if (options_.quick_look && !doubtful) return;
  if (!options_.oracle) return;
  if (std::optional<Violation> v = options_.oracle(p, a)) found(job, p, a, std::move(*v));
}

void Campaign::work() {
  std::unique_ptr<Target> target = options_.target();
  Job job;
  job.world = std::make_unique<World>(*options_.profile, options_.host);
  Generator generator(*options_.profile, options_.host, options_.seed, knowledge_,
                      options_.generator);
  std::vector<Program> batch;
  for (u64 first = 0, count = 0; take_batch(target->batch_size(), first, count);) {
    batch.resize(count);
    for (u64 i = 0; i < count; ++i) generator.program(options_.first_case + first + i, batch[i]);
    const std::vector<Answers> answers = target->run(batch);
    for (u64 i = 0; i < count; ++i) judge(job, batch[i], answers[i]);
    merge(job);
  }
}

// Sums do not depend on the order; of findings with one key the lowest case number stays.
void Campaign::merge(Job& job) {
  std::lock_guard lock(mutex_);
  CampaignSummary& part = job.part;
  summary_.cases += part.cases;
  summary_.not_run += part.not_run;
  if (!part.why_not_run.empty()) summary_.why_not_run = part.why_not_run;
  summary_.operations += part.operations;
  summary_.executed += part.executed;
  summary_.crashes += part.crashes;
  summary_.hangs += part.hangs;
  summary_.logs_read += part.logs_read;
  summary_.reports += part.reports;
  summary_.violating += part.violating;
  summary_.coverage.merge(part.coverage);
  for (const auto& [key, count] : part.known) summary_.known[key] += count;
  for (const auto& [key, count] : part.by_key) summary_.by_key[key] += count;
  for (Finding& f : part.findings) {
    auto [at, is_new] = findings_.try_emplace(f.violation.key, f);
    if (!is_new && f.number < at->second.number) at->second = std::move(f);
  }
  over_ = over_ || (options_.findings_max != 0 && findings_.size() >= options_.findings_max);
  part = CampaignSummary{};
  if (!options_.on_progress) return;
  options_.on_progress({summary_.cases, summary_.operations, findings_.size(), seconds()});
}

void Campaign::write_corpus(CampaignSummary& summary) const {
  if (options_.corpus.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(options_.corpus, error);
  for (Finding& f : summary.findings) {
    std::string name = f.violation.key;
    for (char& c : name)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    f.file = fmt::format("{}/{}-{}-{}.trace", options_.corpus, name, options_.seed, f.number);
    Program named = f.program;
    renumber(named);
    const std::string problem =
        write_atomically(f.file, text_of(named, f.answers, "violates " + f.violation.key));
    if (!problem.empty()) summary.error = problem;
  }
}

CampaignSummary Campaign::run() {
  // More jobs than cores make sense: most of a laboratory job's time is waiting.
  const unsigned jobs = std::max(1u, options_.jobs);
  in_parallel(jobs, jobs, [&](std::size_t) { work(); });
  for (auto& [key, f] : findings_) summary_.findings.push_back(std::move(f));
  std::sort(summary_.findings.begin(), summary_.findings.end(),
            [](const Finding& a, const Finding& b) {
              return a.number != b.number ? a.number < b.number : a.violation.key < b.violation.key;
            });
  write_corpus(summary_);
  summary_.seconds = seconds();
  return std::move(summary_);
}

bool has_calls(const Profile& profile) {
  const Rules& rules = Rules::of(profile);
  for (u32 r = 0; r < rules.count(); ++r)
    if (rules.facts(r).is_call && rules.info(r).is_of(profile)) return true;
  return false;
}

}  // namespace

std::string write_atomically(const std::string& path, std::string_view content) {
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return fmt::format("{}: {}", part, std::strerror(errno));
  bool good = true;
  while (good && !content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
    good = n > 0 || (n < 0 && errno == EINTR);
  }
  good = good && ::fsync(fd) == 0;
  good = ::close(fd) == 0 && good;
  good = good && ::rename(part.c_str(), path.c_str()) == 0;
  return good ? std::string() : fmt::format("{}: {}", path, std::strerror(errno));
}

CampaignSummary run_campaign(const CampaignOptions& options) {
  // A system of events only, which software does not ask for.
  if (!has_calls(*options.profile)) {
    CampaignSummary summary;
    summary.error = std::string(options.profile->name) +
                    " describes no calls, only events: there is nothing to perform";
    return summary;
  }
  return Campaign(options).run();
}

}  // namespace assay::gen

#include "checker/cli/minimise_lines.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "checker/check.hpp"
#include "checker/cli/trace_files.hpp"
#include "gen/delete_runs.hpp"
#include "traces/header.hpp"
#include "traces/stop.hpp"

namespace assay::cli {
namespace {

// A file in memory that a trace is read from.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("assay", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool write(std::string_view text) const {
    if (fd_ < 0 || ::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return false;
    while (!text.empty()) {
      const ssize_t done = ::write(fd_, text.data(), text.size());
      if (done <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

bool is_header(std::string_view line) { return line.starts_with('#'); }

class Minimiser {
 public:
  explicit Minimiser(const LinesToMinimise& given) : given_(given) {
    std::string_view text = given.text;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      (is_header(line) ? header_ : lines_).push_back(line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  MinimisedLines run() {
    MinimisedLines out;
    out.lines_before = lines_.size();
    const checker::Report all = judge(lines_);
    out.failure = failure_;
    out.check = wanted_of(all);
    if (!out.check.empty()) {
      check_ = out.check;
      cut_behind(all);
      gen::delete_runs(
          [&] { return lines_.size(); },
          [&](std::size_t begin, std::size_t end) { return delete_lines(begin, end); });
      while (!stop::requested() && delete_singles()) {}
      out.minimal = !stop::requested();
    }
    out.lines = lines_.size();
    out.judgements = judgements_;
    for (const std::string_view line : header_)
      if (!line.starts_with("# expect")) out.text += fmt::format("{}\n", line);
    if (!out.check.empty() && header_says_it_is_ours())
      out.text += fmt::format("# expect violates {}\n", out.check);
    for (const std::string_view line : lines_) out.text += fmt::format("{}\n", line);
    return out;
  }

 private:
  using Lines = std::vector<std::string_view>;

  bool header_says_it_is_ours() const {
    return !header_.empty() && header_.front().starts_with("# assay-trace");
  }

  checker::Report judge(const Lines& lines) {
    ++judgements_;
    std::string text;
    for (const Lines* some : {static_cast<const Lines*>(&header_), &lines})
      for (const std::string_view line : *some) text.append(line).push_back('\n');
    if (!file_.write(text)) return {};
    std::optional<checker::Checker> checker;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      expected_ = h.expect;
      const checker::CheckOptions options = options_for(h, given_.by);
      checker.emplace(traces::Binder::of(system_of(*options.profile)), options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      checker->feed(e);
      return !stop::requested();
    };
    traces::ReadFailure failure;
    const auto read = read_trace(file_.path(), traces::Format::automatic,
                                 traces::Binder::of(default_system()), sink, failure);
    if (read == traces::ReadResult::malformed && judgements_ == 1) failure_ = failure;
    if (!checker || read != traces::ReadResult::complete) return {};
    return checker->finish();
  }

  // The violation to keep: the one that is asked for, or expected if it is there; else the first.
  std::string wanted_of(const checker::Report& r) const {
    constexpr std::string_view violates = "violates ";
    const std::string expected =
        expected_.starts_with(violates) ? expected_.substr(violates.size()) : std::string();
    const std::string& asked = given_.check.empty() ? expected : given_.check;
    for (const checker::Finding& f : r.findings)
      if (f.check == asked) return asked;
    return r.findings.empty() || !given_.check.empty() ? std::string() : r.findings.front().check;
  }

  bool is_kept(const checker::Report& r) const {
    return std::any_of(r.findings.begin(), r.findings.end(), [&](const checker::Finding& f) {
      return f.check == check_ && !f.follow_on;
    });
  }

  // What comes after the violation does not matter.
  void cut_behind(const checker::Report& r) {
    for (const checker::Finding& f : r.findings) {
      if (f.check != check_ || f.line <= header_.size()) continue;
      Lines fewer(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                       lines_.size(), f.line - header_.size())));
      if (is_kept(judge(fewer))) lines_ = std::move(fewer);
      return;
    }
  }

  bool delete_lines(std::size_t begin, std::size_t end) {
    Lines fewer = lines_;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(begin),
                fewer.begin() + static_cast<std::ptrdiff_t>(end));
    if (stop::requested() || !is_kept(judge(fewer))) return false;
    lines_ = std::move(fewer);
    if (given_.on_progress) given_.on_progress(lines_.size());
    return true;
  }

  bool delete_singles() {
    bool any = false;
    for (std::size_t i = lines_.size(); i-- > 0;) any = delete_lines(i, i + 1) || any;
    return any;
  }

  const LinesToMinimise& given_;
  MemoryFile file_;
  Lines header_, lines_;
  std::string check_, expected_;
  std::optional<traces::ReadFailure> failure_;
  std::size_t judgements_ = 0;
};

}  // namespace

MinimisedLines minimise_lines(const LinesToMinimise& given) { return Minimiser(given).run(); }

}  // namespace assay::cli

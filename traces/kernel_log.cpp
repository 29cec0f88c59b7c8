#include "traces/kernel_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>
#include <optional>

namespace assay::traces {
namespace {

// How the first line of a report is told, in the order in which they are tried. `until`: the kind's
// name goes on up to there; empty: `kind` is all of it.
struct Beginning {
  std::string_view sign;
  std::string_view kind;
  std::string_view until;
};

constexpr std::array beginnings{
    Beginning{"BUG: KASAN: ", "KASAN: ", " in "},
    Beginning{"BUG: KFENCE: ", "KFENCE: ", " in "},
    Beginning{"BUG: KCSAN: ", "KCSAN: ", " in "},
    Beginning{"UBSAN: ", "UBSAN: ", " in "},
    Beginning{"WARNING: possible ", "lockdep: possible ", " detected"},
    Beginning{"WARNING: bad unlock balance", "lockdep: bad unlock balance", ""},
    Beginning{"WARNING: suspicious RCU usage", "lockdep: suspicious RCU usage", ""},
    Beginning{"WARNING: lock held when returning to user space!",
              "lockdep: lock held when returning to user space", ""},
    Beginning{"WARNING: CPU: ", "WARNING", ""},
    Beginning{"WARNING: ", "WARNING", ""},
    Beginning{"kernel BUG at ", "BUG", ""},
    Beginning{"BUG: sleeping function called from invalid context",
              "sleeping function called from invalid context", ""},
    Beginning{"BUG: scheduling while atomic", "scheduling while atomic", ""},
    Beginning{"watchdog: BUG: soft lockup", "soft lockup", ""},
    Beginning{"BUG: ", "BUG", ""},
    Beginning{"Unable to handle kernel ", "Oops: ", " at "},
    Beginning{"Internal error: ", "Oops", ""},
    Beginning{"Oops: ", "Oops", ""},
    Beginning{"general protection fault", "Oops: general protection fault", ""},
    Beginning{"SError Interrupt", "SError", ""},
    Beginning{"INFO: rcu", "RCU stall", ""},
    Beginning{"rcu: INFO: rcu", "RCU stall", ""},
    Beginning{"INFO: task ", "hung task", ""},
    Beginning{"unregister_netdevice: waiting", "reference leak", ""},
    Beginning{"Kernel panic - not syncing: ", "panic: ", ""},
};

// A line without "<4>", "[    1.234567] " and a task's or CPU's name in brackets.
std::string_view message_of(std::string_view line) {
  if (line.size() > 3 && line[0] == '<' && line[2] == '>') line.remove_prefix(3);
  while (!line.empty() && line[0] == '[') {
    const std::size_t end = line.find("] ");
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 2);
  }
  return line;
}

// The function of "name+0x1c/0x2c", wherever it stands in the line; empty: there is none.
std::string_view function_in(std::string_view line) {
  const std::size_t plus = line.find("+0x");
  if (plus == std::string_view::npos) return {};
  std::size_t begin = plus;
  const auto is_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
  };
  while (begin > 0 && is_name(line[begin - 1])) --begin;
  return line.substr(begin, plus - begin);
}

bool is_frame_of_the_reporter(std::string_view function) {
  constexpr std::array reporters{"dump_stack",      "dump_backtrace", "show_stack",
                                 "print_report",    "kasan_report",   "__warn",
                                 "warn_slowpath",   "panic",          "report_bug",
                                 "__might_resched", "__schedule_bug", "ubsan_epilogue"};
  return std::any_of(reporters.begin(), reporters.end(),
                     [&](std::string_view r) { return function.starts_with(r); }) ||
         function.starts_with("__ubsan") || function.starts_with("__asan");
}

// Two functions of one report, of which the innermost may be told several times (pc, lr, trace).
void add_frame(std::string_view line, KernelReport& report) {
  const std::string_view function = function_in(line);
  constexpr std::size_t frames_max = 2;
  if (function.empty() || report.frames.size() >= frames_max) return;
  if (is_frame_of_the_reporter(function)) return;
  if (!report.frames.empty() && report.frames.back() == function) return;
  report.frames.emplace_back(function);
}

std::optional<std::string> kind_of(std::string_view message) {
  for (const Beginning& b : beginnings) {
    if (!message.starts_with(b.sign)) continue;
    std::string kind(b.kind);
    if (b.until.empty()) return kind;
    const std::string_view rest = message.substr(b.sign.size());
    kind += rest.substr(0, rest.find(b.until));
    return kind;
  }
  return std::nullopt;
}

bool is_end(std::string_view message) {
  return message.starts_with("---[ end trace") || message.starts_with("---[ end Kernel panic");
}

// An oops is one report: the line of the fault, "Internal error", and the panic that follows.
bool belongs_to(const KernelReport& open, std::string_view kind) {
  const bool is_oops = open.kind.starts_with("Oops") || open.kind == "BUG";
  return is_oops && (kind.starts_with("Oops") || kind.starts_with("panic"));
}

}  // namespace

std::string KernelReport::name() const {
  if (frames.empty()) return kind;
  return fmt::format("{} in {}", kind, fmt::join(frames, " < "));
}

std::vector<KernelReport> reports_of(std::string_view log) {
  std::vector<KernelReport> out;
  bool open = false, in_trace = false;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    const std::string_view message = message_of(line);
    const std::optional<std::string> kind = kind_of(message);
    const bool goes_on = kind && !out.empty() && belongs_to(out.back(), *kind) &&
                         (open || kind->starts_with("panic"));
    if (goes_on) open = true;
    if (kind && !goes_on) {
      out.push_back({*kind, {}, {}});
      open = true;
      in_trace = false;
      add_frame(message, out.back());
    }
    if (!open) continue;
    out.back().text.append(message).append("\n");
    if (message.starts_with("Call trace:") || message.starts_with("Call Trace:")) in_trace = true;
    else if (in_trace || message.starts_with("pc : ") || message.starts_with("RIP: "))
      add_frame(message, out.back());
    if (is_end(message)) open = false;
  }
  return out;
}

std::string log_escaped(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const bool plain = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
    if (plain) out += byte;
    else fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

std::string log_unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool is_escape =
        text.substr(i).starts_with("\\x") && i + 4 <= text.size() &&
        std::from_chars(text.data() + i + 2, text.data() + i + 4, byte, 16).ptr ==
            text.data() + i + 4;
    out += is_escape ? static_cast<char>(byte) : text[i];
    i += is_escape ? 3 : 0;
  }
  return out;
}

}  // namespace assay::traces

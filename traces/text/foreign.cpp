#include "traces/text/foreign.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "traces/text/grammar_scan.hpp"

namespace assay::traces {
namespace {

constexpr auto npos = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool digits_only(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == npos;
}

// "d" and "0x0000000d"; the kernel prints hexadecimal in both forms.
std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What follows "KEY: " up to the next comma or parenthesis.
std::optional<std::uint64_t> member(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  return hexadecimal(text.substr(0, text.find_first_of(",)")));
}

// "96 [001] 100.000001 "
std::string columns_of(const text::EventColumns& c) {
  return fmt::format("{} [{:03}] {}.{:09} ", c.tid, c.cpu < 0 ? 0 : c.cpu,
                     c.time_ns / 1'000'000'000, c.time_ns % 1'000'000'000);
}

bool enter(const text::EventColumns& columns, std::string_view fields, std::string& out) {
  const auto fd = member(fields, "fd: "), request = member(fields, "cmd: ");
  const auto argument = member(fields, "arg: ");
  if (!fd || !request) return false;
  out = fmt::format("{}ioctl({}, 0x{:x}, {} <unfinished ...>", columns_of(columns), *fd, *request,
                    argument ? fmt::format("0x{:x}", *argument) : "?");
  return true;
}

bool leave(const text::EventColumns& columns, std::string_view value, std::string& out) {
  const auto result = hexadecimal(value);
  if (!result) return false;
  const auto number = static_cast<std::int64_t>(*result);
  constexpr std::int64_t errno_max = 4095;
  const bool failed = number < 0 && number >= -errno_max;
  out = columns_of(columns) + "<... ioctl resumed>) = ";
  // A number without a name is at least no success.
  const char* name = failed ? ::strerrorname_np(static_cast<int>(-number)) : nullptr;
  out += !failed           ? fmt::format("{}", number)
         : name == nullptr ? std::string("?")
                           : fmt::format("-1 {}", name);
  return true;
}

// ftrace's events, as `trace`, `trace_pipe`, trace-cmd and perf script print them.
bool kernel_event(std::string_view line, std::string& out) {
  const std::size_t at = line.find("sys_");
  if (at == npos) return false;
  std::string_view rest = line.substr(at);
  text::EventColumns columns;
  const char* first = line.data();
  if (!text::scan_event_columns(first, line.data() + line.size(), columns)) return false;
  if (columns.tid == 0) return false;
  for (const std::string_view begin : {"sys_enter_ioctl:", "sys_ioctl("})
    if (rest.starts_with(begin)) return enter(columns, rest.substr(begin.size()), out);
  for (const std::string_view begin : {"sys_exit_ioctl:", "sys_ioctl ->"})
    if (rest.starts_with(begin)) return leave(columns, rest.substr(begin.size()), out);
  return false;
}

// Arguments without their names: "fd: 13<x>, cmd: KVM_RUN" is "13<x>, KVM_RUN".
std::string without_names(std::string_view arguments) {
  std::string out;
  while (!arguments.empty()) {
    const std::size_t end = std::min(arguments.find(", "), arguments.size());
    std::string_view one = arguments.substr(0, end);
    const std::size_t colon = one.find(": ");
    const bool named = colon != npos && one.find_first_of("<\"{[") > colon;
    if (named) one.remove_prefix(colon + 2);
    out += (out.empty() ? "" : ", ") + std::string(trimmed(one));
    arguments.remove_prefix(std::min(end + 2, arguments.size()));
  }
  return out;
}

// "12.345 ( 0.003 ms): qemu/96 " before a call: milliseconds, duration, who. Moves behind it.
bool perf_columns(std::string_view& line, std::string& out) {
  std::string_view rest = trimmed(line);
  const std::size_t open = rest.find(" ("), close = rest.find("): ");
  if (open == npos || close == npos || close < open) return false;
  double milliseconds = 0;
  const std::string_view number = trimmed(rest.substr(0, open));
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), milliseconds);
  if (error != std::errc{} || end != number.data() + number.size()) return false;
  const std::string_view took = trimmed(rest.substr(open + 2, close - open - 2));
  if (!took.empty() && !took.ends_with("ms")) return false;
  rest.remove_prefix(close + 3);
  // The task's name may hold anything; its number stands before the last blank before the call.
  const std::size_t call = std::min(rest.find('('), rest.find(" ... ["));
  const std::size_t slash = rest.substr(0, call).rfind('/');
  const std::size_t blank = slash == npos ? npos : rest.find(' ', slash);
  std::string_view tid = "0";
  if (blank != npos && digits_only(rest.substr(slash + 1, blank - slash - 1))) {
    tid = rest.substr(slash + 1, blank - slash - 1);
    rest.remove_prefix(blank + 1);
  }
  out = tid == "0" ? "" : std::string(tid) + " ";
  out += fmt::format("{:.9f} ", milliseconds / 1000);
  line = trimmed(rest);
  return true;
}

// Where the ')' before the answer stands; perf aligns the answers: "...)    = 0".
std::size_t end_of_call(std::string_view text) {
  const std::size_t equals = text.rfind(" = ");
  const std::size_t close = equals == npos ? npos : text.find_last_not_of(' ', equals);
  return close != npos && text[close] == ')' ? close : npos;
}

bool perf_trace(std::string_view line, std::string& out) {
  std::string_view rest = line;
  if (!perf_columns(rest, out)) return false;
  constexpr std::string_view continued = "... [continued]: ";
  if (rest.starts_with(continued)) {
    rest.remove_prefix(continued.size());
    const std::size_t open = rest.find('('), result = rest.rfind(" = ");
    if (open == npos || end_of_call(rest) == npos) return false;
    out += fmt::format("<... {} resumed>){}", rest.substr(0, open), rest.substr(result));
    return true;
  }
  const std::size_t open = rest.find('(');
  const bool cut = rest.ends_with(" ...");
  const std::size_t close = cut ? rest.rfind(')') : end_of_call(rest);
  if (open == npos || close == npos || close < open) return false;
  out += std::string(rest.substr(0, open + 1));
  out += without_names(rest.substr(open + 1, close - open - 1));
  out += cut ? " <unfinished ...>" : ")" + std::string(rest.substr(rest.rfind(" = ")));
  return true;
}

}  // namespace

bool spelt_as_strace(std::string_view line, std::string& out) {
  if (line.find("sys_") != npos && kernel_event(line, out)) return true;
  return line.find("): ") != npos && perf_trace(line, out);
}

}  // namespace assay::traces

#include "traces/header.hpp"

#include <fmt/format.h>

#include <charconv>

namespace assay::traces {
namespace {

bool number_of(std::string_view text, u64& value) {
  int base = 10;
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::size_t end = std::min(text.find(' '), text.size());
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

}  // namespace

std::string host_text(const Host<Concrete>& host) {
  std::string out;
  named_leaves(
      "",
      [&](const std::string& path, const auto& leaf) {
        if (u64 v = raw(leaf); v != 0)
          out += fmt::format("{}{}={}", out.empty() ? "" : " ", path, v);
      },
      host);
  return out;
}

std::string_view read_host(std::string_view text, Host<Concrete>& host) {
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    std::size_t equals = word.find('=');
    u64 value = 0;
    if (equals == std::string_view::npos || !number_of(word.substr(equals + 1), value) ||
        !assign(host, word.substr(0, equals), value))
      return word;
  }
  return {};
}

bool read_header_line(std::string_view line, std::uint64_t number, TraceHeader& header,
                      Diagnostic& why) {
  std::string_view rest = line;
  header.lines.emplace_back(line);
  if (!rest.starts_with('#')) return true;
  rest.remove_prefix(1);
  std::string_view key = next_word(rest);
  auto wrong = [&](std::string_view word, std::string_view expected, std::string message) {
    why.line = number;
    why.column = word.empty() ? static_cast<std::uint32_t>(line.size() + 1)
                              : static_cast<std::uint32_t>(word.data() - line.data() + 1);
    why.expected = expected;
    why.message = std::move(message);
    return false;
  };
  if (key == "assay-trace") {
    std::string_view word = next_word(rest);
    u64 version = 0;
    if (!number_of(word, version) || version != trace_version)
      return wrong(word, "version 1",
                   fmt::format("this reader knows trace version {}", trace_version));
    header.version = trace_version;
  }
  if (header.version == 0) return true;  // a comment of somebody else's text
  if (key == "profile") {
    std::string_view word = next_word(rest);
    if (find_profile(word) == nullptr)
      return wrong(word, "profile", fmt::format("there is no profile '{}'", word));
    header.profile = word;
  } else if (key == "kernel") {
    header.kernel = next_word(rest);
  } else if (key == "expect") {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    header.expect = rest;
  } else if (key == "host") {
    std::string_view bad = read_host(rest, header.host);
    if (!bad.empty())
      return wrong(bad, "key=number of the host record", fmt::format("'{}' is none", bad));
    header.host_known = true;
  }
  return true;
}

std::string write_header(const TraceHeader& header) {
  if (!header.lines.empty()) {
    std::string verbatim;
    for (const std::string& line : header.lines) verbatim += line + "\n";
    return verbatim;
  }
  std::string out = fmt::format("# assay-trace {}\n", trace_version);
  if (!header.profile.empty()) out += fmt::format("# profile {}\n", header.profile);
  if (!header.kernel.empty()) out += fmt::format("# kernel {}\n", header.kernel);
  if (header.host_known) out += fmt::format("# host {}\n", host_text(header.host));
  if (!header.expect.empty()) out += fmt::format("# expect {}\n", header.expect);
  return out;
}

Host<Concrete> default_host() {
  Host<Concrete> host;
  read_host(
      "ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
      "pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 sve=1 ptrauth=1 el1_32bit=1 gic_v3=1 "
      "its=1 pe[0].pmu=8 pe[1].pmu=8 pe[2].pmu=9 pe[3].pmu=9 pmu[0].type=8 pmu[1].type=9",
      host);
  return host;
}

}  // namespace assay::traces

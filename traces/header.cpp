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
  std::string out = "*=0";
  named_leaves(
      "",
      [&](const std::string& path, const auto& leaf) {
        if (u64 v = raw(leaf); v != 0) out += fmt::format(" {}={}", path, v);
      },
      host);
  return out;
}

bool tells_whole_host(const TraceHeader& header) {
  return header.host_known && header.host_rest_is_zero && header.host_unknown.empty();
}

HostPart host_part(const TraceHeader& header) {
  if (!header.host_rest_is_zero) return {header.host_words.begin(), header.host_words.end()};
  HostPart out;
  named_leaves(
      "",
      [&](const std::string& path, const auto& leaf) {
        if (!header.host_unknown.contains(path)) out.emplace_back(path, raw(leaf));
      },
      header.host);
  return out;
}

void set_host(TraceHeader& header, const Host<Concrete>& host) {
  header.host = host;
  header.host_known = header.host_rest_is_zero = true;
  header.host_words.clear();
  header.host_unknown.clear();
}

void set_host(TraceHeader& header, const TraceHeader& told) {
  header.host = told.host;
  header.host_known = told.host_known;
  header.host_rest_is_zero = told.host_rest_is_zero;
  header.host_words = told.host_words;
  header.host_unknown = told.host_unknown;
}

std::string host_text(const TraceHeader& header) {
  if (tells_whole_host(header)) return host_text(header.host);
  std::string out = header.host_rest_is_zero ? "*=0" : "";
  auto add = [&](const std::string& word) { out += (out.empty() ? "" : " ") + word; };
  for (const auto& [key, value] : header.host_words) add(fmt::format("{}={}", key, value));
  for (const std::string& key : header.host_unknown) add(key + "=?");
  return out;
}

namespace {

// Makes the diagnostics of one header line.
struct Line {
  std::string_view text;
  std::uint64_t number;
  Diagnostic& why;
  bool wrong(std::string_view word, std::string_view expected, std::string message) const {
    why.line = number;
    why.column = word.empty() ? static_cast<std::uint32_t>(text.size() + 1)
                              : static_cast<std::uint32_t>(word.data() - text.data() + 1);
    why.expected = expected;
    why.message = std::move(message);
    return false;
  }
};

// A key that may stand once, or again with the same value.
bool set_once(const Line& line, std::string_view key, std::string_view value, std::string& field) {
  if (!field.empty() && field != value)
    return line.wrong(value, "one value", fmt::format("the header says {} {} already", key, field));
  field = value;
  return true;
}

bool read_profile(const Line& line, std::string_view word, TraceHeader& header) {
  if (find_profile(word) == nullptr)
    return line.wrong(word, "profile", fmt::format("there is no profile '{}'", word));
  return set_once(line, "profile", word, header.profile);
}

// What every host has some of: zero is no value of it.
bool is_never_zero(std::string_view key) {
  return key == "vcpus_max" || key == "slots_max" || key == "user_address_bits";
}

bool read_host_words(const Line& line, std::string_view rest, TraceHeader& header) {
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view key = word.substr(0, equals);
    const std::string_view text = word.substr(std::min(equals + 1, word.size()));
    if (key == "machine") {
      if (!set_once(line, key, text, header.machine)) return false;
      continue;
    }
    if (word == "*=0") {
      header.host_known = header.host_rest_is_zero = true;
      continue;
    }
    u64 value = 0;
    if ((text != "?" && !number_of(text, value)) || !assign(header.host, key, value))
      return line.wrong(word, "key=number of the host record", fmt::format("'{}' is none", word));
    header.host_known = true;
    if (text == "?") {
      header.host_unknown.emplace(key);
      continue;
    }
    if (value == 0 && is_never_zero(key))
      return line.wrong(word, "a number from 1", fmt::format("no host has {}", word));
    const auto [at, is_new] = header.host_words.try_emplace(std::string(key), value);
    if (!is_new && at->second != value)
      return line.wrong(word, "one value",
                        fmt::format("the header says {}={} already", key, at->second));
  }
  return true;
}

}  // namespace

bool read_header_line(std::string_view line, std::uint64_t number, TraceHeader& header,
                      Diagnostic& why) {
  std::string_view rest = line;
  header.lines.emplace_back(line);
  if (!rest.starts_with('#')) return true;
  rest.remove_prefix(1);
  const std::string_view key = next_word(rest);
  const Line at{line, number, why};
  if (key == "assay-trace") {
    const std::string_view word = next_word(rest);
    u64 version = 0;
    if (!number_of(word, version) || version != trace_version)
      return at.wrong(word, "version 1",
                      fmt::format("this reader knows trace version {}", trace_version));
    header.version = trace_version;
  }
  if (header.version == 0) return true;  // a comment of somebody else's text
  if (key == "profile") return read_profile(at, next_word(rest), header);
  if (key == "kernel") return set_once(at, key, next_word(rest), header.kernel);
  if (key == "host") return read_host_words(at, rest, header);
  if (key == "expect") {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    return set_once(at, key, rest, header.expect);
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
  if (!is_arm64(header.machine)) out += fmt::format("# host machine={}\n", header.machine);
  if (header.host_known) out += fmt::format("# host {}\n", host_text(header));
  if (!header.expect.empty()) out += fmt::format("# expect {}\n", header.expect);
  return out;
}

const Profile* profile_of_kernel(std::string_view release) {
  const std::size_t dot = release.find('.');
  const std::size_t end =
      release.find_first_not_of("0123456789", std::min(dot, release.size()) + 1);
  return dot == std::string_view::npos
             ? nullptr
             : find_profile("linux-" + std::string(release.substr(0, end)));
}

std::string no_profile_text(std::string_view release) {
  const Profile* nearest = profile_for_release(release);
  if (nearest == nullptr || profile_of_kernel(release) != nullptr) return {};
  return fmt::format("no profile for {}; nearest {}: --profile {}", release, nearest->name,
                     nearest->name);
}

bool is_arm64(std::string_view machine) {
  return machine.empty() || machine == "aarch64" || machine == "aarch64_be" || machine == "arm64";
}

Host<Concrete> default_host() {
  TraceHeader header;
  Diagnostic why;
  read_header_line("# assay-trace 1", 1, header, why);
  read_header_line(
      "# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 "
      "pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 sve=1 ptrauth=1 el1_32bit=1 gic_v3=1 "
      "its=1 pe[0].pmu=8 pe[1].pmu=8 pe[2].pmu=9 pe[3].pmu=9 pmu[0].type=8 pmu[1].type=9",
      2, header, why);
  return header.host;
}

}  // namespace assay::traces

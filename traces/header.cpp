#include "traces/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "spec/profiles.hpp"

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

std::string host_text(const SystemHost& host) {
  std::string out = "*=0";
  host.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
    if (const u64 v = leaf.value(); v != 0) out += fmt::format(" {}={}", path, v);
  });
  return out;
}

bool tells_whole_host(const TraceHeader& header) {
  return header.host_known && header.host_rest_is_zero && header.host_unknown.empty();
}

HostPart host_part(const TraceHeader& header) {
  if (!header.host_rest_is_zero) return {header.host_words.begin(), header.host_words.end()};
  HostPart out;
  header.host.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
    if (!header.host_unknown.contains(path)) out.emplace_back(path, leaf.value());
  });
  return out;
}

void set_host(TraceHeader& header, const SystemHost& host) {
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
  const Profile* profile = find_profile(word);
  if (profile == nullptr)
    return line.wrong(word, "profile", fmt::format("there is no profile '{}'", word));
  if (!header.host.empty() && &header.host.system() != &assay::system_of(*profile))
    return line.wrong(word, "the profile before the host",
                      fmt::format("{} is a profile of {}, and the host is one of {}", word,
                                  assay::system_of(*profile).name(), header.host.system().name()));
  return set_once(line, "profile", word, header.profile);
}

// What every host has some of: zero is no value of it.
bool is_never_zero(const SystemHost& host, std::string_view key) {
  const auto some = host.system().info().host_is_some;
  return std::find(some.begin(), some.end(), key) != some.end();
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
    if (header.host.empty()) header.host = system_of(header).info().blank_host();
    if (word == "*=0") {
      header.host_known = header.host_rest_is_zero = true;
      continue;
    }
    u64 value = 0;
    if ((text != "?" && !number_of(text, value)) || !header.host.set(key, value))
      return line.wrong(word, "key=number of the host record", fmt::format("'{}' is none", word));
    header.host_known = true;
    if (text == "?") {
      header.host_unknown.emplace(key);
      continue;
    }
    if (value == 0 && is_never_zero(header.host, key))
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
  if (system_of_machine(header.machine) != &default_system())
    out += fmt::format("# host machine={}\n", header.machine);
  if (header.host_known) out += fmt::format("# host {}\n", host_text(header));
  if (!header.expect.empty()) out += fmt::format("# expect {}\n", header.expect);
  return out;
}

namespace {

// The rules that a machine's kernel is judged by: of one that no system describes, the first's.
const SystemInfo& info_of_machine(std::string_view machine) {
  const System* system = system_of_machine(machine);
  return (system != nullptr ? *system : default_system()).info();
}

}  // namespace

const Profile* profile_of_kernel(std::string_view release, std::string_view machine) {
  return info_of_machine(machine).profile_of_kernel(release);
}

std::string no_profile_text(std::string_view release, std::string_view machine) {
  const Profile* nearest = info_of_machine(machine).nearest_profile(release);
  if (nearest == nullptr || profile_of_kernel(release, machine) != nullptr) return {};
  return fmt::format("no profile for {}; nearest {}: --profile {}", release, nearest->name,
                     nearest->name);
}

const System& system_of(const TraceHeader& header) {
  if (const Profile* profile = find_profile(header.profile); profile != nullptr)
    return assay::system_of(*profile);
  const System* system = system_of_machine(header.machine);
  return system != nullptr ? *system : default_system();
}

SystemHost default_host(const System& system) { return system.info().usual_host(); }

}  // namespace assay::traces

#include "traces/text/salvage.hpp"

#include <algorithm>
#include <array>

namespace assay::traces {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool holds(std::string_view text, std::string_view word) { return text.find(word) != npos; }

// Where the argument that begins at `at` ends: at its ',' or ')'. npos: nowhere.
std::size_t end_of_argument(std::string_view text, std::size_t at) {
  unsigned depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || c == ')')) return at;
    if (c == '(' || c == '<') ++depth;
    if ((c == ')' || c == '>') && depth > 0) --depth;
  }
  return npos;
}

}  // namespace

Salvage salvage(std::string_view line, std::string& out) {
  const std::size_t open = line.find('(');
  if (open == npos) return Salvage::not_ours;
  std::size_t begin = open;
  while (begin > 0 && is_name(line[begin - 1])) --begin;
  const std::string_view name = line.substr(begin, open - begin);
  // Which descriptors a task has depends on these.
  constexpr std::array<std::string_view, 4> makers{"clone", "clone3", "fork", "vfork"};
  if (std::find(makers.begin(), makers.end(), name) != makers.end()) return Salvage::lost;
  constexpr std::array<std::string_view, 6> of_descriptors{"close", "dup",  "dup2",
                                                           "dup3",  "open", "openat"};
  if (std::find(of_descriptors.begin(), of_descriptors.end(), name) != of_descriptors.end())
    return holds(line, "kvm") ? Salvage::lost : Salvage::not_ours;
  if (name != "ioctl") return Salvage::not_ours;
  const std::size_t after_fd = end_of_argument(line, open + 1);
  const std::string_view fd = line.substr(open + 1, after_fd - std::min(open + 1, after_fd));
  if (after_fd == npos) return holds(line, "kvm") ? Salvage::lost : Salvage::not_ours;
  const std::size_t after_request = end_of_argument(line, after_fd + 1);
  const std::string_view request = line.substr(after_fd, after_request - after_fd);
  // strace writes _IOC(_IOC_WRITE, 0xae, ...) for a request of KVM that it has no name for.
  if (!holds(fd, "kvm") && !holds(request, "KVM_") && !holds(request, "0xae"))
    return Salvage::not_ours;
  const std::size_t result = line.rfind(") = ");
  if (after_request == npos || result == npos || line[after_request] != ',') return Salvage::lost;
  out.assign(line.substr(0, after_request)).append(", ?").append(line.substr(result));
  return Salvage::repaired;
}

}  // namespace assay::traces

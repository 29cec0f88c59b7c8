// Rules of different profiles with one syntax.
#include <map>

#include "spec/system.hpp"
#include "traces/bind/binder.hpp"

namespace assay::traces {
namespace {

// What a syntax has at a place: an argument, with its flag, or a constant.
struct Place {
  int argument = -1;
  unsigned elements = 1;
  int unreadable = -1;
  std::uint64_t constant = 0;
  bool is_constant = false;
};
using Places = std::map<std::string, Place>;

void add_places(const PatternNode& node, const std::string& at, Places& out) {
  const std::string path = at + "." + node.name;
  Place place;
  place.unreadable = node.unreadable;
  place.is_constant = node.kind == PatternNode::Kind::literal;
  place.constant = node.value;
  place.argument = node.argument;
  place.elements = node.elements;
  out[path] = place;
  for (const PatternNode& child : node.children) add_places(child, path, out);
}

Places places_of(const Pattern& pattern) {
  Places out;
  for (std::size_t i = 0; i < pattern.arguments.size(); ++i)
    add_places(pattern.arguments[i], std::to_string(i), out);
  return out;
}

}  // namespace

bool Binder::speaks_of_untold(std::uint32_t rule) const {
  const auto& arguments = rules_[rule].arguments;
  return !arguments.empty() && arguments.front().initial == ~std::uint64_t{0} &&
         arguments.front().width == 64;
}

std::optional<Binder::Alternative> Binder::alternative(std::uint32_t rule,
                                                       std::uint32_t other) const {
  const Places has = places_of(patterns_[rule]);
  Alternative out;
  out.rule = other;
  for (const ArgumentInfo& a : rules_[other].arguments) out.values.push_back({-1, a.initial});
  if (patterns_[rule].on != patterns_[other].on) return std::nullopt;
  for (const auto& [path, want] : places_of(patterns_[other])) {
    const auto at = has.find(path);
    if (at == has.end()) return std::nullopt;
    const Place& got = at->second;
    if (want.unreadable >= 0)
      out.values[static_cast<std::size_t>(want.unreadable)].from = got.unreadable;
    if (want.is_constant && (!got.is_constant || got.constant != want.constant))
      return std::nullopt;
    if (want.argument < 0) continue;
    if (got.argument < 0 && !got.is_constant) return std::nullopt;
    for (unsigned i = 0; i < want.elements; ++i) {
      auto& value = out.values[static_cast<std::size_t>(want.argument) + i];
      if (got.is_constant) value = {-1, got.constant};
      else if (i < got.elements) value = {got.argument + static_cast<int>(i), 0};
    }
  }
  return out;
}

bool Binder::settle(const Profile& profile, TraceEvent& e) const {
  if (rules_[e.event.rule].is_of(profile)) return true;
  for (const Alternative& a : alternatives_[e.event.rule]) {
    if (!rules_[a.rule].is_of(profile)) continue;
    const Event given = e.event;
    e.event.rule = a.rule;
    e.event.unknown = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i) {
      const auto from = static_cast<std::size_t>(a.values[i].from);
      e.event.value[i] = a.values[i].from < 0 ? a.values[i].constant : given.value[from];
      if (a.values[i].from >= 0 && (given.unknown >> from & 1) != 0) e.event.unknown |= 1u << i;
    }
    return true;
  }
  return false;
}

}  // namespace assay::traces

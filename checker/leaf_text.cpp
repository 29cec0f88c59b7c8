#include "checker/leaf_text.hpp"

#include <fmt/format.h>

#include <mutex>

#include "checker/invariants.hpp"

namespace assay::checker {

LeafText::LeafText(const System& system) {
  const SystemInfo& info = system.info();
  for (const NamedLeaf& leaf : info.named_leaves) names_[leaf.place] = leaf.values;
  if (info.register_fields != nullptr)
    for (const LeafField& f : info.register_fields()) fields_[f.leaf] = f.field;
}

const LeafText& LeafText::of(const System& system) {
  static std::mutex mutex;
  static std::map<const System*, LeafText> all;
  const std::lock_guard lock(mutex);
  auto at = all.find(&system);
  if (at == all.end()) at = all.emplace(&system, LeafText(system)).first;
  return at->second;
}

std::string_view LeafText::field(std::string_view path) const {
  const auto at = fields_.find(place_of_every_entry(path));
  return at == fields_.end() ? std::string_view() : std::string_view(at->second);
}

std::string LeafText::value(std::string_view path, u64 value) const {
  if (const auto at = names_.find(place_of_every_entry(path)); at != names_.end())
    for (const NamedValue& v : at->second)
      if (v.value == value) return std::string(v.name);
  constexpr u64 hexadecimal_from = 4096;
  return value < hexadecimal_from ? fmt::format("{}", value) : fmt::format("0x{:x}", value);
}

std::string LeafText::change(const std::string& path, const std::string& from,
                             const std::string& to) const {
  const std::string_view of = field(path);
  return fmt::format("{}: {} -> {}{}{}{}", path, from, to, of.empty() ? "" : " (", of,
                     of.empty() ? "" : ")");
}

}  // namespace assay::checker

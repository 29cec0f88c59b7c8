#include "gen/knowledge.hpp"

namespace assay::gen {
namespace {

u64 mask_of(unsigned width) { return width >= 64 ? ~u64{0} : (u64{1} << width) - 1; }

u64 with_field(u64 value, const Edge& e, u64 part) {
  const u64 mask = mask_of(e.width) << e.low;
  return (value & ~mask) | (part << e.low & mask);
}

// Sizes and addresses: a few units of a page, of 64K, of 2M or of 1G.
u64 round_number(Random& random) {
  static constexpr unsigned unit[] = {12, 12, 16, 16, 17, 21, 30};
  return random.below(64) << unit[random.below(std::size(unit))];
}

}  // namespace

Knowledge::Knowledge(const Profile& profile) : boundaries(profile), rules_(Rules::of(profile)) {
  const Rules& rules = rules_;
  const auto& checks = boundaries.checks();
  changes_state_.resize(rules.count());
  for (const CatalogEntry& part : rules.system().catalog(profile))
    if (part.kind == VerbKind::set) changes_state_[rules.system().rule_named(part.rule)] = true;
  for (u32 r = 0; r < rules.count(); ++r) {
    samples_.emplace_back(checks[r].size() + 1);
    recipes_.emplace_back(checks[r].size() + 1);
    hosts_.emplace_back(checks[r].size() + 1);
    if (!rules.facts(r).is_call || !rules.info(r).is_of(profile)) continue;
    for (std::size_t i = 0; i < checks[r].size(); ++i)
      if (checks[r][i].kind == VerbKind::reject) goals_.push_back({r, i});
    goals_.push_back({r, checks[r].size()});
  }
}

void Knowledge::keep_sample(const Event& e, std::size_t outcome) {
  auto& known = samples_[e.rule][outcome];
  if (known.size() >= samples_max) return;
  for (const Event& k : known)
    if (k.value == e.value) return;
  known.push_back(e);
}

void Knowledge::keep_recipe(const Goal& g, const Recipe& r, const SystemHost& host) {
  Recipe& known = recipes_[g.rule][g.outcome];
  if (!known.empty() && r.size() >= known.size()) return;
  known = r;
  hosts_[g.rule][g.outcome] = host;
}

void Knowledge::keep_oddity(const Event& e, const Recipe& r) {
  constexpr std::size_t oddities_max = 96;
  const Rules& rules = rules_;
  for (unsigned i : rules.facts(e.rule).inputs) {
    const unsigned width = rules.info(e.rule).arguments[i].width;
    const u64 value = e.value[i];
    if (width == 1 || value == 0 || oddities_.size() >= oddities_max) continue;
    for (const Edge& c : boundaries.constants(width))
      if (c.part == value && odd_.insert({e.rule, i, value}).second) oddities_.push_back(r);
  }
}

bool ArgumentSource::edge(const Event& e, unsigned argument, Random& random, Edge& out) const {
  if (nearby != nullptr && random.one_in(2)) {
    std::array<const Edge*, 32> mine;
    unsigned n = 0;
    for (const Edge& x : *nearby)
      if (x.argument == argument && n < mine.size()) mine[n++] = &x;
    if (n != 0) {
      out = *mine[random.below(n)];
      return true;
    }
  }
  const auto& known = knowledge.boundaries.edges(e.rule, argument);
  if (known.empty()) return false;
  out = known[random.below(known.size())];
  return true;
}

u64 ArgumentSource::draw(const Event& e, unsigned argument, Random& random) const {
  const ArgumentInfo& info = knowledge.rules().info(e.rule).arguments[argument];
  const u64 mask = mask_of(info.width), now = e.value[argument];
  if (info.is_flag) return random.below(2);
  Edge at{};
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      if (edge(e, argument, random, at)) {
        static constexpr u64 nudge[] = {0, 0, 0, 1, ~u64{0}};
        return with_field(now, at, at.part + nudge[random.below(std::size(nudge))]) & mask;
      }
      return random.next() & mask;
    case 6:
      if (edge(e, argument, random, at)) return (now ^ (at.part << at.low)) & mask;
      return now ^ (u64{1} << random.below(info.width));
    case 7:
    case 8:
    case 9: {
      const auto& known = knowledge.boundaries.constants(info.width);
      if (!known.empty()) return known[random.below(known.size())].part & mask;
      [[fallthrough]];
    }
    case 10: return (pool.pick(info.width, random) + random.below(3) - 1) & mask;
    case 15:
      if (random.one_in(2)) return info.initial;
      [[fallthrough]];
    case 11: return ((u64{1} << random.below(info.width)) + random.below(3) - 1) & mask;
    case 12: return info.width >= 64 ? round_number(random) : random.below(12) & mask;
    case 13:
      return info.width >= 64 ? pool.pick(64, random) + round_number(random)
                              : random.below(64) & mask;
    case 14: {
      const u64 other = e.value[random.below(Event::values_max)];
      return (random.one_in(2) ? pool.pick(info.width, random) - other
                               : pool.pick(info.width, random) + other) &
             mask;
    }
    default: return (random.next() >> random.below(64)) & mask;
  }
}

}  // namespace assay::gen

// The Catalog domain: values carry nothing, every guarded block is entered once, and the verbs
// report their identity. Running a rule in it lists the rule's checks in the order of the text, and
// after them its effects: the places of the state that it may write.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "model/dispatch.hpp"

namespace assay {

// A value of which only the kind is known. Every operation is defined and tells nothing.
struct NoFlag {
  constexpr NoFlag() = default;
  constexpr NoFlag(bool) {}
  friend constexpr NoFlag operator!(NoFlag) { return {}; }
  friend constexpr NoFlag operator&&(NoFlag, NoFlag) { return {}; }
  friend constexpr NoFlag operator||(NoFlag, NoFlag) { return {}; }
};

template <unsigned N>
struct NoWord {
  static constexpr u64 mask = Bits<N>::mask;
  constexpr NoWord() = default;
  constexpr NoWord(u64) {}
  friend constexpr NoFlag operator==(NoWord, NoWord) { return {}; }
  friend constexpr NoFlag operator!=(NoWord, NoWord) { return {}; }
  friend constexpr NoFlag operator<(NoWord, NoWord) { return {}; }
  friend constexpr NoFlag operator<=(NoWord, NoWord) { return {}; }
  friend constexpr NoFlag operator>(NoWord, NoWord) { return {}; }
  friend constexpr NoFlag operator>=(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator+(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator-(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator&(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator|(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator^(NoWord, NoWord) { return {}; }
  friend constexpr NoWord operator~(NoWord) { return {}; }
};

struct NoNumber {
  constexpr NoNumber() = default;
  constexpr NoNumber(u64) {}
  friend constexpr NoFlag operator==(NoNumber, NoNumber) { return {}; }
  friend constexpr NoFlag operator!=(NoNumber, NoNumber) { return {}; }
  friend constexpr NoFlag operator<(NoNumber, NoNumber) { return {}; }
  friend constexpr NoFlag operator<=(NoNumber, NoNumber) { return {}; }
  friend constexpr NoFlag operator>(NoNumber, NoNumber) { return {}; }
  friend constexpr NoFlag operator>=(NoNumber, NoNumber) { return {}; }
  friend constexpr NoNumber operator+(NoNumber, NoNumber) { return {}; }
  friend constexpr NoNumber operator*(NoNumber, u64) { return {}; }
  friend constexpr NoNumber operator/(NoNumber, u64) { return {}; }
  friend constexpr NoFlag is_multiple_of(NoNumber, u64) { return {}; }
};

constexpr NoFlag ite(NoFlag, NoFlag, NoFlag) { return {}; }
template <unsigned N>
constexpr NoWord<N> ite(NoFlag, NoWord<N>, std::type_identity_t<NoWord<N>>) {
  return {};
}
constexpr NoNumber ite(NoFlag, NoNumber, NoNumber) { return {}; }
constexpr NoFlag iff(NoFlag, NoFlag) { return {}; }
template <unsigned M, unsigned N>
constexpr NoWord<M> zero_extend(NoWord<N>) {
  return {};
}
template <unsigned M, unsigned N>
constexpr NoWord<M> truncate(NoWord<N>) {
  return {};
}
template <unsigned M, unsigned N>
constexpr NoWord<M> field_bits(NoWord<N>, unsigned) {
  return {};
}
template <unsigned N>
constexpr NoFlag bit(NoWord<N>, unsigned) {
  return {};
}
template <unsigned N>
constexpr NoNumber power_of_two(NoWord<N>) {
  return {};
}
template <unsigned N>
constexpr NoNumber to_number(NoWord<N>) {
  return {};
}

struct Catalog {
  static constexpr bool bounded = true;
  static constexpr Shape one_of_each{{1, 1, 1, 1, 1, 1, 1, 1}};
  static constexpr bool merges = true;
  static constexpr bool journals = false;
  static constexpr bool collects = false;
  using Flag = NoFlag;
  template <unsigned N>
  using Word = NoWord<N>;
  using Number = NoNumber;
  template <class T>
  using Cell = T;
  struct Leaf {};  // there is nothing to fill in
  template <class T>
  static Leaf leaf(T&) {
    return {};
  }

  static inline thread_local std::vector<CatalogEntry>* listing = nullptr;
  static inline thread_local const char* rule = "";
  struct Write {
    const void* place;
    std::vector<u32> sites;
  };
  static inline thread_local std::vector<Write>* written = nullptr;

  // A check met twice (in a loop, or on two paths) is listed once, at its first place.
  static void on_check(const Why& why, Errno code, VerbKind kind) {
    auto known = [&](const CatalogEntry& e) { return e.hash == why.hash && e.rule == rule; };
    if (std::any_of(listing->begin(), listing->end(), known)) return;
    listing->push_back({rule, why.id, why.source, code, kind, why.hash});
    listing->back().line = why.line;
  }
  static void on_write(const void* place, u32 site) {
    auto write = std::find_if(written->begin(), written->end(),
                              [&](const Write& w) { return w.place == place; });
    if (write == written->end()) write = written->insert(write, {place, {}});
    auto& sites = write->sites;
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
  }
  static NoFlag fresh_choice(const Why& why) {
    on_check(why, Errno::ok, VerbKind::choose);
    return {};
  }
};

// "vcpu[0].pmu.irq" -> "vcpu[].pmu.irq": the catalog's tables have one entry that stands for all.
inline std::string place_of_all(std::string path) {
  for (std::size_t at = 0; (at = path.find("[0]", at)) != std::string::npos;) path.erase(at + 1, 1);
  return path;
}

// The places of a state that a rule wrote, as effects. One instance serves all rules.
template <class State>
void list_effects(const char* rule, const char* source, const State& state,
                  std::vector<CatalogEntry>& listing) {
  const auto& written = *Catalog::written;
  named_leaves(
      "",
      [&](const std::string& path, const auto& leaf) {
        const auto write = std::find_if(
            written.begin(), written.end(),
            [&](const Catalog::Write& w) { return w.place == static_cast<const void*>(&leaf); });
        if (write == written.end()) return;
        std::string place = place_of_all(path);
        const u32 hash = Why::hash_of(place.c_str());
        listing.push_back(
            {rule, std::move(place), source, Errno::ok, VerbKind::set, hash, 0, write->sites});
      },
      state);
}

// Lists every check and every effect of a rule under a profile, in the order of the text.
// apply(step) applies the rule to the state, which was made under Catalog::one_of_each.
template <class State, class Apply>
void list_rule(const RuleInfo& rule, const Profile& profile, std::vector<CatalogEntry>& listing,
               Apply&& apply, const State& state) {
  if (!rule.is_of(profile)) return;
  StepContext context;
  context.profile = &profile;
  std::vector<Catalog::Write> written;
  Catalog::listing = &listing;
  Catalog::rule = rule.name;
  Catalog::written = &written;
  Step<Catalog> k(context);
  apply(k);
  list_effects(rule.name, rule.source, state, listing);
  Catalog::listing = nullptr;
  Catalog::written = nullptr;
}

}  // namespace assay

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

// One check, freedom, answer or effect of a rule. An effect's id is the place it writes
// ("vcpu[].pmu.irq"), which outlives any reordering of the text; its source is the rule's.
struct CatalogEntry {
  std::string rule;
  std::string id;
  std::string source;
  Errno code;  // what it answers; ok for require, choose, returns and effects
  VerbKind kind;
  u32 hash;
};

struct Catalog {
  static constexpr Shape shape{{1, 1, 1, 1, 1, 1, 1, 1}};
  static constexpr bool merges = true;
  static constexpr bool journals = false;
  static constexpr bool collects = false;
  using Flag = NoFlag;
  template <unsigned N>
  using Word = NoWord<N>;
  using Number = NoNumber;
  template <class T>
  using Cell = T;

  static inline thread_local std::vector<CatalogEntry>* listing = nullptr;
  static inline thread_local const char* rule = "";
  static inline thread_local std::vector<const void*>* written = nullptr;

  // A check met twice (in a loop, or on two paths) is listed once, at its first place.
  static void on_check(const Why& why, Errno code, VerbKind kind) {
    auto known = [&](const CatalogEntry& e) { return e.hash == why.hash && e.rule == rule; };
    if (std::none_of(listing->begin(), listing->end(), known))
      listing->push_back({rule, why.id, why.source, code, kind, why.hash});
  }
  static void on_write(const void* place) {
    if (std::find(written->begin(), written->end(), place) == written->end())
      written->push_back(place);
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
        if (std::find(written.begin(), written.end(), static_cast<const void*>(&leaf)) ==
            written.end())
          return;
        std::string place = place_of_all(path);
        const u32 hash = Why::hash_of(place.c_str());
        listing.push_back({rule, std::move(place), source, Errno::ok, VerbKind::set, hash});
      },
      state);
}

// Every check and every effect of every rule under a profile, in the order of the specification.
template <class State, class... Rule>
std::vector<CatalogEntry> catalog_of(TypeList<Rule...>, const Profile& profile) {
  std::vector<CatalogEntry> listing;
  Catalog::listing = &listing;
  auto one = [&]<class R>(const R& rule) {
    if (!rule_is_of<R>(profile)) return;
    StepContext context;
    context.profile = &profile;
    Catalog::rule = R::name;
    Step<Catalog> k(context);
    State state{};
    std::vector<const void*> written;
    Catalog::written = &written;
    rule.apply(k, state);
    list_effects(R::name, R::source, state, listing);
  };
  (one(Rule{}), ...);
  Catalog::listing = nullptr;
  Catalog::written = nullptr;
  return listing;
}

}  // namespace assay

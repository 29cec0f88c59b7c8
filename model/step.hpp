// The verbs a transition rule is written in.
//
//   reject(errno, condition, why)  ordered checks: the first that holds decides the answer
//   may_fail(errno, why)           a check whose condition lies outside the model (no memory)
//   when(condition, body)          guarded block
//   set(place, value)              assignment, effective only if no check has fired
//   guard(condition, why)          a condition that effects depend on and that is no check: it has
//                                  a name so that it can be left out like a check
//   let(local, value)              assignment to a local of the rule, effective under its guards
//   choose(why)                    a freedom that the architecture or the API leaves open
//   returns(value, why)            the number a successful call returns
//   require(condition, why)        what must be true of the answers an implementation gave
//   at(table, index, body)         body(entry) or body(entry, index) for the entry that a data
//                                  value names
//
// A rule never branches on a Flag itself, so the same text merges (Symbolic, Catalog) or branches
// (Concrete). Updates made before a later reject() stay: partial effects on error paths exist in
// real ioctl handlers and must be expressible.
//
// A condition is evaluated in full even where an implementation would have stopped earlier. It
// must be total and free of effects; tests/model/domains_agree holds rules to that.
#pragma once
#include <array>
#include <vector>

#include "model/catalog_entry.hpp"
#include "model/choices.hpp"
#include "model/coverage.hpp"
#include "model/errno.hpp"
#include "model/fields.hpp"
#include "model/journal.hpp"
#include "model/mutation.hpp"
#include "model/profile.hpp"
#include "model/why.hpp"

namespace assay {

// A set of errnos.
class ErrnoSet {
 public:
  constexpr void add(Errno e) { words_[index(e) >> 6] |= u64{1} << (index(e) & 63); }
  constexpr bool has(Errno e) const { return (words_[index(e) >> 6] >> (index(e) & 63) & 1) != 0; }
  constexpr bool empty() const { return (words_[0] | words_[1]) == 0; }

 private:
  static constexpr unsigned index(Errno e) { return static_cast<unsigned>(e) & 127; }
  std::array<u64, 2> words_{};
};

// What a step runs under. Everything optional is null or its default.
struct StepContext {
  const Profile* profile = nullptr;  // required
  Choices* choices = nullptr;        // null: every choice is answered "no"
  const Mutation* mutation = nullptr;
  Journal* journal = nullptr;  // domains that journal
  Coverage* coverage = nullptr;
  u32 rule = 0;                // number of the rule, for coverage and mutation
  u32 event = 0;               // number of the event, stored with what it writes
  Errno observed = Errno::ok;  // trace checking: the answer that was given
  bool knows_observed = false;
};

// One check of one step, kept by domains that collect.
template <class D>
struct CheckSeen {
  const char* id;
  const char* source;
  Errno code;  // what it answers; ok for require()
  Flag<D> condition;
  bool decided;  // the first that held
};

template <class D>
class Step {
 public:
  using F = typename D::Flag;
  using Code = Word<D, 8>;

  // The context must outlive the step: copying it was a tenth of a short one.
  explicit Step(const StepContext& context) : c_(context) {
    if constexpr (!D::merges || folds<D>)
      every_ = D::collects || c_.profile->precedence == Precedence::documented;
  }
  explicit Step(const StepContext&&) = delete;

  const Profile& profile() const { return *c_.profile; }
  template <class Behaviour>
  bool is(Behaviour b) const {
    return c_.profile->is(b);
  }

  // Most checks of most calls do not hold. That way is short and inlined: it was a fifth of the
  // time of judging a trace.
  [[gnu::always_inline]] void reject(Errno code, const F& condition, const Why& why) {
    if constexpr (!D::merges && !D::collects) {
      if (c_.mutation == nullptr && !truth(condition)) [[likely]] {
        if (c_.coverage != nullptr && alive()) c_.coverage->seen(c_.rule, why, false, false);
        return;
      }
    }
    reject_slowly(code, condition, why);
  }

  void may_fail(Errno code, const Why& why) {
    if constexpr (folds<D>) {
      // Of an answer that was given, this is an explanation; unknown is only whether it is needed.
      apply_reject(code, c_.knows_observed ? F(c_.observed == code) : choose(why), why,
                   VerbKind::may_fail);
    } else if constexpr (D::merges) {
      if constexpr (requires { D::on_check(why, code, VerbKind::may_fail); })
        D::on_check(why, code, VerbKind::may_fail);
      apply_reject(code, choose(why), why, VerbKind::may_fail);
    } else {
      bool fails =
          c_.knows_observed ? c_.observed == code : c_.choices != nullptr && c_.choices->flag();
      if (fails) apply_reject(code, F(true), why, VerbKind::may_fail);
    }
  }

  template <class T, class V>
  void set(T& place, const V& value,
           const std::source_location& at = std::source_location::current()) {
    if (c_.mutation != nullptr &&
        c_.mutation->leaves_out(Mutation::Kind::omit, c_.rule, site_of(at)))
      return;
    if constexpr (folds<D>) {
      const F now = guard_ && live_;
      if (now.is_false()) return;
      if constexpr (requires { place.by; }) {
        if (c_.journal != nullptr) c_.journal->save(place);
        place =
            D::kept(now.is_true() ? T(plain_as<T>(value)) : ite(now, plain_as<T>(value), place));
        place.by = c_.event;
      } else {
        place = ite(now, plain_as<T>(value), place);
      }
    } else if constexpr (D::merges) {
      if constexpr (requires { D::on_write(&place, u32{}); }) D::on_write(&place, site_of(at));
      place = ite(guard_ && live_, plain_as<T>(value), place);
    } else if (alive()) {
      if constexpr (D::journals && requires { place.by; }) {
        if (c_.journal != nullptr) {
          c_.journal->save(place);
          if (plain(place) != plain(T(value))) c_.journal->note_change();
        }
        place = T(value);
        place.by = c_.event;
      } else {
        place = plain_as<T>(value);
      }
    }
  }

  template <class T, class V>
  void let(T& local, const V& value) {
    if constexpr (D::merges) local = ite(guard_, plain_as<T>(value), local);
    else local = plain_as<T>(value);
  }

  template <class Body>
  void when(const F& condition, Body&& body) {
    if constexpr (D::merges) {
      F outer = guard_;
      if constexpr (folds<D>) {
        if ((guard_ && condition).is_false() || (live_.is_false() && !every_)) return;
      }
      guard_ = guard_ && condition;
      body();
      guard_ = outer;
    } else if (truth(condition) && (alive() || every_)) {
      if constexpr (D::collects) {
        F outer = guard_;
        guard_ = guard_ && condition;
        body();
        guard_ = outer;
      } else {
        body();
      }
    }
  }

  template <class Tab, class Index, class Body>
  void at(Tab& table, const Index& index, Body&& body) {
    if constexpr (D::merges) {
      using W = std::remove_cvref_t<decltype(plain(index))>;
      if constexpr (requires { D::known(plain(index)); }) {
        if (const auto i = D::known(plain(index))) {  // an entry that is used exists from then on
          if (table.can_hold(*i)) call_entry(body, table[*i], *i);
          return;
        }
      }
      [[maybe_unused]] F is_other = true;
      table.for_each([&](auto& entry, std::size_t i) {
        if (i > W::mask) return;
        const F is_this = plain(index) == W(i);
        if constexpr (folds<D>) is_other = is_other && !is_this;
        when(is_this, [&] { call_entry(body, entry, i); });
      });
      // Any entry that was never used may be meant, and be anything afterwards.
      if constexpr (folds<D>) {
        when(is_other, [&] {
          table.with_unused([&](auto& entry, std::size_t i) { call_entry(body, entry, i); });
          if constexpr (!std::is_const_v<Tab>) table.forget_rest();
        });
      }
    } else {
      std::size_t i = raw(plain(index));
      if (table.can_hold(i)) call_entry(body, table[i], i);
    }
  }

  // A freedom that is left out is never taken.
  F choose(const Why& why) {
    if (is_dropped(why)) return F(false);
    if constexpr (requires { D::fresh_choice(why); }) return D::fresh_choice(why);
    else return F(c_.choices != nullptr && c_.choices->flag(why.id));
  }

  void returns(const Word<D, 64>& value, const Why& why) {
    if constexpr (D::merges) {
      if constexpr (requires { D::on_check(why, Errno::ok, VerbKind::returns); })
        D::on_check(why, Errno::ok, VerbKind::returns);
      returned_ = ite(guard_, value, returned_);
      returns_if_ = returns_if_ || guard_;
    } else if (alive()) {
      returned_ = value;
    }
    returns_by_ = why.id;
  }

  // The condition; never, when it is left out.
  F guard(const F& condition, const Why& why) {
    if (is_dropped(why)) return F(false);
    if constexpr (requires { D::on_check(why, Errno::ok, VerbKind::guard); })
      D::on_check(why, Errno::ok, VerbKind::guard);
    return condition;
  }

  void require(const F& condition, const Why& why) {
    if (is_dropped(why)) return;
    if constexpr (folds<D>) {
      const F asked = guard_ && live_;
      if (asked.is_false() || (c_.knows_observed && c_.observed != Errno::ok)) return;
      conditions_.push_back(!asked || condition);
      legal_ = legal_ && conditions_.back();
    } else if constexpr (D::merges) {
      legal_ = legal_ && (!(guard_ && live_) || condition);
      if constexpr (requires { D::on_check(why, Errno::ok, VerbKind::require); })
        D::on_check(why, Errno::ok, VerbKind::require);
    } else {
      bool broken = alive() && !truth(condition);
      if (c_.coverage != nullptr && alive()) c_.coverage->seen(c_.rule, why, broken, broken);
      if constexpr (D::collects)
        checks.push_back(
            {why.id, why.source, Errno::ok, !condition && guard_, broken && illegal_ == nullptr});
      if (broken && illegal_ == nullptr) illegal_ = why.id;
    }
  }

  // --- results -------------------------------------------------------------------------------
  // No check fired. A bool in executing domains.
  const F& ok() const { return live_; }
  // The errno of the first check that fired; 0 when none did.
  const Code& code() const { return code_; }
  // Executing domains: id of the check that decided, null when none did.
  const char* decided_by() const { return decided_by_; }
  // Executing domains: the first require() that was broken, null when all hold.
  const char* illegal() const { return illegal_; }
  // Merging domains: the conjunction of all require()s.
  const F& legal() const { return legal_; }
  // Domains that fold, when the answer is known: what must be true for the rule to give it, each
  // condition by itself. Complete with explains().
  const std::vector<F>& conditions() const { return conditions_; }
  // Domains that fold: whether the rule gives this answer, under conditions().
  F explains(Errno answer) const requires(folds<D>) {
    if (answer == Errno::ok) return live_;
    if (answer == Errno::untold) return !live_;
    return every_ ? some_held_ : code_ == Code(static_cast<u64>(answer));
  }
  // What a success returns, if the rule said so (has_return()).
  bool has_return() const { return returns_by_ != nullptr; }
  // Merging domains: when the returned number is specified at all.
  const F& returns_if() const { return returns_if_; }
  const char* returns_by() const { return returns_by_; }
  const Word<D, 64>& returned() const { return returned_; }
  // Every errno that some check that held would give. Complete only under documented precedence.
  const ErrnoSet& held() const { return held_; }

  std::vector<CheckSeen<D>> checks;  // filled by collecting domains only

 private:
  static constexpr bool truth(const F& f) requires(!D::merges) {
    if constexpr (std::is_same_v<F, bool>) return f;
    else return f.value;
  }

  bool alive() const requires(!D::merges) { return truth(live_); }
  bool is_dropped(const Why& why) const {
    return c_.mutation != nullptr &&
           c_.mutation->leaves_out(Mutation::Kind::drop, c_.rule, why.hash);
  }

  // The value to assign to a place of type T: T's own plain type.
  template <class T, class V>
  static decltype(auto) plain_as(const V& value) {
    using P = std::remove_cvref_t<decltype(plain(std::declval<const T&>()))>;
    if constexpr (std::is_same_v<P, V>) return value;
    else return P(plain(value));
  }

  [[gnu::noinline]] void reject_slowly(Errno code, const F& condition, const Why& why) {
    if (c_.mutation != nullptr) [[unlikely]] {
      if (is_dropped(why) || mutated_reject(code, condition, why)) return;
    }
    apply_reject(code, condition, why);
  }

  void apply_reject(Errno code, const F& condition, const Why& why,
                    [[maybe_unused]] VerbKind kind = VerbKind::reject) {
    if constexpr (folds<D>) {
      const F holds = guard_ && condition;
      if (c_.knows_observed && code == c_.observed) some_held_ = some_held_ || holds;
      const F fires = live_ && holds;
      if (fires.is_false()) return;
      // It would have given another answer than the one seen.
      const bool would_be_seen = code == c_.observed || (every_ && c_.observed != Errno::ok);
      if (c_.knows_observed && !would_be_seen && !fires.is_true()) {
        conditions_.push_back(!fires);
        return;
      }
      code_ = ite(fires, Code(static_cast<u64>(code)), code_);
      live_ = live_ && !fires;
      if (fires.is_true()) decided_by_ = why.id;
    } else if constexpr (D::merges) {
      if constexpr (requires { D::on_check(why, code, kind); }) D::on_check(why, code, kind);
      F fires = live_ && guard_ && condition;
      code_ = ite(fires, Code(static_cast<u64>(code)), code_);
      live_ = live_ && !fires;
    } else {
      bool holds = truth(condition);
      bool decides = alive() && holds;
      if (c_.coverage != nullptr && alive()) c_.coverage->seen(c_.rule, why, holds, decides);
      if constexpr (D::collects)
        checks.push_back({why.id, why.source, code, condition && guard_, decides});
      if (holds) [[unlikely]]
        note_held(code, decides, why);
    }
  }

  // A check held. Apart from apply_reject(), of which most calls end without it.
  [[gnu::noinline]] void note_held(Errno code, bool decides, const Why& why) requires(!D::merges) {
    held_.add(code);
    if (!decides) return;
    code_ = Code(static_cast<u64>(code));
    live_ = F(false);
    decided_by_ = why.id;
  }

  // Handles a check that the mutation concerns; true when nothing is left to do for it.
  [[gnu::noinline]] bool mutated_reject(Errno code, const F& condition, const Why& why) {
    const Mutation& m = *c_.mutation;
    if (m.kind != Mutation::Kind::swap || m.rule != c_.rule) return false;
    if (why.hash == m.first) {  // keep it back until the second check has had its say
      postponed_code_ = code;
      postponed_ = postponed_ || (guard_for_swap() && condition);
      has_postponed_ = true;
      return true;
    }
    if (why.hash != m.second || !has_postponed_) return false;
    apply_reject(code, condition, why);
    F outer = guard_;
    guard_ = F(true);  // its own guard is already part of the postponed condition
    apply_reject(postponed_code_, postponed_, Why("swapped", ""));
    guard_ = outer;
    has_postponed_ = false;
    postponed_ = F(false);
    return true;
  }
  F guard_for_swap() const {
    if constexpr (D::merges) return guard_;
    else return F(true);
  }

  const StepContext& c_;
  F live_ = F(true);   // no check has fired
  F guard_ = F(true);  // inside every enclosing when(); merging and collecting domains
  F legal_ = F(true);
  F some_held_ = F(false);     // domains that fold: a check held that gives the answer seen
  std::vector<F> conditions_;  // domains that fold
  F returns_if_ = F(false);    // merging domains: under which condition a number is returned
  Code code_ = Code(0);
  Word<D, 64> returned_ = Word<D, 64>(0);
  bool every_ = false;  // evaluate guarded blocks after a check has fired too
  ErrnoSet held_;
  const char* decided_by_ = nullptr;
  const char* illegal_ = nullptr;
  const char* returns_by_ = nullptr;
  bool has_postponed_ = false;
  Errno postponed_code_ = Errno::ok;
  F postponed_ = F(false);
};

}  // namespace assay

// The two stages of translation that a write of the SPU goes through, as far as a trace tells of
// them: where it meets an entry, one that it may not write, or one that it must mark dirty first
// (D17.7, D17.8.3).
#pragma once
#include "spec/arch/spu/enabled.hpp"

namespace assay {

constexpr u64 number_of(SpuAccessTo a) { return static_cast<u64>(a); }

// Nothing is told of a context that begins.
template <class D>
void forget_translations(Step<D>& k, Spu<D>& s) {
  k.set(s.translations.stage1.told, false);
  k.set(s.translations.stage2.told, false);
}
// PTR or LIMIT was written: ranges told from PTR on speak of another buffer.
template <class D>
void forget_ranges_from_pointer(Step<D>& k, Spu<D>& s) {
  k.set(s.translations.stage1.told, s.translations.stage1.told && s.translations.stage1.whole);
  k.set(s.translations.stage2.told, s.translations.stage2.told && s.translations.stage2.whole);
}

// The effective value of PMBLIMITR_EL1.nVM: PTR and LIMIT are no virtual addresses, and stage 1
// does not translate them (D17.7).
template <class D>
Flag<D> is_physical(const Spu<D>& s) {
  return s.physical && (owned_by_el2<D>(s) || s.envm2);
}
// Whether f(stage) is true of a stage that translates what the SPU writes and that a trace tells
// of. EL2's own regime has no stage 2 (D17.7.5).
template <class D, class F>
Flag<D> some_stage(const Spu<D>& s, F&& f) {
  const SpuTranslations<D>& t = s.translations;
  return (t.stage1.told && !is_physical<D>(s) && f(t.stage1)) ||
         (t.stage2.told && !owned_by_el2<D>(s) && f(t.stage2));
}

// [from, to) meets the range.
template <class D>
Flag<D> meets(const SpuRange<D>& r, const Num<D>& from, const Num<D>& to) {
  return r.access != number_of(SpuAccessTo::writable) && from < to && from < r.to && r.from < to;
}

// Some byte of [from, to) cannot be written, as far as is told.
template <class D>
Flag<D> cannot_write(const Spu<D>& s, const Num<D>& from, const Num<D>& to) {
  return some_stage<D>(s, [&](const SpuStage<D>& stage) {
    return meets<D>(stage.first, from, to) || meets<D>(stage.second, from, to);
  });
}

// Whether the address lies in a range of the stage with this access.
template <class D>
Flag<D> is_told(const SpuStage<D>& stage, const Num<D>& address, SpuAccessTo access) {
  const auto is_it = [&](const SpuRange<D>& r) {
    return r.access == number_of(access) && r.from <= address && address < r.to;
  };
  return is_it(stage.first) || is_it(stage.second);
}
template <class D>
Flag<D> is_told(const Spu<D>& s, const Num<D>& address, SpuAccessTo access) {
  return some_stage<D>(
      s, [&](const SpuStage<D>& stage) { return is_told<D>(stage, address, access); });
}

// A translation fault needs an entry that is missing, a permission fault one that may not be
// written. What is told from PTR on, tells nothing of permissions. From SPEv1p3 on the SPU makes a
// clean entry dirty, and does not fault on it.
template <class D>
Flag<D> can_fault(const SpuStage<D>& stage, const Pe<D>& pe, const Num<D>& address,
                  const Flag<D>& is_translation, const Flag<D>& is_permission) {
  const Flag<D> marks = pe.spe >= 4 && pe.spe != 0xff;
  const Flag<D> read_only = is_told<D>(stage, address, SpuAccessTo::read_only) ||
                            (!marks && is_told<D>(stage, address, SpuAccessTo::clean));
  return !stage.told || ((!is_translation || is_told<D>(stage, address, SpuAccessTo::absent)) &&
                         (!is_permission || !stage.whole || read_only));
}

// The SPU has set the dirty state of the entry that translates the address.
template <class D>
void becomes_dirty(Step<D>& k, Spu<D>& s, const Num<D>& address) {
  const auto marks = [&](auto& range) {
    const Flag<D> is_it = range.access == number_of(SpuAccessTo::clean) && range.from <= address &&
                          address < range.to;
    k.when(is_it, [&] { k.set(range.access, Word<D, 2>(number_of(SpuAccessTo::writable))); });
  };
  marks(s.translations.stage1.first);
  marks(s.translations.stage1.second);
  marks(s.translations.stage2.first);
  marks(s.translations.stage2.second);
}

// The translations of the buffer were changed and synchronised (TLBI; DSB), or a trace tells what
// they are: [from, to) is the first range at or above PTR that the stage does not map. Software
// drains the SPU before it changes them; for samples in flight the old and the new ones count.
template <class D>
struct SpuUnmapped {
  static constexpr const char* name = "spe_unmapped";
  static constexpr const char* source = "D17.4, D17.7, D17.9";
  Word<D, 16> cpu{};
  Word<D, 2> stage{};
  Num<D> from{}, to{};
  static constexpr auto fields() {
    return members<&SpuUnmapped::cpu, &SpuUnmapped::stage, &SpuUnmapped::from, &SpuUnmapped::to>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.require(stage == 1 || stage == 2, {"stage_is_1_or_2", "D17.7"});
    const auto tells = [&](u64 which, auto& of) {
      k.when(stage == which, [&] {
        k.set(of.told, spu.in_flight == 0);
        k.set(of.whole, false);
        k.set(of.first.from, from);
        k.set(of.first.to, to);
        k.set(of.first.access, Word<D, 2>(number_of(SpuAccessTo::absent)));
        k.set(of.second.access, Word<D, 2>(number_of(SpuAccessTo::writable)));
      });
    };
    tells(1, spu.translations.stage1);
    tells(2, spu.translations.stage2);
  }
};

// The same of every address: one of two ranges of a stage, or with `writable` that this range is
// gone. What neither range names can be written. A range that is clean is one entry.
template <class D>
struct SpuTranslation {
  static constexpr const char* name = "spe_translation";
  static constexpr const char* source = "D17.4, D17.7, D17.8.3, D17.9";
  Word<D, 16> cpu{};
  Word<D, 2> stage{}, range{};
  Num<D> from{}, to{};
  Word<D, 2> access{};  // SpuAccessTo
  static constexpr auto fields() {
    return members<&SpuTranslation::cpu, &SpuTranslation::stage, &SpuTranslation::range,
                   &SpuTranslation::from, &SpuTranslation::to, &SpuTranslation::access>;
  }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>&) const {
    k.require(stage == 1 || stage == 2, {"stage_is_1_or_2", "D17.7"});
    k.require(range == 1 || range == 2, {"range_is_1_or_2", "D17.7"});
    const auto stores = [&](auto& of) {
      k.set(of.from, from);
      k.set(of.to, to);
      k.set(of.access, access);
    };
    const auto tells = [&](u64 which, auto& of) {
      k.when(stage == which, [&] {
        // The other range stays, if it spoke of every address.
        k.when(!(of.told && of.whole), [&] {
          k.set(of.first.access, Word<D, 2>(number_of(SpuAccessTo::writable)));
          k.set(of.second.access, Word<D, 2>(number_of(SpuAccessTo::writable)));
        });
        k.set(of.told, spu.in_flight == 0);
        k.set(of.whole, true);
        k.when(range == 1, [&] { stores(of.first); });
        k.when(range == 2, [&] { stores(of.second); });
      });
    };
    tells(1, spu.translations.stage1);
    tells(2, spu.translations.stage2);
  }
};

}  // namespace assay

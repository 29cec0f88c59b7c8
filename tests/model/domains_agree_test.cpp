// The heart of the claim "one text, several domains": on random states, also unreachable ones,
// every rule gives the same answer and the same next state in each domain.
#include <gtest/gtest.h>

#include <functional>

#include "model/symbolic.hpp"
#include "model/tracked.hpp"
#include "tests/model/random_state.hpp"

namespace assay::tests {
namespace {

constexpr Shape small = shape_of(2, 2, 3, 2, 2);
using Fixed = ConcreteIn<small>;
using Sym = SymbolicIn<small>;

template <class T>
struct Tag {};

// Compares one rule of two domains on `rounds` random states; returns how many comparisons.
template <class Compare, class... A, class... B>
unsigned for_each_pair(TypeList<A...>, TypeList<B...>, Compare&& compare) {
  unsigned done = 0;
  ((compare(Tag<A>{}, Tag<B>{}), ++done), ...);
  return done;
}

std::vector<Profile> exact_profiles() {
  std::vector<Profile> out;
  for (Profile p : all_profiles()) {
    p.precedence = Precedence::exact;
    out.push_back(p);
  }
  return out;
}

// Walks over whole states stay out of what is made once for each rule: inlined there, they take a
// compiler minutes and gigabytes.
using Valued = std::function<u64(const z3::expr&)>;
[[gnu::noinline]] bool same_next(const SystemState<Fixed>& after, const SystemState<Sym>& symbolic,
                                 const Valued& value) {
  bool same = true;
  leaves([&](const auto& x, const auto& y) { same = same && raw(x) == value(y.e); }, after,
         symbolic);
  return same;
}
[[gnu::noinline]] SystemState<Sym> lifted(const SystemState<Fixed>& state) {
  return lift<SystemState<Sym>>(state);
}
template <class Other>
[[gnu::noinline]] SystemState<Other> grown_from(const SystemState<Fixed>& state) {
  SystemState<Other> grown{};
  leaves([](auto& x, const auto& y) { store(x, raw(y)); }, grown, state);
  return grown;
}
template <class Other>
[[gnu::noinline]] bool same_leaves(const SystemState<Fixed>& a, const SystemState<Other>& b) {
  return same_values(a, b);
}

TEST(DomainsAgree, SymbolicFoldsToWhatConcreteExecutes) {
  std::mt19937_64 random(20);
  unsigned compared = 0, rejected = 0, accepted = 0;
  for (const Profile& profile : exact_profiles()) {
    for (int round = 0; round < 25; ++round) {
      auto state = random_state<SystemState<Fixed>>(random);
      for_each_pair(
          SystemRules<Fixed>{}, SystemRules<Sym>{}, [&]<class A, class B>(Tag<A>, Tag<B>) {
            A rule = random_rule<A>(random, 2);
            StepContext context;
            context.profile = &profile;
            SystemState<Fixed> after = state;
            Step<Fixed> k(context);
            rule.apply(k, after);

            auto symbolic = lifted(state);
            Sym::asked.clear();
            Step<Sym> s(context);
            lift<B>(rule).apply(s, symbolic);
            z3::expr_vector choices(z3_context()), no(z3_context());
            for (const z3::expr& choice : Sym::asked) {
              choices.push_back(choice);
              no.push_back(z3_context().bool_val(false));
            }
            const Valued value = [&](const z3::expr& e) -> u64 {
              z3::expr v = z3::expr(e).substitute(choices, no).simplify();
              // Sums in a state that nothing reaches may leave 64 bits; cells keep the low ones.
              if (v.is_int()) v = z3::int2bv(64, v).simplify();
              return v.is_bool() ? (v.is_true() ? 1 : 0) : v.get_numeral_uint64();
            };
            ASSERT_EQ(k.code().value(), value(s.code().e)) << profile.name << " " << A::name;
            if (k.ok()) {
              ASSERT_EQ(k.illegal() == nullptr, value(s.legal().e) != 0) << A::name;
              ASSERT_EQ(k.has_return(), value(s.returns_if().e) != 0 && s.has_return()) << A::name;
              if (k.has_return()) { ASSERT_EQ(k.returned().value(), value(s.returned().e)); }
            }
            ASSERT_TRUE(same_next(after, symbolic, value))
                << profile.name << " " << A::name << ": next states differ";
            ++compared;
            (k.ok() ? accepted : rejected) += 1;
          });
    }
  }
  // The comparison means something only if both kinds of outcome occur.
  EXPECT_GT(compared, 2000u);
  EXPECT_GT(rejected, 200u);
  EXPECT_GT(accepted, 200u);
}

template <class Other>
void agrees_with_fixed(unsigned seed) {
  std::mt19937_64 random(seed);
  for (const Profile& profile : exact_profiles()) {
    for (int round = 0; round < 100; ++round) {
      auto state = random_state<SystemState<Fixed>>(random);
      // Growing tables hold what the shape bounds: a slot id beyond it would differ by design.
      store(state.host.slots_max, 3);
      store(state.host.vcpus_max, 2);
      store(state.online, raw(state.online) % 2);
      store(state.gic.regions, raw(state.gic.regions) % 2);
      for_each_pair(SystemRules<Fixed>{}, SystemRules<Other>{},
                    [&]<class A, class B>(Tag<A>, Tag<B>) {
                      A rule = random_rule<A>(random, 2);
                      // A PE beyond the shape would differ by design too.
                      if constexpr (requires { rule.cpu; }) {
                        constexpr auto pes = small.size[static_cast<std::size_t>(Dim::pe)];
                        if (raw(rule.cpu) != 0xffff) store(rule.cpu, raw(rule.cpu) % pes);
                      }
                      B other{};
                      leaves(
                          []<class X, class Y>(X& x, const Y& y) {
                            if constexpr (HandleArgument<X>) x = y;
                            else store(x, raw(y));
                          },
                          other, rule);
                      SystemState<Other> grown = grown_from<Other>(state);
                      SystemState<Fixed> after = state;
                      StepContext context;
                      context.profile = &profile;
                      Step<Fixed> k(context);
                      rule.apply(k, after);
                      Step<Other> o(context);
                      other.apply(o, grown);
                      ASSERT_EQ(k.code().value(), raw(o.code())) << profile.name << " " << A::name;
                      if (k.ok()) {
                        const auto name = [](const char* id) { return std::string(id ? id : ""); };
                        ASSERT_EQ(name(k.illegal()), name(o.illegal())) << A::name;
                      }
                      ASSERT_TRUE(same_leaves(after, grown)) << profile.name << " " << A::name;
                    });
    }
  }
}

TEST(DomainsAgree, GrowingTablesAgreeWithFixedOnes) { agrees_with_fixed<Concrete>(21); }
TEST(DomainsAgree, RecordedAgreesWithConcrete) { agrees_with_fixed<Recorded>(22); }
TEST(DomainsAgree, TrackedAgreesWithConcrete) { agrees_with_fixed<Tracked>(23); }

}  // namespace
}  // namespace assay::tests

#include "gen/generator.hpp"

#include "gen/case_builder.hpp"

namespace assay::gen {

// --- hosts -------------------------------------------------------------------------------------

namespace {

// A host a little different from the given one: features toggled, sizes made small or odd.
Host<Concrete> varied(const Host<Concrete>& host, Random& random) {
  Host<Concrete> out = host;
  leaves([&](auto& leaf) {
    const u64 v = raw(leaf);
    if (v == 0 && !std::is_same_v<std::remove_cvref_t<decltype(leaf)>, bool>) return;
    if (!random.one_in(10)) return;
    const u64 others[] = {0, 1, 2, 8, v / 2, v - 1};
    store(leaf, std::is_same_v<std::remove_cvref_t<decltype(leaf)>, bool>
                    ? v ^ 1
                    : others[random.below(std::size(others))]);
  }, out);
  return out;
}

}  // namespace

struct Generator::Impl {
  const Profile& profile;
  Host<Concrete> host;
  u64 seed;
  std::shared_ptr<const Knowledge> knowledge;
  GeneratorOptions options;
  CaseBuilder builder;

  Impl(const Profile& p, const Host<Concrete>& h, u64 s, std::shared_ptr<const Knowledge> k,
       GeneratorOptions o)
      : profile(p), host(h), seed(s), knowledge(std::move(k)), options(o),
        builder(p, h, *knowledge) {}
};

Generator::Generator(const Profile& profile, const Host<Concrete>& host, u64 seed,
                     std::shared_ptr<const Knowledge> knowledge, GeneratorOptions options)
    : impl_(std::make_unique<Impl>(profile, host, seed, std::move(knowledge), options)) {}
Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;

Program Generator::program(u64 number) {
  Program out;
  program(number, out);
  return out;
}

void Generator::program(u64 number, Program& out) {
  Random random(impl_->seed, number);
  out.profile = &impl_->profile;
  out.seed = impl_->seed;
  out.number = number;
  const bool vary = impl_->options.vary_host && random.one_in(3);
  out.host = vary ? varied(impl_->host, random) : impl_->host;
  out.operations.clear();
  impl_->builder.build(out, impl_->options, random);
}

u64 Generator::reached(const Goal& g) const { return impl_->builder.reached(g); }
const Knowledge& Generator::knowledge() const { return *impl_->knowledge; }

std::shared_ptr<const Knowledge> learn(const Profile& profile, const Host<Concrete>& host) {
  constexpr u64 lessons = 1500, seed_of_lessons = 1;
  auto knowledge = std::make_shared<Knowledge>(profile);
  CaseBuilder builder(profile, host, *knowledge);
  builder.teach(knowledge.get());
  Program p;
  p.profile = &profile;
  for (u64 i = 0; i < lessons; ++i) {
    Random random(seed_of_lessons, i);
    // Other hosts show the edges of checks that this host never gets to.
    p.host = random.one_in(3) ? varied(host, random) : host;
    p.operations.clear();
    builder.build(p, GeneratorOptions{}, random);
  }
  return knowledge;
}

Event generate_event(u32 rule, const Knowledge& knowledge, World& world, const Operation& where,
                     Random& random) {
  Pool pool;
  Search search(knowledge, world, pool);
  search.forget();
  Operation op = where;
  op.event.rule = rule;
  std::size_t outcome = random.below(knowledge.success(rule) + 1);
  search.run(op, {task_of(op.thread), -1}, outcome, 8, random);
  world.undo();
  return op.event;
}

}  // namespace assay::gen

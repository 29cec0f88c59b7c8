#include "gen/generator.hpp"

#include <map>
#include <mutex>

#include "gen/case_builder.hpp"

namespace assay::gen {

// --- hosts -------------------------------------------------------------------------------------

namespace {

// Changes one leaf, or every leaf of the same value and width alike, so that what refers to each
// other still does.
bool change(SystemHost& host, std::size_t at, Random& random) {
  std::size_t n = 0;
  u64 old = 0, width = 0;
  host.each_leaf([&](const PlainLeaf& leaf) {
    if (n++ == at) old = leaf.value(), width = leaf.width();
  });
  if (width > 1 && old == 0) return false;
  const u64 others[] = {0, 1, 2, 8, 32, 48, 52, 0x400, old / 2, old - 1};
  const bool alike = width > 1 && random.one_in(2);
  const bool gone = alike && random.one_in(2);  // with all that refers to it
  const u64 value = width == 1 ? old ^ 1 : gone ? 0 : others[random.below(std::size(others))];
  n = 0;
  host.each_leaf([&](const PlainLeaf& leaf) {
    if (n == at || (alike && leaf.width() == width && leaf.value() == old)) leaf.store(value);
    ++n;
  });
  return true;
}

// A host a little different from the given one: features toggled, sizes made small or odd, as far
// as a machine like that can exist.
SystemHost varied(const SystemHost& host, Random& random) {
  std::size_t count = 0;
  host.each_leaf([&](const PlainLeaf&) { ++count; });
  SystemHost out = host;
  if (count == 0) return out;
  const auto is_possible = host.system().info().host_is_possible;
  const u64 wanted = 1 + random.below(4);
  for (u64 tries = 0, done = 0; tries < 64 && done < wanted; ++tries) {
    SystemHost trial = out;
    if (!change(trial, random.below(count), random) || !is_possible(trial)) continue;
    out = std::move(trial);
    ++done;
  }
  return out;
}

}  // namespace

struct Generator::Impl {
  const Profile& profile;
  SystemHost host;
  u64 seed;
  std::shared_ptr<const Knowledge> knowledge;
  GeneratorOptions options;
  CaseBuilder builder;

  Impl(const Profile& p, const SystemHost& h, u64 s, std::shared_ptr<const Knowledge> k,
       GeneratorOptions o)
      : profile(p),
        host(h),
        seed(s),
        knowledge(std::move(k)),
        options(o),
        builder(p, h, *knowledge) {}
};

Generator::Generator(const Profile& profile, const SystemHost& host, u64 seed,
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
  const bool vary = impl_->options.vary_host && random.one_in(2);
  const auto& goals = impl_->knowledge->goals();
  const SystemHost* where = impl_->knowledge->host_of(goals[number % goals.size()]);
  // Either any other host, or the one on which learning met what this case is after.
  if (vary && where != nullptr && random.one_in(2)) out.host = *where;
  else out.host = vary ? varied(impl_->host, random) : impl_->host;
  out.operations.clear();
  impl_->builder.build(out, impl_->options, random);
}

u64 Generator::reached(const Goal& g) const { return impl_->builder.reached(g); }
const Knowledge& Generator::knowledge() const { return *impl_->knowledge; }

namespace {

std::shared_ptr<const Knowledge> learn_from_cases(const Profile& profile, const SystemHost& host) {
  constexpr u64 cases = 6000, seed = 1;
  auto knowledge = std::make_shared<Knowledge>(profile);
  CaseBuilder builder(profile, host, *knowledge);
  builder.learn_into(knowledge.get());
  Program p;
  p.profile = &profile;
  for (u64 i = 0; i < cases; ++i) {
    Random random(seed, i);
    p.number = i;
    // Other hosts show the edges of checks that this host never gets to.
    p.host = random.one_in(3) ? varied(host, random) : host;
    p.operations.clear();
    builder.build(p, GeneratorOptions{}, random);
  }
  return knowledge;
}

}  // namespace

std::shared_ptr<const Knowledge> learn(const Profile& profile, const SystemHost& host) {
  static std::mutex mutex;
  static std::map<std::pair<const Profile*, u64>, std::shared_ptr<const Knowledge>> learned;
  std::lock_guard lock(mutex);
  auto& known = learned[{&profile, hash_values(host)}];
  if (!known) known = learn_from_cases(profile, host);
  return known;
}

}  // namespace assay::gen

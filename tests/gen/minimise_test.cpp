#include "gen/reducer.hpp"
#include "tests/gen/judged.hpp"

namespace assay::gen {
namespace {

// The baseline: adaptive deletion backwards, in runs that grow and shrink, as reducers that know
// nothing of programs do it; repeated until nothing goes.
u64 adaptive_deletion(Program p, const StillFails& fails) {
  u64 calls = 0;
  auto attempt = [&](std::size_t at, std::size_t run) {
    std::vector<bool> drop(p.operations.size());
    for (std::size_t i = at; i < at + run; ++i) drop[i] = true;
    Program trial = p;
    trial.operations.clear();
    for (std::size_t i = 0; i < drop.size(); ++i)
      if (!drop[i]) trial.operations.push_back(p.operations[i]);
    ++calls;
    if (!fails(trial)) return false;
    p = std::move(trial);
    return true;
  };
  for (bool any = true; any;) {
    any = false;
    std::size_t end = p.operations.size(), run = 1;
    while (end > 0) {
      run = std::min(run, end);
      if (attempt(end - run, run)) {
        any = true;
        end -= run;
        run *= 2;
      } else if (run > 1) {
        run /= 2;
      } else {
        --end;
      }
    }
  }
  return calls;
}

struct Failure {
  Program program;
  std::size_t operation;
  std::string key;
};

// Long programs in which a defect shows.
std::vector<Failure> failures(const Mutation& wrong, const char* profile, std::size_t wanted) {
  GeneratorOptions o;
  o.length_min = 60;
  o.length_max = 120;
  Generator g = generator_of(profile, 3, o);
  std::unique_ptr<Target> target = make_model_target(&wrong);
  std::vector<Failure> out;
  for (u64 i = 0; i < 20000 && out.size() < wanted; ++i) {
    Program p = g.program(i);
    const Answers a = target->run({&p, 1})[0];
    if (auto v = judge(p, a); v && v->operation > 30) out.push_back({p, v->operation, v->key});
  }
  return out;
}

TEST(Minimise, the_result_is_minimal_by_brute_force) {
  const Mutation wrong = mutation("set_user_memory_region", "size_changes");
  const auto found = failures(wrong, "linux-6.12", 5);
  ASSERT_FALSE(found.empty());
  for (const Failure& f : found) {
    MinimiseOptions o;
    o.oracle = model_oracle(wrong, f.key);
    o.operation = f.operation;
    const MinimiseResult r = minimise(f.program, o);
    ASSERT_TRUE(r.reproduced);
    ASSERT_TRUE(r.minimal);
    ASSERT_TRUE(o.oracle(r.program));
    for (std::size_t i = 0; i < r.program.operations.size(); ++i) {
      std::vector<bool> drop(r.program.operations.size());
      drop[i] = true;
      const Program smaller = without(r.program, drop);
      EXPECT_TRUE(smaller.operations.empty() || !o.oracle(smaller)) << "operation " << i << " of\n"
                                                                    << text_of(r.program);
    }
  }
}

TEST(Minimise, asks_a_fifth_of_what_adaptive_deletion_asks) {
  u64 ours = 0, adaptive = 0;
  for (auto [rule, check] :
       {std::pair{"set_user_memory_region", "size_changes"}, std::pair{"pmu_set_irq", "no_irqchip"},
        std::pair{"vcpu_init", "features_differ"},
        std::pair{"vgic_set_redist_region", "index_out_of_order"}}) {
    const Mutation wrong = mutation(rule, check);
    for (const Failure& f : failures(wrong, "linux-6.12", 5)) {
      MinimiseOptions o;
      o.oracle = model_oracle(wrong, f.key);
      o.operation = f.operation;
      o.simplify_arguments = false;
      ours += minimise(f.program, o).calls;
      adaptive += adaptive_deletion(f.program, o.oracle);
    }
  }
  RecordProperty("ours", static_cast<int>(ours));
  RecordProperty("adaptive", static_cast<int>(adaptive));
  std::printf("oracle calls: %llu, adaptive deletion %llu\n", static_cast<unsigned long long>(ours),
              static_cast<unsigned long long>(adaptive));
  EXPECT_LE(ours * 5, adaptive);
}

// A violation that the specification cannot explain: a second call that must be there.
TEST(Minimise, finds_what_the_specification_does_not_know) {
  const Rules& rules = Rules::of(default_system());
  const u32 create = rules.binder().rule_named("create_vm");
  const u32 extension = rules.binder().rule_named("check_extension");
  Generator g = generator_of("linux-6.12");
  Program p = g.program(3);
  Operation op;
  op.on = HandleKind::system;
  op.event = rules.blank(extension);
  p.operations.push_back(op);
  auto count = [](const Program& q, u32 rule) {
    return std::count_if(q.operations.begin(), q.operations.end(), [&](const Operation& o) {
      return o.kind == Operation::Kind::call && o.event.rule == rule;
    });
  };
  ASSERT_GE(count(p, create), 1);
  MinimiseOptions o;
  o.oracle = [&](const Program& q) { return count(q, create) >= 1 && count(q, extension) >= 1; };
  o.operation = p.operations.size() - 1;
  const MinimiseResult r = minimise(p, o);
  EXPECT_TRUE(r.minimal);
  EXPECT_EQ(r.program.operations.size(), 2u) << text_of(r.program);
}

TEST(Minimise, a_program_that_does_not_fail_is_returned_as_it_is) {
  Generator g = generator_of("linux-6.12");
  Program p = g.program(5);
  MinimiseOptions o;
  o.oracle = [](const Program&) { return false; };
  const MinimiseResult r = minimise(p, o);
  EXPECT_FALSE(r.reproduced);
  EXPECT_EQ(r.calls, 1u);
  EXPECT_EQ(r.program.operations.size(), p.operations.size());
}

TEST(Minimise, a_limit_returns_the_best_so_far) {
  const Mutation wrong = mutation("set_user_memory_region", "size_changes");
  const auto found = failures(wrong, "linux-6.12", 1);
  ASSERT_FALSE(found.empty());
  MinimiseOptions o;
  o.oracle = model_oracle(wrong, found[0].key);
  o.calls_max = 4;
  o.use_model = false;
  const MinimiseResult r = minimise(found[0].program, o);
  EXPECT_FALSE(r.minimal);
  EXPECT_LE(r.calls, 4u);
  EXPECT_TRUE(o.oracle(r.program));
}

// A program that a seed happens to give would be another one with every new rule, so this one is
// written down: three calls that matter, on other threads and with other arguments than they need.
constexpr const char* elaborate =
    "# assay-trace 1\n"
    "1002 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
    "1002 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0x28) = 4<anon_inode:kvm-vm>\n"
    "1001 ioctl(4<anon_inode:kvm-vm>, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS)\n"
    "1003 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 3) = 5<anon_inode:kvm-vcpu:3>\n"
    "1001 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
    "fd=6<anon_inode:kvm-arm-vgic-v3>, flags=0})\n"
    "1003 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=7, flags=0, "
    "guest_phys_addr=0x40000000, memory_size=0x1000, userspace_addr=0x10000})\n"
    "1002 ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, "
    "{group=KVM_DEV_ARM_VGIC_GRP_NR_IRQS, addr=[32]})\n";

TEST(Minimise, arguments_become_plain) {
  const Mutation wrong = mutation("vgic_set_nr_irqs", "too_few");
  ProgramText read = read_program(elaborate);
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.left_out, 0u);
  Program& p = read.program;
  ASSERT_EQ(p.operations.size(), 6u);
  p.profile = &profile_named("linux-6.12");
  p.host = traces::default_host();
  const std::optional<Violation> shown = judge(p, make_model_target(&wrong)->run({&p, 1})[0]);
  ASSERT_TRUE(shown);
  MinimiseOptions o;
  o.oracle = model_oracle(wrong, shown->key);
  o.operation = shown->operation;
  const MinimiseResult r = minimise(p, o);
  EXPECT_TRUE(r.minimal);
  ASSERT_EQ(r.program.operations.size(), 3u) << text_of(r.program);
  for (const Operation& op : r.program.operations) EXPECT_EQ(op.thread, 0) << text_of(r.program);
  EXPECT_EQ(r.program.operations[0].event.value[0], 0u) << text_of(r.program);
}

}  // namespace
}  // namespace assay::gen

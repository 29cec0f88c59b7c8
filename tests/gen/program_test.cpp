#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gen/rapidcheck.hpp"
#include "tests/gen/judged.hpp"

namespace assay::gen {
namespace {

TEST(Random, gives_the_published_numbers_of_splitmix64) {
  Random random(1234567);
  for (u64 expected : {6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull,
                       4593380528125082431ull, 16408922859458223821ull})
    EXPECT_EQ(random.next(), expected);
}

TEST(Random, streams_of_neighbouring_cases_do_not_meet) {
  EXPECT_NE(Random(1, 2).next(), Random(1, 3).next());
  EXPECT_NE(Random(1, 2).next(), Random(2, 2).next());
  EXPECT_NE(Random(1, 2).next(), Random(2, 1).next());
}

bool same_operations(const Program& a, const Program& b) {
  return std::equal(a.operations.begin(), a.operations.end(), b.operations.begin(),
                    b.operations.end(), same_operation);
}

TEST(ProgramText, reads_back_as_the_same_program) {
  for (const Profile& profile : all_profiles()) {
    if (!has_calls(profile)) continue;
    Generator g = generator_of(profile.name);
    for (u64 i = 0; i < 100; ++i) {
      Program p = g.program(i);
      renumber(p);
      const ProgramText back = read_program(text_of(p));
      ASSERT_EQ(back.error, "");
      ASSERT_EQ(back.left_out, 0u) << text_of(p);
      ASSERT_TRUE(same_operations(p, back.program)) << text_of(p) << text_of(back.program);
      EXPECT_EQ(back.program.profile, p.profile);
      EXPECT_EQ(back.program.number, i);
      EXPECT_TRUE(same_values(back.program.host, p.host));
    }
  }
}

// Found by searching on from a trace: what the hardware did was left out of programs, so the
// history that a search found for the SPU was shown, and judged, without it.
TEST(ProgramText, events_of_the_hardware_are_part_of_a_program) {
  const std::string text =
      "# assay-trace 1\n# profile documented\n"
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "spe_write_pmbsr: cpu=1 s=1\n"
      "spe_irq: cpu=1 level=1\n";
  const ProgramText read = read_program(text);
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.left_out, 0u);
  ASSERT_EQ(read.program.operations.size(), 3u);
  EXPECT_EQ(read.program.operations[1].on, HandleKind::machine);
  const std::string again = text_of(read.program, read.answers);
  EXPECT_NE(again.find("spe_write_pmbsr: s=1"), std::string::npos) << again;
  EXPECT_NE(again.find("spe_irq: level=1"), std::string::npos) << again;
  const ProgramText back = read_program(again);
  EXPECT_TRUE(same_operations(read.program, back.program)) << again;
}

TEST(ProgramText, an_answered_trace_keeps_its_verdict) {
  Generator g = generator_of("linux-6.12");
  const Mutation wrong = mutation("vgic_set_nr_irqs", "too_few");
  std::unique_ptr<Target> target = make_model_target(&wrong);
  unsigned violating = 0;
  for (u64 i = 0; i < 300; ++i) {
    Program p = g.program(i);
    renumber(p);
    const Answers a = target->run({&p, 1})[0];
    const ProgramText back = read_program(text_of(p, a));
    ASSERT_EQ(back.error, "");
    const auto before = judge(p, a), after = judge(back.program, back.answers);
    ASSERT_EQ(before.has_value(), after.has_value()) << text_of(p, a);
    if (before) {
      EXPECT_EQ(before->key, after->key);
      ++violating;
    }
  }
  EXPECT_GT(violating, 0u);
}

// Found by a kernel that hung: the call that never returned was missing from the program kept for
// it, which then did not hang.
TEST(ProgramText, keeps_the_call_that_hung) {
  const ProgramText read = read_program(
      "# assay-trace 1\n# profile linux-6.12\n"
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n"
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[8]}) = 0\n"
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n");
  ASSERT_EQ(read.program.operations.size(), 4u);
  Answers answers = read.answers;
  answers.end = Answers::End::hung;
  answers.at = 2;
  for (std::size_t i = 2; i < answers.of.size(); ++i) answers.of[i].executed = false;
  const std::string text = text_of(read.program, answers, "violates hang in vcpu_init");
  EXPECT_NE(text.find("# hung in operation 2"), std::string::npos) << text;
  const ProgramText back = read_program(text);
  ASSERT_EQ(back.error, "") << text;
  ASSERT_EQ(back.program.operations.size(), 3u) << text;
  EXPECT_FALSE(back.program.operations[2].event.answered);
  EXPECT_TRUE(same_operation(back.program.operations[2], read.program.operations[2])) << text;
}

// Found by an interrupt: minimise judged the answers of a program that its target had not run.
TEST(ProgramText, a_program_that_did_not_run_has_no_events) {
  const ProgramText read = read_program(
      "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
      "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n");
  ASSERT_EQ(read.program.operations.size(), 1u);
  const Answers none;
  unsigned events = 0;
  each_trace_event(read.program, &none, [&](const traces::TraceEvent& e) {
    ++events;
    EXPECT_EQ(e.kind, traces::TraceKind::open_kvm);
  });
  EXPECT_EQ(events, 1u);
  EXPECT_EQ(text_of(read.program, none).find("ioctl"), std::string::npos);
}

TEST(ProgramText, names_the_place_of_an_error) {
  const ProgramText read = read_program("# assay-trace 1\n1 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0\n");
  EXPECT_EQ(read.error.substr(0, 2), "2:") << read.error;
}

TEST(ProgramText, user_addresses_return_to_the_arena) {
  const ProgramText read = read_program(
      "# assay-trace 1\n# arena base=0xffff80000000 bytes=1048576\n"
      "1 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
      "1 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0x0) = 4<anon_inode:kvm-vm>\n"
      "1 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
      "guest_phys_addr=0x0, memory_size=0x1000, userspace_addr=0xffff80002000}) = 0\n");
  ASSERT_EQ(read.program.operations.size(), 2u) << read.error;
  const Event& e = read.program.operations[1].event;
  const int at = Rules::of(default_system()).info(e.rule).position("userspace_addr");
  EXPECT_EQ(e.value[static_cast<std::size_t>(at)], 0x2000u);
}

// A converted capture, also one with the kernel's own events in it, is a program again.
TEST(ProgramText, a_merged_capture_is_its_own_program) {
  const ProgramText back = read_program(
      "# assay-trace 1\n"
      "7 1.0 program: number=0 arena=0x10000000 arena_bytes=8589934592\n"
      "7 1.1 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm> <0.1>\n"
      "7 1.2 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm> <0.1>\n"
      "7 1.3 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
      "guest_phys_addr=0, memory_size=4096, userspace_addr=0x10002000}) = 0 <0.1>\n"
      "7 1.4 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0> <0.1>\n"
      "7 [001] 1.45 kvm_entry: fd=5<anon_inode:kvm-vcpu:0> PC: 0x0\n"
      "x-7 [001] 1.46: sched_switch: prev_comm=x prev_pid=7 ==> next_comm=y next_pid=8\n"
      "7 1.5 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=0, cpu=1}) = 0 <0.1>\n");
  ASSERT_EQ(back.error, "");
  EXPECT_EQ(back.left_out, 0u);
  ASSERT_EQ(back.program.operations.size(), 5u);  // the entry is one that no performer makes
  const Event& region = back.program.operations[1].event;
  const int at = Rules::of(default_system()).info(region.rule).position("userspace_addr");
  EXPECT_EQ(region.value[static_cast<std::size_t>(at)], 0x2000u);
}

TEST(Without, an_operation_goes_with_the_maker_of_its_handle) {
  Generator g = generator_of("linux-6.12");
  unsigned dependents = 0;
  for (u64 i = 0; i < 100; ++i) {
    const Program p = g.program(i);
    for (std::size_t at = 0; at < p.operations.size(); ++at) {
      std::vector<bool> drop(p.operations.size());
      drop[at] = true;
      const Program rest = without(p, drop);
      const Descriptors descriptors(rest);
      for (std::size_t j = 0; j < rest.operations.size(); ++j)
        ASSERT_TRUE(rest.operations[j].kind == Operation::Kind::affinity || descriptors.of(j) >= 0);
      dependents += rest.operations.size() + 1 < p.operations.size();
    }
  }
  EXPECT_GT(dependents, 100u);
}

RC_GTEST_PROP(ArbitraryProgram, conforms_on_the_model_and_shrinks_to_conforming_ones, ()) {
  static Generator generator = generator_of("linux-7.2");
  static std::unique_ptr<Target> target = make_model_target(nullptr);
  const Program p = *arbitrary_program(generator);
  RC_ASSERT(!judge(p, target->run({&p, 1})[0]));
}

}  // namespace
}  // namespace assay::gen

// The states that a program's operations lead to: which handles exist, and their numbers.
#include "gen/world.hpp"

#include <optional>

#include "tests/arm64.hpp"
#include "tests/gen/judged.hpp"

namespace assay::gen {
namespace {

// The operations of a program text on one VM, and what happens to them.
class OnWorld {
 public:
  explicit OnWorld(const std::string& calls)
      : read_(read_program("# assay-trace 1\n# profile linux-6.12\n"
                           "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
                           "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n" +
                           calls)),
        world(profile_named("linux-6.12"), traces::default_host()) {
    EXPECT_EQ(read_.error, "");
    EXPECT_EQ(read_.left_out, 0u);
  }
  const Operation& operation(std::size_t i) const { return read_.program.operations[i]; }
  std::size_t size() const { return read_.program.operations.size(); }
  // Takes the step and settles it as the specification answers, or as `made` says.
  StepResult take(std::size_t i, std::optional<bool> made = {}) {
    Event e = operation(i).event;
    const StepResult r = world.step(operation(i), e, {});
    last_vcpu = e.handle;
    if (!r.ok) world.undo();
    world.keep(operation(i), made.value_or(r.ok));
    return r;
  }

 private:
  ProgramText read_;

 public:
  World world;
  u32 last_vcpu = 0;  // the number that the last step's event got
};

constexpr const char* vcpu_0 =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>\n";
constexpr const char* vcpu_0_again =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>\n";
constexpr const char* vcpu_1 =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = 7<anon_inode:kvm-vcpu:1>\n";
constexpr const char* init_second =
    "7 ioctl(6<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n";
constexpr const char* init_third =
    "7 ioctl(7<anon_inode:kvm-vcpu:1>, KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n";

// A program numbers the vCPUs that it asks for; the specification those that were made.
TEST(World, AVcpuThatWasNotMadeHasNoNumberAndShiftsTheNext) {
  OnWorld w(std::string(vcpu_0) + vcpu_0_again + vcpu_1 + init_second + init_third);
  ASSERT_EQ(w.size(), 6u);
  EXPECT_TRUE(w.take(0).ok);
  EXPECT_TRUE(w.take(1).ok);
  EXPECT_EQ(w.take(2).code, Errno::exist);
  EXPECT_TRUE(w.take(3).ok);
  EXPECT_EQ(w.world.objects(0, HandleKind::vcpu), (std::vector<std::int32_t>{0, -1, 1}));
  EXPECT_FALSE(w.world.usable(w.operation(4)));
  ASSERT_TRUE(w.world.usable(w.operation(5)));
  EXPECT_EQ(w.world.index_of(w.operation(5)), 1u);
  EXPECT_TRUE(w.take(5).ok);
  EXPECT_EQ(w.last_vcpu, 1u);
  const Vm<Recorded>& state = vm_of(w.world.state_of(w.operation(5)));
  EXPECT_FALSE(raw(state.vcpu[0].initialized));
  EXPECT_TRUE(raw(state.vcpu[1].initialized));
}

// The answers of an implementation count, not the specification's: what it refused is not there.
TEST(World, WhatWasRefusedCannotBeUsed) {
  OnWorld w(std::string(vcpu_0) + "7 close(5<anon_inode:kvm-vcpu:0>) = 0\n");
  EXPECT_FALSE(w.world.usable(w.operation(1))) << "no VM yet";
  w.take(0, false);
  EXPECT_FALSE(w.world.vm_open(0));
  EXPECT_FALSE(w.world.usable(w.operation(1)));
  EXPECT_EQ(w.world.vm_count(), 1u);
}

TEST(World, ClosedHandlesCannotBeUsed) {
  OnWorld w(std::string(vcpu_0) + vcpu_1 + "7 close(5<anon_inode:kvm-vcpu:0>) = 0\n" +
            "7 close(4<anon_inode:kvm-vm>) = 0\n");
  for (std::size_t i = 0; i < 3; ++i) w.take(i);
  ASSERT_TRUE(w.world.usable(w.operation(3)));
  w.world.close(w.operation(3));
  EXPECT_FALSE(w.world.usable(w.operation(3)));
  EXPECT_EQ(w.world.objects(0, HandleKind::vcpu), (std::vector<std::int32_t>{-1, 1}));
  EXPECT_TRUE(w.world.vm_open(0));
  w.world.close(w.operation(4));
  EXPECT_FALSE(w.world.vm_open(0));
  EXPECT_FALSE(w.world.usable(w.operation(1)));
}

TEST(World, AfterAResetNothingIsLeft) {
  OnWorld w(vcpu_0);
  for (int round = 0; round < 2; ++round) {
    w.world.reset();
    EXPECT_EQ(w.world.vm_count(), 0u);
    EXPECT_FALSE(w.world.usable(w.operation(1)));
    w.take(0);
    w.take(1);
    EXPECT_EQ(w.world.objects(0, HandleKind::vcpu), std::vector<std::int32_t>{0});
  }
}

TEST(World, AStepCanBeTakenBack) {
  OnWorld w(vcpu_0);
  w.take(0);
  Event e = w.operation(1).event;
  EXPECT_TRUE(w.world.step(w.operation(1), e, {}).ok);
  EXPECT_TRUE(w.world.changed());
  EXPECT_TRUE(raw(vm_of(w.world.state_of(w.operation(1))).vcpu[0].created));
  w.world.undo();
  EXPECT_FALSE(w.world.changed());
  EXPECT_FALSE(raw(vm_of(w.world.state_of(w.operation(1))).vcpu[0].created));
}

// Writing what is there already is no change.
TEST(World, AStepThatRepeatsAnotherChangesNothing) {
  const std::string init =
      "7 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {target=5, features=[0]}) = 0\n";
  OnWorld w(vcpu_0 + init + init);
  w.take(0);
  w.take(1);
  for (const bool changes : {true, false}) {
    const Operation& op = w.operation(changes ? 2 : 3);
    Event e = op.event;
    ASSERT_TRUE(w.world.step(op, e, {}).ok);
    EXPECT_FALSE(w.world.journal().empty());
    EXPECT_EQ(w.world.changed(), changes);
    w.world.keep(op, true);
  }
}

// A wrong failure is as doubtful as a wrong success.
TEST(World, DoubtsAnswersThatTheSpecificationDoesNotGive) {
  const auto doubt = [](const char* answer) {
    const ProgramText read = read_program(
        "# assay-trace 1\n# profile linux-6.12\n# host *=0 vcpus_max=8 ipa_bits_max=48 gic_v3=1\n"
        "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n"
        "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>\n"
        "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = " +
        std::string(answer) + "\n");
    World world(profile_named("linux-6.12"), read.program.host);
    const auto found = first_doubt(world, read.program, read.answers, nullptr);
    return found ? found->check : "none";
  };
  EXPECT_EQ(doubt("5<anon_inode:kvm-vcpu:0>"), "none");
  EXPECT_EQ(doubt("-1 EEXIST (File exists)"), "create_vcpu.success");
}

}  // namespace
}  // namespace assay::gen

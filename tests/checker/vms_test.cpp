// The VMs of a trace: what a new one knows, when one ends, and whose events the hardware's are.
#include <algorithm>

#include "tests/checker/checked.hpp"

namespace assay::checker {
namespace {

std::string create_vm(int fd) {
  return "7 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = " + std::to_string(fd) + "<anon_inode:kvm-vm>\n";
}
std::string create_vcpu(int vm, int id, int fd) {
  return "7 ioctl(" + std::to_string(vm) + "<anon_inode:kvm-vm>, KVM_CREATE_VCPU, " +
         std::to_string(id) + ") = " + std::to_string(fd) +
         "<anon_inode:kvm-vcpu:" + std::to_string(id) + ">\n";
}
std::string close_of(int fd) { return "7 close(" + std::to_string(fd) + ") = 0\n"; }

constexpr const char* open_kvm = "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>\n";
constexpr const char* service_set = "spe_write_pmbsr: cpu=0 s=1\n";
constexpr const char* reads_set = "spe_read_pmbsr: cpu=0 s=1\n";
constexpr const char* reads_clear = "spe_read_pmbsr: cpu=0 s=0\n";

Report judged(const std::string& calls, const std::string& profile = "documented",
              const CheckOptions& options = {}) {
  return check_text("# assay-trace 1\n# profile " + profile +
                        "\n# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 "
                        "slots_max=32767 target=5 "
                        "gic_v3=1 memlock_pages=64 pe[0].spe=2 pe[0].spe_record_max=64\n" +
                        open_kvm + calls,
                    options);
}

std::uint64_t skipped_of_machine(const Report& r) {
  std::uint64_t n = 0;
  for (const auto& [what, count] : r.skipped)
    if (what.find("the machine's VM") != std::string::npos) n += count;
  return n;
}

// --- what the hardware did -----------------------------------------------------------------------

TEST(Vms, ANewOneKnowsWhatTheHardwareDidBeforeIt) {
  EXPECT_EQ(judged(std::string(service_set) + create_vm(4) + reads_set).verdict, Verdict::conforms);
  const Report r = judged(std::string(service_set) + create_vm(4) + reads_clear);
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].check, "spe_read_pmbsr.reads_service");
}

TEST(Vms, TheHardwaresEventsAreTheOnlyVms) {
  const Report r = judged(create_vm(4) + service_set + reads_clear);
  EXPECT_EQ(r.verdict, Verdict::violates);
  EXPECT_EQ(skipped_of_machine(r), 0u);
}

// Which of two VMs ran is not told.
TEST(Vms, WithASecondOneTheHardwaresEventsAreSkipped) {
  const Report r = judged(create_vm(4) + service_set + create_vm(5) + reads_clear);
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(skipped_of_machine(r), 1u);
}

TEST(Vms, AfterTheHardwaresVmIsGoneItsEventsAreSkipped) {
  const Report r = judged(create_vm(4) + service_set + close_of(4) + reads_clear);
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(skipped_of_machine(r), 1u);
}

// --- when one ends -------------------------------------------------------------------------------

// Whether one VM is left after `calls`, so that the hardware's events are its.
bool one_is_left(const std::string& calls) {
  const Report r = judged(calls + reads_clear);
  EXPECT_TRUE(r.findings.empty()) << r.findings[0].call;
  return skipped_of_machine(r) == 0;
}

TEST(Vms, EndWithTheirLastDescriptor) {
  const std::string two = create_vm(4) + create_vcpu(4, 0, 5) + create_vm(6);
  EXPECT_FALSE(one_is_left(two));
  EXPECT_FALSE(one_is_left(two + close_of(4)));
  EXPECT_FALSE(one_is_left(two + close_of(5)));
  EXPECT_TRUE(one_is_left(two + close_of(4) + close_of(5)));
}

// A trace need not show every close. That a number is given out again says that there was one.
TEST(Vms, EndWhenTheirDescriptorsAreGivenOutAgain) {
  const std::string one = create_vm(4) + create_vcpu(4, 0, 5);
  EXPECT_FALSE(one_is_left(one + create_vm(4))) << "the vCPU's descriptor is left";
  EXPECT_TRUE(one_is_left(one + create_vm(4) + create_vcpu(4, 0, 5)));
  const std::string opened = "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR) = 4</dev/kvm>\n";
  EXPECT_TRUE(one_is_left(create_vm(4) + opened + create_vm(5)));
  EXPECT_TRUE(one_is_left(create_vm(4) + "7 dup2(3</dev/kvm>, 4) = 4</dev/kvm>\n" + create_vm(5)));
}

TEST(Vms, ADuplicateKeepsOneAlive) {
  const std::string two = create_vm(4) + "7 dup(4<anon_inode:kvm-vm>) = 5<anon_inode:kvm-vm>\n" +
                          create_vm(6) + close_of(4);
  EXPECT_FALSE(one_is_left(two));
  EXPECT_TRUE(one_is_left(two + close_of(5)));
}

TEST(Vms, AForkedProcessKeepsOneAlive) {
  const std::string two = create_vm(4) + "7 fork() = 8\n" + create_vm(6) + close_of(4);
  EXPECT_FALSE(one_is_left(two));
  EXPECT_TRUE(one_is_left(two + "8 close(4) = 0\n"));
  EXPECT_TRUE(one_is_left(two + "8 +++ exited with 0 +++\n"));
  EXPECT_TRUE(one_is_left(two + "7 fork() = 8\n8 close(6) = 0\n")) << "8 ended unseen";
}

TEST(Vms, ATaskThatMakesItselfChangesNothing) {
  EXPECT_TRUE(one_is_left(create_vm(4) + create_vm(5) + "7 fork() = 7\n" + close_of(4)));
}

TEST(Vms, AThreadKeepsNothingAlive) {
  EXPECT_TRUE(one_is_left(create_vm(4) +
                          "7 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FILES) = 8\n" +
                          create_vm(6) + close_of(4)));
}

// --- what is claimed of their states
// ---------------------------------------------------------------

constexpr const char* slot =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, "
    "guest_phys_addr=0x80000000, memory_size=0x2000, userspace_addr=0x7f0000000000}) = 0\n";
constexpr const char* failed_lock =
    "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=206, flags=1, args=[0, 3, 0, 0]}) = -1 "
    "EAGAIN (Resource temporarily unavailable)\n";

// The event at which the leaked pin of a failed LOCK is found; 0 if it is not.
std::uint64_t leak_found_at(const std::string& before, const std::string& after) {
  const Report r = judged(create_vm(4) + slot + before + failed_lock + after, "spe-v4");
  std::uint64_t at = 0;
  for (const Finding& f : r.findings) {
    if (f.check != "unlocked_memslot_holds_no_pins") continue;
    EXPECT_EQ(at, 0u) << "found once, not again where the VM ends";
    at = f.event;
  }
  return at;
}

TEST(Vms, AreJudgedWhereTheyBreakAClaim) {
  EXPECT_EQ(leak_found_at("", ""), 4u);
  EXPECT_EQ(leak_found_at("", close_of(4) + close_of(3)), 4u);
  EXPECT_EQ(leak_found_at("", create_vm(5) + create_vm(4) + close_of(5)), 4u);
}

// An answer that was wrong left the implementation in another state than the model's.
TEST(Vms, ThatViolatedAreJudgedNoMore) {
  const std::string wrong = "7 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = -1 EPERM (No)\n";
  EXPECT_EQ(leak_found_at(wrong, ""), 0u);
  EXPECT_EQ(leak_found_at(wrong, close_of(4)), 0u);
}

TEST(Vms, WithTooManyExplanationsAreNoLongerFollowed) {
  const std::string no_memory =
      "7 ioctl(4<anon_inode:kvm-vm>, KVM_ENABLE_CAP, {cap=206, flags=1, args=[0, 3, 0, 0]}) = -1 "
      "ENOMEM (Cannot allocate memory)\n";
  const std::string calls = create_vm(4) + slot + no_memory + create_vcpu(4, 0, 5);
  CheckOptions options;
  options.states_max = 2;
  const Report two = judged(calls, "spe-v4", options);
  EXPECT_EQ(two.verdict, Verdict::conforms) << two.reason;
  EXPECT_EQ(two.checked, 4u);
  options.states_max = 1;
  const Report one = judged(calls, "spe-v4", options);
  EXPECT_EQ(one.verdict, Verdict::inconclusive);
  EXPECT_NE(one.reason.find("more than 1 states"), std::string::npos) << one.reason;
  EXPECT_EQ(one.checked, 3u);
  ASSERT_EQ(one.skipped.size(), 1u);
  EXPECT_NE(one.skipped.begin()->first.find("no longer followed"), std::string::npos);
}

}  // namespace
}  // namespace assay::checker

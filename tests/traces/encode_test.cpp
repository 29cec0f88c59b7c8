#include "traces/abi/arm64/encode.hpp"

#include "tests/traces/capture_bytes.hpp"
#include "tests/traces/trace_text.hpp"

namespace assay::traces {
namespace {

using test::Bytes;
using test::words32;
using test::words64;

Operation encoded(std::string_view line) {
  Operation out;
  Diagnostic why;
  const Call call = test::read(line);
  EXPECT_EQ(encode(call, nullptr, out, why), Encoding::operation) << render(why, "line", line);
  return out;
}

Encoding answer(std::string_view line) {
  Operation out;
  Diagnostic why;
  return encode(test::read(line), nullptr, out, why);
}

std::string complaint(std::string_view line) {
  Operation out;
  Diagnostic why;
  if (encode(test::read(line), nullptr, out, why) != Encoding::malformed) return "fine";
  return std::to_string(why.column) + ": expected " + std::string(why.expected) + ", " +
         why.message;
}

TEST(Encode, makes_the_bytes_of_a_structure) {
  const Operation op = encoded(
      "ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=1, "
      "flags=KVM_MEM_READONLY, guest_phys_addr=0x40000000, memory_size=4096, "
      "userspace_addr=0xffff0000}) = 0");
  EXPECT_EQ(op.kind, PERFORM_IOCTL);
  EXPECT_EQ(op.flags, PERFORM_ARG_POINTER);
  EXPECT_EQ(op.request, 0x4020ae46u);
  EXPECT_EQ(op.descriptor, 4);
  EXPECT_EQ(op.makes, -1);
  EXPECT_EQ(op.address_at, 24);
  EXPECT_EQ(op.payload, test::joined({words32(1, 2), words64(0x40000000, 4096, 0xffff0000)}));
}

TEST(Encode, fills_members_that_the_text_leaves_out_with_zeros) {
  EXPECT_EQ(encoded("ioctl(5, KVM_ARM_VCPU_INIT, {target=5, features=[0xc]})").payload,
            words32(5, 12, 0, 0, 0, 0, 0, 0));
}

TEST(Encode, TakesNamesOfRegistersAndDoesNotInventRoutes) {
  EXPECT_EQ(encoded("ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_MIDR_EL1, "
                    "addr=[0x1]}) = 0")
                .payload,
            words64(0x603000000013c000, 0));
  const Operation word = encoded(
      "ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, {flags=0, "
      "group=KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, attr=GICR_IPRIORITYR0|0x100000004, addr=[0x1]}) = "
      "0");
  EXPECT_EQ(word.payload, test::joined({words32(0, 5), words64(0x100010404, 0)}));
  EXPECT_EQ(word.value, words32(1));
  EXPECT_EQ(answer("ioctl(4<anon_inode:kvm-vm>, KVM_SET_GSI_ROUTING, {nr=0, flags=0}) = 0"),
            Encoding::operation);
  EXPECT_EQ(answer("ioctl(4<anon_inode:kvm-vm>, KVM_SET_GSI_ROUTING, {nr=2, flags=0}) = 0"),
            Encoding::not_performable);
}

TEST(Encode, makes_the_value_of_an_attribute) {
  const Operation irq = encoded(
      "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
      "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[-1]}) = 0");
  EXPECT_EQ(irq.flags, PERFORM_ARG_POINTER | PERFORM_VALUE_PATCH);
  EXPECT_EQ(irq.value_at, 16);
  EXPECT_EQ(irq.value, words32(-1));
  const Operation filter = encoded(
      "ioctl(5, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_FILTER, addr={base_event=0x11, nevents=1, "
      "action=KVM_PMU_EVENT_DENY, pad=[0, 0, 7]}})");
  EXPECT_EQ(filter.value, (Bytes{0x11, 0, 1, 0, 1, 0, 0, 7}));
  const Operation dist = encoded(
      "ioctl(6, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_ARM_VGIC_GRP_ADDR, "
      "attr=KVM_VGIC_V3_ADDR_TYPE_DIST, addr=[0x8000000]})");
  EXPECT_EQ(dist.value, words64(0x8000000));
}

TEST(Encode, gives_a_get_room_for_its_answer) {
  const Operation op = encoded(
      "ioctl(5, KVM_GET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=0xffff})");
  EXPECT_EQ(op.flags, PERFORM_ARG_POINTER | PERFORM_VALUE_PATCH);
  EXPECT_EQ(op.value, words32(0));
  EXPECT_EQ(encoded("ioctl(5, KVM_GET_ONE_REG, {id=0x6030000000100040, addr=0xffff})").value,
            words64(0));
  EXPECT_EQ(encoded("ioctl(4, KVM_ARM_PREFERRED_TARGET, 0xffff)").payload, Bytes(32, 0));
}

TEST(Encode, repeats_bad_pointers) {
  EXPECT_EQ(encoded("ioctl(5, KVM_ARM_VCPU_INIT, 0xdead /* unreadable */)").flags,
            PERFORM_ARG_POINTER | PERFORM_BAD_POINTER);
  EXPECT_EQ(encoded("ioctl(5, KVM_ARM_VCPU_INIT, NULL)").flags, 0);
  const Operation value = encoded(
      "ioctl(5, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=0xdead /* unreadable */})");
  EXPECT_EQ(value.flags, PERFORM_ARG_POINTER | PERFORM_VALUE_BAD);
  EXPECT_EQ(value.value_at, 16);
}

TEST(Encode, knows_calls_of_other_kinds) {
  EXPECT_EQ(encoded("openat(AT_FDCWD</>, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>").kind, PERFORM_OPEN);
  EXPECT_EQ(encoded("openat(AT_FDCWD</>, \"/dev/kvm\", O_RDWR) = 3</dev/kvm>").makes, 3);
  EXPECT_EQ(encoded("close(7) = 0").kind, PERFORM_CLOSE);
  EXPECT_EQ(encoded("close(7) = 0").descriptor, 7);
  const Operation run = encoded("ioctl(7, KVM_RUN, {immediate_exit=1, cpu=2}) = 0");
  EXPECT_EQ(run.kind, PERFORM_RUN);
  EXPECT_EQ(run.argument, 1u);
  EXPECT_EQ(encoded("ioctl(7, KVM_RUN, 0) = 0").kind, PERFORM_RUN);
  EXPECT_EQ(encoded("ioctl(7, KVM_RUN, 5) = -1 EINVAL (x)").kind, PERFORM_IOCTL);
  const Operation affinity = encoded("sched_setaffinity(0, 8, [2 3 63]) = 0");
  EXPECT_EQ(affinity.kind, PERFORM_AFFINITY);
  EXPECT_EQ(affinity.payload, (Bytes{0x0c, 0, 0, 0, 0, 0, 0, 0x80}));
  const Operation device = encoded(
      "ioctl(4, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
      "fd=6<anon_inode:kvm-arm-vgic-v3>, flags=0}) = 0");
  EXPECT_EQ(device.makes, 6);
  EXPECT_TRUE(device.flags & PERFORM_DEVICE_SLOT);
  EXPECT_EQ(encoded("ioctl(4, KVM_CREATE_VCPU, 1) = 5").makes, 5);
  EXPECT_EQ(encoded("ioctl(3, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) = 1").makes, -1);
}

TEST(Encode, refuses_what_cannot_be_repeated) {
  EXPECT_EQ(answer("write(1, \"x\", 1) = 1"), Encoding::not_performable);
  EXPECT_EQ(answer("openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY) = 3"), Encoding::not_performable);
  EXPECT_EQ(answer("ioctl(5, KVM_ARM_VCPU_INIT, 0xffff) = 0"), Encoding::not_performable);
  EXPECT_EQ(answer("ioctl(5, KVM_SET_ONE_REG, {id=0x6030000000100040, addr=0xffff}) = 0"),
            Encoding::not_performable);
  EXPECT_EQ(answer("ioctl(5, TCGETS, 0xffff) = 0"), Encoding::not_performable);
  EXPECT_EQ(answer("kvm_entry: PC: 0x10"), Encoding::not_performable);
}

TEST(Encode, performs_calls_of_kvm_only) {
  EXPECT_EQ(answer("ioctl(0, TCGETS, 0xffff0)"), Encoding::not_performable);
  EXPECT_EQ(answer("ioctl(3, 0x5401, 0)"), Encoding::not_performable);
  EXPECT_EQ(answer("ioctl(3, 0xae03, 0)"), Encoding::operation);
}

TEST(Encode, complains_at_the_column_that_is_wrong) {
  EXPECT_EQ(complaint("ioctl(5, KVM_ARM_VCPU_INIT, {tarjet=5})"),
            "37: expected member of the structure, there is no such member");
  EXPECT_EQ(complaint("ioctl(5, KVM_ARM_VCPU_INIT, {target=0x100000000})"),
            "37: expected number, it does not fit the member");
  EXPECT_EQ(complaint("ioctl(5, KVM_ARM_VCPU_INIT, {target=NO_SUCH_TARGET})"),
            "37: expected number, its value is not known");
  EXPECT_EQ(complaint("ioctl(5, KVM_ARM_VCPU_INIT, {features=7})"),
            "39: expected array, it is something else");
  EXPECT_EQ(complaint("ioctl(5, KVM_ARM_VCPU_INIT, {features=[0, 0, 0, 0, 0, 0, 0, 0]})"),
            "61: expected ']', the array is longer than the member");
  EXPECT_EQ(complaint("sched_setaffinity(0, 8, [9999])"),
            "26: expected CPU number, it is not a number below 8192");
}

// bytes -> call -> text -> call -> bytes
TEST(Encode, restores_the_bytes_that_were_decoded) {
  const auto survives = [](std::uint64_t request, int fd, Bytes in, Bytes value) {
    test::Stream stream = test::with_vm();
    std::vector<test::Piece> pieces{{CAPTURE_IN, in, false}};
    if (!value.empty()) pieces.push_back({CAPTURE_VALUE_IN, value, false});
    stream.ioctl(fd, request, 0x1000, 0, pieces);
    const Operation op = encoded(stream.texts().back());
    if (!value.empty()) std::memset(in.data() + op.value_at, 0, 8);  // the performer patches it
    EXPECT_EQ(op.payload, in) << stream.texts().back();
    EXPECT_EQ(op.value, value) << stream.texts().back();
    EXPECT_EQ(op.request, request);
  };
  survives(0x4020ae46, 4, test::joined({words32(1, 0x13), words64(0x1000, 4096, 0x2000)}), {});
  survives(0x4020aeae, 5, words32(5, 0x8f, 0, 0, 0, 0, 0, 0xffffffff), {});
  survives(0x4004aec2, 5, words32(4), {});
  survives(0x4008ae61, 4, words32(0x2000010, 1), {});
  survives(0x4004ae99, 5, words32(5), {});
  survives(0x4004ae99, 5, words32(77), {});
  survives(0x4068aea3, 4,
           [] {
             Bytes out = words32(205, 0);
             out.resize(104, 0);
             out[100] = 3;
             return out;
           }(),
           {});
  survives(0x4010aeac, 5, words64(0x6040000000100054, 0x2000), words64(1, 2));
  const auto attribute = [&](int fd, std::uint32_t group, std::uint64_t attr, Bytes value) {
    survives(0x4018aee1, fd, test::joined({words32(0, group), words64(attr, 0x2000)}), value);
  };
  attribute(5, 0, 0, words32(23));
  attribute(5, 0, 2, {0x11, 0, 1, 0, 2, 0, 9, 0});
  attribute(5, 0, 3, words32(8));
  attribute(5, 1, 0, words32(27));
  attribute(5, 2, 0, words64(0x100000));
  attribute(5, 77, 1, {1, 2, '\\', '"', 'x'});
  attribute(6, 0, 2, words64(0x8000000));
  attribute(6, 3, 0, words32(64));
  attribute(6, 1, 0x100000004, words32(7));
}

TEST(Encode, writes_operations_as_the_performer_reads_them) {
  Operation op = encoded(
      "ioctl(5, KVM_SET_DEVICE_ATTR, {group=KVM_ARM_VCPU_PMU_V3_CTRL, "
      "attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]})");
  Placement place;
  place.slot = 2;
  place.tag = 7;
  std::vector<std::uint8_t> out;
  append(op, place, out);
  perform_op head;
  ASSERT_GE(out.size(), sizeof head);
  std::memcpy(&head, out.data(), sizeof head);
  EXPECT_EQ(head.magic, PERFORM_MAGIC);
  EXPECT_EQ(head.bytes, out.size());
  EXPECT_EQ(head.bytes % 8, 0u);
  EXPECT_EQ(head.slot, 2);
  EXPECT_EQ(head.result_slot, -1);
  EXPECT_EQ(head.tag, 7u);
  EXPECT_EQ(head.payload_bytes, 24u);
  EXPECT_EQ(head.value_bytes, 4u);
  EXPECT_EQ(head.value_at, 16);
  EXPECT_EQ(out[sizeof head + 24], 23);
}

}  // namespace
}  // namespace assay::traces

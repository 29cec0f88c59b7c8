#include "tests/arm64.hpp"
#include "tests/traces/capture_bytes.hpp"
#include "tests/traces/trace_text.hpp"

namespace assay::traces {
namespace {

using test::Bytes;
using test::Stream;
using test::words32;
using test::words64;
using Texts = std::vector<std::string>;

constexpr std::uint64_t set_attr = 0x4018aee1, get_attr = 0x4018aee2, has_attr = 0x4018aee3;

Bytes attribute(std::uint32_t group, std::uint64_t attr, std::uint64_t address) {
  return test::joined({words32(0, group), words64(attr, address)});
}

// The text of the last record, which also has to survive the grammar.
std::string last(const Stream& stream) {
  const Texts texts = stream.texts();
  EXPECT_FALSE(texts.empty());
  test::round_trip(texts.back());
  return texts.back();
}

TEST(Capture, follows_descriptors) {
  Stream stream = test::with_vm();
  stream.add([] {
    capture_record record = Stream::blank(CAPTURE_DUP, 5);
    record.result = 9;
    return record;
  }());
  stream.add(Stream::blank(CAPTURE_CLOSE, 5));
  stream.add(Stream::blank(CAPTURE_CLOSE, 9));
  stream.add(Stream::blank(CAPTURE_CLOSE, 9));
  EXPECT_EQ(stream.texts(),
            (Texts{
                "openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>",
                "ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>",
                "ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>",
                "ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_ARM_VGIC_V3, "
                "fd=6<anon_inode:kvm-arm-vgic-v3>, flags=0}) = 0",
                "dup(5<anon_inode:kvm-vcpu:0>) = 9<anon_inode:kvm-vcpu:0>",
                "close(5<anon_inode:kvm-vcpu:0>) = 0",
                "close(9<anon_inode:kvm-vcpu:0>) = 0",
                "close(9) = 0",
            }));
}

TEST(Capture, decodes_attributes_by_what_the_descriptor_is) {
  Stream stream = test::with_vm();
  const auto set = [&](int fd, std::uint32_t group, std::uint64_t attr, Bytes value) {
    stream.ioctl(fd, set_attr, 0x1000, 0,
                 {{CAPTURE_IN, attribute(group, attr, 0x2000), false},
                  {CAPTURE_VALUE_IN, std::move(value), false}});
    return last(stream);
  };
  EXPECT_EQ(set(5, 0, 0, words32(23)),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=[23]}) = 0");
  EXPECT_EQ(set(5, 0, 2, {0x11, 0, 1, 0, 1, 0, 0, 0}),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_FILTER, "
            "addr={base_event=0x11, nevents=1, action=KVM_PMU_EVENT_DENY}}) = 0");
  EXPECT_EQ(set(5, 0, 3, words32(-1)),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_SET_PMU, addr=[-1]}) = 0");
  EXPECT_EQ(set(6, 0, 2, words64(0x8000000)),
            "ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_DIST, "
            "addr=[0x8000000]}) = 0");
  EXPECT_EQ(set(6, 3, 0, words32(64)),
            "ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_DEV_ARM_VGIC_GRP_NR_IRQS, attr=0, addr=[64]}) = 0");
  EXPECT_EQ(set(5, 77, 3, {1, 'a', '"'}),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, group=0x4d, attr=0x3, "
            "addr=\"\\x01a\\x22\"}) = 0");
}

TEST(Capture, prints_pointers_that_lead_to_nothing) {
  Stream stream = test::with_vm();
  stream.ioctl(6, set_attr, 0x1000, 0, {{CAPTURE_IN, attribute(4, 0, 0), false}});
  EXPECT_EQ(last(stream),
            "ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_DEV_ARM_VGIC_GRP_CTRL, attr=KVM_DEV_ARM_VGIC_CTRL_INIT, addr=NULL}) = 0");
  stream.ioctl(5, set_attr, 0x1000, -1,
               {{CAPTURE_IN, attribute(0, 0, 0xdead), false}, {CAPTURE_VALUE_IN, {}, true}}, 14);
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_DEVICE_ATTR, {flags=0, "
            "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_IRQ, addr=0xdead /* "
            "unreadable */}) = -1 EFAULT (Bad address)");
  stream.ioctl(5, 0x4020aeae, 0xdead, -1, {{CAPTURE_IN, {}, true}}, 14);
  EXPECT_EQ(
      last(stream),
      "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, 0xdead /* unreadable */) = -1 EFAULT "
      "(Bad address)");
  stream.ioctl(5, has_attr, 0x1000, 0, {{CAPTURE_IN, attribute(0, 1, 0xbeef), false}});
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_HAS_DEVICE_ATTR, {flags=0, "
            "group=KVM_ARM_VCPU_PMU_V3_CTRL, attr=KVM_ARM_VCPU_PMU_V3_INIT, addr=0xbeef}) = 0");
}

TEST(Capture, decodes_what_a_get_wrote) {
  Stream stream = test::with_vm();
  stream.ioctl(
      5, get_attr, 0x1000, 0,
      {{CAPTURE_IN, attribute(0, 0, 0x2000), false}, {CAPTURE_VALUE_OUT, words32(23), false}});
  EXPECT_NE(last(stream).find("addr=[23]"), std::string::npos);
  stream.ioctl(6, get_attr, 0x1000, 0,
               {{CAPTURE_IN, attribute(0, 5, 0x2000), false},
                {CAPTURE_VALUE_IN, words64(1), false},
                {CAPTURE_VALUE_OUT, words64(0x80a0000), false}});
  EXPECT_NE(last(stream).find("addr=[0x1] => [0x80a0000]"), std::string::npos);
  stream.ioctl(4, 0x8020aeaf, 0x1000, 0,
               {{CAPTURE_IN, Bytes(32, 0xcc), false},
                {CAPTURE_OUT, words32(5, 0, 0, 0, 0, 0, 0, 0), false}});
  EXPECT_EQ(last(stream),
            "ioctl(4<anon_inode:kvm-vm>, KVM_ARM_PREFERRED_TARGET, "
            "{target=KVM_ARM_TARGET_GENERIC_V8, features=[0, 0, 0, 0, 0, 0, 0]}) = 0");
  stream.ioctl(5, 0x8004ae98, 0x1000, -1, {{CAPTURE_IN, words32(0xcccccccc), false}}, 22);
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_MP_STATE, 0x1000) = -1 EINVAL (Invalid "
            "argument)");
}

TEST(Capture, decodes_registers_by_the_size_in_their_id) {
  Stream stream = test::with_vm();
  const auto set = [&](std::uint64_t id, Bytes value) {
    stream.ioctl(5, 0x4010aeac, 0x1000, 0,
                 {{CAPTURE_IN, words64(id, 0x2000), false}, {CAPTURE_VALUE_IN, value, false}});
    return last(stream);
  };
  EXPECT_NE(set(0x6030000000100040, words64(0x8000)).find("addr=[0x8000]"), std::string::npos);
  EXPECT_NE(set(0x6020000000110000, words32(7)).find("addr=[0x7]"), std::string::npos);
  EXPECT_NE(set(0x6040000000100054, words64(1, 2)).find("addr=[0x1, 0x2]"), std::string::npos);
}

TEST(Capture, decodes_a_run) {
  Stream stream = test::with_vm();
  capture_run run{};
  run.exit_reason = 9;
  run.immediate_exit = 1;
  run.exit[0] = 1;
  run.exit[1] = 2;
  Bytes bytes;
  test::put(bytes, run);
  capture_record record = Stream::blank(CAPTURE_IOCTL, 5);
  record.request = 0xae80;
  record.cpu_begin = record.cpu_end = 2;
  stream.add(record, {{CAPTURE_RUN, bytes, false}});
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, {immediate_exit=1, cpu=2, "
            "exit_reason=KVM_EXIT_FAIL_ENTRY, hardware_entry_failure_reason=1, fail_cpu=2}) = 0");
  record.cpu_end = 3;
  stream.add(record, {{CAPTURE_RUN, bytes, false}});
  EXPECT_NE(last(stream).find("cpu=2 => 3, "), std::string::npos);
  record.cpu_end = 1;
  stream.add(record, {{CAPTURE_RUN, bytes, false}});
  EXPECT_NE(last(stream).find("cpu=2 => 1, "), std::string::npos);
  stream.add(record);
  EXPECT_EQ(last(stream), "[002] ioctl(5<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = 0");
}

// An errno is told of a call that failed only: the recorder may have left an older one there.
TEST(Capture, names_errors_of_calls_that_failed) {
  Stream stream = test::with_vm();
  const std::string call = "ioctl(4<anon_inode:kvm-vm>, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP) = ";
  stream.ioctl(4, 0xae03, 0, 7, {}, 22);
  EXPECT_EQ(last(stream), call + "7");
  stream.ioctl(4, 0xae03, 0, -1, {}, 0);
  EXPECT_EQ(last(stream), call + "-1");
  stream.ioctl(4, 0xae03, 0, -1, {}, 22);
  EXPECT_EQ(last(stream), call + "-1 EINVAL (Invalid argument)");
}

// KVM_CREATE_DEVICE_TEST makes nothing.
TEST(Capture, a_device_that_was_only_asked_for_has_no_descriptor) {
  Stream stream = test::with_vm();
  stream.ioctl(4, 0xc00caee0, 0x1000, 0,
               {{CAPTURE_IN, words32(7, 0, 1), false}, {CAPTURE_OUT, words32(7, 9, 1), false}});
  stream.ioctl(9, 0xae03, 0, 0);
  EXPECT_EQ(last(stream).substr(0, 8), "ioctl(9,");
  stream.ioctl(6, 0xae03, 0, 0);
  EXPECT_EQ(last(stream).substr(0, 8), "ioctl(6<");
}

TEST(Capture, decodes_other_calls) {
  Stream stream = test::with_vm();
  stream.ioctl(4, 0x4020ae46, 0x1000, 0,
               {{CAPTURE_IN,
                 test::joined({words32(1, 0x13), words64(0x40000000, 4096, 0xffff0000)}), false}});
  EXPECT_EQ(last(stream),
            "ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=1, "
            "flags=KVM_MEM_LOG_DIRTY_PAGES|KVM_MEM_READONLY|0x10, guest_phys_addr=0x40000000, "
            "memory_size=4096, userspace_addr=0xffff0000}) = 0");
  stream.ioctl(5, 0x4004aec2, 0x1000, 0, {{CAPTURE_IN, words32(4), false}});
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_FINALIZE, [KVM_ARM_VCPU_SVE]) = 0");
  stream.ioctl(3, 0xae03, 126, 1);
  EXPECT_EQ(last(stream), "ioctl(3</dev/kvm>, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3) = 1");
  stream.ioctl(5, 0x4010aeab, 0x1000, -1, {}, 530);
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_ONE_REG, 0x1000) = -1 (errno 530)");
  stream.ioctl(4, 0x4010aeab, 0x1000, 0, {{CAPTURE_IN, words64(0, 0x8000000), false}});
  EXPECT_EQ(last(stream),
            "ioctl(4<anon_inode:kvm-vm>, KVM_ARM_SET_DEVICE_ADDR, {id=0, addr=0x8000000}) = 0");
  stream.ioctl(4, 0x1234, 5, -1, {}, 25);
  EXPECT_EQ(last(stream),
            "ioctl(4<anon_inode:kvm-vm>, 0x1234, 0x5) = -1 ENOTTY (Inappropriate ioctl for "
            "device)");
  capture_record affinity = Stream::blank(CAPTURE_AFFINITY, -1);
  affinity.arg[0] = 97;
  stream.add(affinity, {{CAPTURE_IN, {0x0c, 0, 0, 0, 0, 0, 0, 0x80}, false}});
  EXPECT_EQ(last(stream), "sched_setaffinity(97, 8, [2 3 63]) = 0");
  capture_record mmap = Stream::blank(CAPTURE_MMAP, 5);
  mmap.arg[1] = 8192;
  mmap.request = std::uint64_t{1} << 32 | 3;
  mmap.result = 0xffffb98f3000;
  stream.add(mmap);
  EXPECT_EQ(last(stream),
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 5<anon_inode:kvm-vcpu:0>, 0) = "
            "0xffffb98f3000");
}

// Findings of a review: the recorder copied these, and the text had a pointer.
TEST(Capture, PayloadsThatWereAPointerInTheText) {
  Stream stream = test::with_vm();
  const auto text = [&](int fd, std::uint64_t request, Bytes in) {
    stream.ioctl(fd, request, 0x1000, 0, {{CAPTURE_IN, std::move(in), false}});
    const std::string line = last(stream);
    const std::size_t from = line.find(", {") + 2;
    return line.substr(from, line.rfind(')') - from);
  };
  Bytes events(64, 0);
  events[1] = 1;
  events[8] = 0x2a;
  EXPECT_EQ(text(5, 0x4040aea0, events),
            "{serror_pending=0, serror_has_esr=1, ext_dabt_pending=0, serror_esr=0x2a}");
  EXPECT_EQ(text(4, 0x4040ae79, test::joined({words64(7, 0x9000050), words32(2, 9, 5), Bytes(36)})),
            "{datamatch=0x7, addr=0x9000050, len=2, fd=9, "
            "flags=KVM_IOEVENTFD_FLAG_DATAMATCH|KVM_IOEVENTFD_FLAG_DEASSIGN}");
  EXPECT_EQ(text(4, 0x4008ae6a, words32(2, 0)), "{nr=2, flags=0}");
  EXPECT_EQ(text(4, 0x4010ae67, test::joined({words64(0x9000000), words32(0x1000, 0)})),
            "{addr=0x9000000, size=4096}");
  Bytes debug = words32(0x20001, 0);
  debug.resize(520, 0);
  EXPECT_EQ(text(5, 0x4208ae9b, debug), "{control=KVM_GUESTDBG_ENABLE|KVM_GUESTDBG_USE_HW}");
  debug[8] = 0xe5;
  EXPECT_NE(text(5, 0x4208ae9b, debug).find("dbg_bcr=[0xe5, 0, 0"), std::string::npos);
  stream.ioctl(5, 0xc008aeb0, 0x1000, -1,
               {{CAPTURE_IN, words64(0), false}, {CAPTURE_OUT, words64(241), false}}, 7);
  EXPECT_EQ(last(stream),
            "ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_REG_LIST, {n=241}) = -1 E2BIG (Argument list "
            "too long)");
}

TEST(Capture, RegistersHaveNames) {
  Stream stream = test::with_vm();
  const auto id = [&](std::uint64_t number) {
    stream.ioctl(5, 0x4010aeac, 0x1000, 0, {{CAPTURE_IN, words64(number, 0x2000), false}});
    const std::string line = last(stream);
    const std::size_t from = line.find("id=") + 3;
    return line.substr(from, line.find(',', from) - from);
  };
  EXPECT_EQ(id(0x603000000013c000), "KVM_REG_ARM64_MIDR_EL1");
  EXPECT_EQ(id(0x6030000000100040), "KVM_REG_ARM_CORE_PC");
  EXPECT_EQ(id(0x606000000015ffff), "KVM_REG_ARM64_SVE_VLS");
  EXPECT_EQ(id(0x603000000013df1a), "KVM_REG_ARM_TIMER_CNT");  // the encoding of CNTV_CVAL_EL0
  EXPECT_EQ(id(0x603000000013c01b), "0x603000000013c01b");     // a reserved encoding
  const auto attr = [&](std::uint32_t group, std::uint64_t number) {
    stream.ioctl(6, set_attr, 0x1000, 0,
                 {{CAPTURE_IN, attribute(group, number, 0x2000), false},
                  {CAPTURE_VALUE_IN, group == 6 ? words64(1) : words32(1), false}});
    const std::string line = last(stream);
    const std::size_t from = line.find("attr=") + 5;
    return line.substr(from, line.find(',', from) - from);
  };
  EXPECT_EQ(attr(1, 0), "GICD_CTLR");
  EXPECT_EQ(attr(1, 0x100), "GICD_ISENABLER");
  EXPECT_EQ(attr(1, 0x17c), "GICD_ISENABLER|0x7c");
  EXPECT_EQ(attr(1, 0x180), "GICD_ICENABLER");
  EXPECT_EQ(attr(1, 0x60), "0x60");
  EXPECT_EQ(attr(5, 0x100010100), "GICR_ISENABLER0|0x100000000");
  EXPECT_EQ(attr(6, 0xc230), "SYS_ICC_PMR_EL1");
  EXPECT_EQ(attr(7, 0xa0), "0xa0");  // no register: a line level
}

// What `assay-record` puts first: which host answered.
TEST(Capture, HostOfTheRecordingMachineIsInItsHeader) {
  const std::string facts =
      "release=6.1.0-test\nmachine=aarch64\nonline_cpus=0-1\npmu.armv8_pmuv3.type=8\n"
      "pmu.armv8_pmuv3.cpus=0-1\nuser_address_bits=48\ncap.MAX_VCPUS=512\ncap.NR_MEMSLOTS=32767\n"
      "cap.ARM_VM_IPA_SIZE=40\ncap.ARM_PMU_V3=1\ncap.ARM_SVE=0\ncap.ARM_EL1_32BIT=1\n"
      "cap.ARM_PTRAUTH_ADDRESS=0\ncap.ARM_PTRAUTH_GENERIC=0\ndevice.VGIC_V2=0\n"
      "device.VGIC_V3=ENODEV\ndevice.VGIC_ITS=ENODEV\npreferred_target=5\n";
  const auto header_of = [](const std::string& text) {
    Stream stream;
    stream.add(Stream::blank(CAPTURE_HOST, -1),
               {{CAPTURE_PATH, Bytes(text.begin(), text.end()), false}});
    stream.open(3);
    EXPECT_EQ(stream.texts().size(), 1u);  // it is no call
    CaptureReader reader;
    Diagnostic why;
    EXPECT_TRUE(reader.attach(stream.file(), true, {}, why));
    EXPECT_EQ(reader.host_facts(), text);
    return reader.trace_header();
  };
  const TraceHeader whole = header_of(facts);
  EXPECT_TRUE(tells_whole_host(whole));
  EXPECT_EQ(whole.profile, "linux-6.1");
  EXPECT_EQ(raw(host_of(whole.host).ipa_bits_max), 40u);
  EXPECT_EQ(raw(host_of(whole.host).pe[1].pmu), 8u);
  const TraceHeader half = header_of(facts.substr(0, facts.find("cap.NR_MEMSLOTS")));
  EXPECT_FALSE(half.host_known);
}

TEST(Capture, makes_events_of_records_that_are_no_call) {
  Stream stream;
  capture_record lost = Stream::blank(CAPTURE_LOST, -1);
  lost.arg[0] = 5;
  stream.add(lost);
  EXPECT_EQ(last(stream), "lost: records=5");
  capture_record found = Stream::blank(CAPTURE_OPEN, -1);
  found.request = CAPTURE_AS_FOUND;
  found.result = 8;
  const std::string_view link = "anon_inode:kvm-vcpu:1";
  stream.add(found, {{CAPTURE_PATH, Bytes(link.begin(), link.end()), false}});
  EXPECT_EQ(last(stream), "found: fd=8<anon_inode:kvm-vcpu:1>");
  stream.ioctl(8, 0xae80, 0, 0);
  EXPECT_EQ(last(stream), "ioctl(8<anon_inode:kvm-vcpu:1>, KVM_RUN, 0) = 0");
  capture_record program = Stream::blank(CAPTURE_PROGRAM, -1);
  program.arg[0] = 3;
  program.arg[1] = 0x10000;
  program.arg[2] = 4096;
  stream.add(program);
  EXPECT_EQ(last(stream), "program: number=3 arena=0x10000 arena_bytes=4096");
  stream.ioctl(8, 0xae80, 0, -1, {}, 9);
  EXPECT_EQ(last(stream), "ioctl(8, KVM_RUN, 0) = -1 EBADF (Bad file descriptor)");
  capture_record newer = Stream::blank(static_cast<capture_kind>(77), -1);
  stream.add(newer);
  EXPECT_EQ(last(stream), "unrecognised: kind=77");
}

TEST(Capture, ends_where_zeros_begin_and_skips_what_was_not_finished) {
  Stream stream;
  stream.open(3);
  const std::size_t hole = stream.bytes.size();
  stream.open(4);
  stream.open(5);
  std::uint32_t length = 0;
  std::memcpy(&length, stream.bytes.data() + hole, sizeof length);
  length |= 1;
  std::memcpy(stream.bytes.data() + hole, &length, sizeof length);
  stream.bytes.resize(stream.bytes.size() + 4096, 0);
  const Texts texts = stream.texts();
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(texts[1], "lost: records=1");
}

TEST(Capture, names_the_byte_that_is_wrong) {
  Stream stream;
  stream.open(3);
  const std::size_t second = stream.bytes.size();
  stream.open(4);
  const auto complaint = [](Stream broken) { return broken.texts().back(); };
  const std::string at = "c: byte " + std::to_string(second) + ": expected record, ";

  Stream truncated = stream;
  truncated.bytes.pop_back();
  EXPECT_EQ(complaint(truncated), at + "the stream ends within it\n");
  Stream odd = stream;
  odd.bytes[second] = 4;
  odd.bytes[second + 1] = 0;
  EXPECT_EQ(complaint(odd), at + "its length is 4\n");
  odd = stream;
  odd.bytes[second] = static_cast<std::uint8_t>(odd.bytes[second] ^ 4);  // records lie at eights
  EXPECT_EQ(complaint(odd).substr(0, at.size() + 10), at + "its length");
  Stream huge = stream;
  huge.bytes[second + 3] = 0x7f;
  EXPECT_EQ(complaint(huge).substr(0, at.size()), at);
  Stream parts = stream;
  parts.bytes[second + offsetof(capture_record, parts)] = 9;
  EXPECT_EQ(complaint(parts), "c: byte " + std::to_string(stream.bytes.size()) +
                                  ": expected part, the record ends before its parts do\n");
  Stream long_part = stream;
  long_part.bytes[second + sizeof(capture_record) + offsetof(capture_part, bytes)] = 9;
  EXPECT_NE(complaint(long_part).find("the record ends before its parts do"), std::string::npos);
  Stream magic;
  magic.bytes[0] = 'X';
  EXPECT_EQ(complaint(magic), "c: byte 0: expected capture stream, the magic is missing\n");
  Stream version;
  version.bytes[8] = 9;
  EXPECT_EQ(complaint(version), "c: byte 0: expected capture version 1, found version 9\n");
  Stream header;
  header.bytes.resize(40);
  EXPECT_EQ(complaint(header), "c: byte 0: expected capture header, the stream ends within it\n");
}

TEST(Capture, reads_on_from_what_was_peeked) {
  Stream stream = test::with_vm();
  const int descriptor = stream.file();
  char begun[100];
  ASSERT_EQ(read(descriptor, begun, sizeof begun), 100);
  EXPECT_TRUE(CaptureReader::recognises({begun, sizeof begun}));
  CaptureReader reader;
  Diagnostic why;
  ASSERT_TRUE(reader.attach(descriptor, true, {begun, sizeof begun}, why));
  EXPECT_EQ(reader.release(), "6.1.0-test");
  Call call;
  int calls = 0;
  while (reader.next(call, why) == CaptureReader::Answer::call) ++calls;
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace assay::traces

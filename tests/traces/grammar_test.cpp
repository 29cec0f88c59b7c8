#include "traces/text/grammar.hpp"

#include "tests/traces/trace_text.hpp"
#include "traces/text/line_source.hpp"

namespace assay::traces {
namespace {

using test::argument;
using test::complaint;
using test::member;
using test::read;
using test::round_trip;

TEST(Grammar, reads_a_call_with_columns_links_and_result) {
  const Call call = read(
      "96    1795211288.962908 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 1) = "
      "5<anon_inode:kvm-vcpu:1>");
  EXPECT_EQ(call.name, "ioctl");
  EXPECT_EQ(call.tid, 96u);
  EXPECT_EQ(call.time_ns, 1795211288962908000u);
  EXPECT_EQ(argument(call, 0).kind, NodeKind::handle);
  EXPECT_EQ(argument(call, 0).value, 4u);
  EXPECT_EQ(argument(call, 0).text, "anon_inode:kvm-vm");
  EXPECT_EQ(argument(call, 1).value, 0xae41u);
  EXPECT_EQ(argument(call, 2).value, 1u);
  EXPECT_EQ(argument(call, 2).column, 70u);
  EXPECT_TRUE(call.has_result);
  EXPECT_EQ(call.result, 5);
  EXPECT_EQ(call.result_link, "anon_inode:kvm-vcpu:1");
}

TEST(Grammar, reads_error_remark_and_duration) {
  const Call call = read("ioctl(7, KVM_RUN, 0) = -1 EINTR (Interrupted system call) <0.000012>");
  EXPECT_EQ(call.result, -1);
  EXPECT_EQ(call.errno_name, "EINTR");
  EXPECT_EQ(call.error, 4);
  EXPECT_EQ(call.remark, "Interrupted system call");
  EXPECT_EQ(call.duration_ns, 12000u);
}

TEST(Grammar, keeps_both_remarks_of_an_injected_error) {
  const Call call = read("close(3) = -1 EIO (Input/output error) (INJECTED)");
  EXPECT_EQ(call.remark, "Input/output error) (INJECTED");
}

TEST(Grammar, knows_an_error_by_number) { EXPECT_EQ(read("close(3) = -1 (errno 530)").error, 530); }

TEST(Grammar, says_when_there_is_no_result) {
  EXPECT_FALSE(read("exit_group(0) = ?").has_result);
  EXPECT_FALSE(read("exit_group(0)").has_result);
  EXPECT_FALSE(read("ioctl(5, KVM_RUN, 0 <unfinished ...>) = ?").has_result);
  const Call restarted = read("poll([], 0, 5) = ? ERESTARTSYS (To be restarted)");
  EXPECT_FALSE(restarted.has_result);
  EXPECT_EQ(restarted.error, 512);
}

TEST(Grammar, reads_every_form_of_the_thread_column) {
  EXPECT_EQ(read("96 close(3) = 0").tid, 96u);
  EXPECT_EQ(read("96    close(3) = 0").tid, 96u);
  EXPECT_EQ(read("[pid    96] close(3) = 0").tid, 96u);
  EXPECT_EQ(read("96<vcpu-0> close(3) = 0").comm, "vcpu-0");
  EXPECT_EQ(read("0<vcpu-0> close(3) = 0").comm, "");  // thread 0 is nobody
  EXPECT_EQ(read("close(3) = 0").tid, 0u);
}

TEST(Grammar, reads_every_form_of_the_time_column) {
  constexpr std::uint64_t second = 1'000'000'000;
  EXPECT_EQ(read("12:01:02 close(3) = 0").time_ns, 43262 * second);
  EXPECT_EQ(read("96 12:01:02.5 close(3) = 0").time_ns, 43262 * second + second / 2);
  EXPECT_EQ(read("1.000000001 close(3) = 0").time_ns, second + 1);
  EXPECT_EQ(read("96 1795211287 close(3) = 0").time_ns, 1795211287 * second);
  EXPECT_EQ(read("     0.000123 close(3) = 0").time_ns, 123000u);
  EXPECT_EQ(read("12:01:02 (+     0.000123) close(3) = 0").time_ns, 43262 * second);
}

TEST(Grammar, reads_the_cpu_column_and_passes_over_other_columns) {
  EXPECT_EQ(read("96 [002] 1.5 close(3) = 0").cpu, 2);
  EXPECT_EQ(read("[  57] close(3) = 0").cpu, -1);
  EXPECT_EQ(read("96 1.5 [  57] [00007f1234567890] close(3) = 0").name, "close");
  EXPECT_EQ(read("96 [57] close(3) = 0").cpu, -1);  // no CPU number has two digits only
  EXPECT_EQ(read("spe_irq: cpu=3 level=1").cpu, 3);
  EXPECT_EQ(read("spe_irq: cpu=4294967296 level=1").cpu, -1);
}

TEST(Grammar, takes_no_column_for_what_does_not_fit_it) {
  EXPECT_EQ(test::complaint("18446744072 close(3) = 0"), "fine");
  EXPECT_NE(test::complaint("99999999999 close(3) = 0"), "fine");
  EXPECT_EQ(test::complaint("sixteen-bytes-xx-12 [000] .... 1.5: kvm_entry: PC: 0x10"), "fine");
  EXPECT_NE(test::complaint("seventeen-bytes-x-12 [000] .... 1.5: kvm_entry: PC: 0x10"), "fine");
}

TEST(Grammar, reads_numbers) {
  const auto number = [](std::string_view line) { return argument(read(line), 0); };
  EXPECT_EQ(number("f(17)").value, 17u);
  EXPECT_EQ(number("f(0x30)").value, 0x30u);
  EXPECT_EQ(number("f(0644)").value, 0644u);
  EXPECT_EQ(number("f(0808)").value, 808u);
  EXPECT_EQ(number("f(-1)").value, ~std::uint64_t{0});
  EXPECT_EQ(number("f(18446744073709551615)").value, ~std::uint64_t{0});
  EXPECT_EQ(number("f(0xffffffffffffffff)").value, ~std::uint64_t{0});
  EXPECT_FALSE(number("f(18446744073709551616)").has_value);
  EXPECT_FALSE(number("f(0x10000000000000000)").has_value);
  EXPECT_EQ(number("f(0xfedcBA9876543210)").value, 0xfedcba9876543210u);
  EXPECT_TRUE(number("f(0x0000000000000000000000012)").has_value);
  EXPECT_EQ(number("f(0x0000000000000000000000012)").value, 0x12u);
  EXPECT_EQ(number("f(7<pipe:[3]>)").value, 7u);
  EXPECT_FALSE(number("f(1.5)").has_value);
  EXPECT_EQ(number("f(1.5)").text, "1.5");
}

TEST(Grammar, evaluates_flags_of_known_constants) {
  const auto symbol = [](std::string_view line) { return argument(read(line), 0); };
  EXPECT_EQ(symbol("f(KVM_MEM_READONLY|KVM_MEM_LOG_DIRTY_PAGES|0x10)").value, 0x13u);
  EXPECT_EQ(symbol("f(1<<KVM_ARM_VCPU_PSCI_0_2|1<<KVM_ARM_VCPU_PMU_V3)").value, 0xcu);
  EXPECT_EQ(symbol("f(8192*1024)").value, 8388608u);
  EXPECT_EQ(symbol("f(20-3+1)").value, 18u);
  EXPECT_EQ(symbol("f(1<<63)").value, std::uint64_t{1} << 63);
  EXPECT_FALSE(symbol("f(1<<64)").has_value);
  EXPECT_FALSE(symbol("f(KVM_MEM_READONLY|NO_SUCH_FLAG)").has_value);
  EXPECT_EQ(symbol("f(KVM_MEM_READONLY|NO_SUCH_FLAG)").text, "KVM_MEM_READONLY|NO_SUCH_FLAG");
}

TEST(Grammar, keeps_ambiguous_names_and_their_common_number) {
  const Call call = read("ioctl(5, KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG, 0xffff0) = 0");
  EXPECT_EQ(argument(call, 1).text, "KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG");
  EXPECT_EQ(argument(call, 1).value, 0x4010aeabu);
}

TEST(Grammar, marks_what_any_of_its_comments_calls_unreadable) {
  for (const char* line : {"f(0xdead /* unreadable */)", "f(0xdead /* unreadable */ /* again */)",
                           "f(0xdead /* first */ /* unreadable */)"})
    EXPECT_EQ(argument(read(line), 0).marks & mark_unreadable, mark_unreadable) << line;
  EXPECT_EQ(argument(read("f(0xdead /* other */)"), 0).marks & mark_unreadable, 0);
}

TEST(Grammar, calls_an_undecoded_structure_a_pointer) {
  EXPECT_EQ(argument(read("ioctl(5, KVM_ARM_VCPU_INIT, 0xffff0) = 0"), 2).kind, NodeKind::pointer);
  EXPECT_EQ(argument(read("ioctl(5, KVM_ARM_VCPU_INIT, NULL) = 0"), 2).kind, NodeKind::pointer);
  EXPECT_EQ(argument(read("ioctl(3, KVM_CREATE_VM, 0x30) = 4"), 2).kind, NodeKind::number);
  EXPECT_EQ(argument(read("mmap(NULL, 4096, 0, 0, 3, 0) = 0x1000"), 0).kind, NodeKind::symbol);
}

TEST(Grammar, tells_an_unreadable_pointer_from_an_unknown_one) {
  const std::string_view line =
      "ioctl(5, KVM_SET_DEVICE_ATTR, {flags=0, group=0, attr=0, addr=0xdead /* unreadable */}) = "
      "-1 "
      "EFAULT (Bad address)";
  const Node node = member(read(line), 2, "addr");
  EXPECT_EQ(node.kind, NodeKind::pointer);
  EXPECT_EQ(node.marks & mark_unreadable, mark_unreadable);
  EXPECT_EQ(round_trip(line), line);
}

TEST(Grammar, takes_the_cpu_of_kvm_run_from_its_structure) {
  EXPECT_EQ(read("ioctl(7, KVM_RUN, {immediate_exit=1, cpu=2}) = 0").cpu, 2);
  EXPECT_EQ(read("ioctl(7, KVM_RUN, {immediate_exit=1, cpu=2 => 3}) = 0").cpu, 2);
  EXPECT_EQ(read("ioctl(7, KVM_RUN, 0) = 0").cpu, -1);
}

TEST(Grammar, reads_structures_arrays_and_what_is_cut_off) {
  const Call call = read("f({a=1, b=[2, 3, ...], c={d=\"x\\\"y\"...}, ...}, [2 3], ~[RT_1], [])");
  EXPECT_EQ(member(call, 0, "a").value, 1u);
  EXPECT_TRUE(member(call, 0, "b").marks & mark_truncated);
  EXPECT_EQ(member(call, 0, "c.d").text, "x\\\"y");
  EXPECT_TRUE(member(call, 0, "c.d").marks & mark_truncated);
  EXPECT_TRUE(argument(call, 0).marks & mark_truncated);
  EXPECT_TRUE(argument(call, 1).marks & mark_spaced);
  EXPECT_TRUE(argument(call, 2).marks & mark_inverted);
  EXPECT_EQ(argument(call, 3).first_child, -1);
}

// Members that stand plainly one after the other are read on a shorter way.
TEST(Grammar, reads_plain_members_as_it_reads_any) {
  const auto equal = [](std::string_view plain, std::string_view other) {
    EXPECT_TRUE(same(read(plain), read(other))) << plain << "\n" << other;
  };
  equal("f({a=1, b=KVM_RUN, c=0x10, d=-1})", "f({ a=1 , b=KVM_RUN /* x */, c=0x10,d=-1 })");
  equal("f({a=1, b={c=2, d=NO_NAME}, e=5})", "f({a=1 , b={ c=2 ,d=NO_NAME } , e=5 })");
  equal("f({a=1, b=[2, 3], c=4 => 5, ...})", "f({a=1 ,b=[2, 3] ,c=4 => 5 ,...})");
  equal("ioctl(7, KVM_RUN, a=1)", "ioctl( 7 , KVM_RUN , a=1 )");
  EXPECT_TRUE(member(read("f({a=7 /* unreadable */, b=1})"), 0, "a").marks & mark_unreadable);
  EXPECT_EQ(member(read("f({a=1, b=KVM_CAP_ARM_PSCI|1, c=2})"), 0, "b").kind, NodeKind::symbol);
  EXPECT_EQ(member(read("f({a.b=1, [2]=3, c=4})"), 0, "c").value, 4u);
  EXPECT_EQ(complaint("f({a=1, b=2, })"), "1:14: expected member, found '}'");
  EXPECT_EQ(complaint("f({a=1, b=2 c=3})"), "1:13: expected ',' or '}', found 'c'");
  EXPECT_EQ(complaint("f({a=1, b=2"), "1:12: expected ',' or '}', found end of line");
  EXPECT_EQ(complaint("f(KVM_RUN,"), "1:11: expected argument, found end of line");
}

TEST(Grammar, reads_values_that_a_call_changes) {
  const Call call = read("f({fd=-1 => 5}, [28 => 16], {a=1} => {a=2})");
  EXPECT_EQ(member(call, 0, "fd").kind, NodeKind::change);
  EXPECT_EQ(argument(call, 2).kind, NodeKind::change);
  EXPECT_EQ(round_trip("f({fd=-1 => 5}, [28 => 16], {a=1} => {a=2}) = 0"),
            "f({fd=-1 => 5}, [28 => 16], {a=1} => {a=2}) = 0");
}

TEST(Grammar, reads_the_links_of_strace_yy) {
  const auto link = [](std::string_view line) { return argument(read(line), 0); };
  EXPECT_EQ(link("close(3</dev/kvm<char 10:232>>)").text, "/dev/kvm<char 10:232>");
  EXPECT_EQ(link("close(3<TCP:[127.0.0.1:80->127.0.0.1:9]>)").text,
            "TCP:[127.0.0.1:80->127.0.0.1:9]");
  EXPECT_TRUE(link("close(3</tmp/x>(deleted))").marks & mark_deleted);
  EXPECT_EQ(link("openat(AT_FDCWD</>, \"x\", 0)").value, static_cast<std::uint64_t>(-100));
}

TEST(Grammar, reads_events_of_ftrace) {
  const Call call = read(
      "   vcpu-0-1234  (  1200) [002] d..1.  1234.567890: kvm_exit: TRAP: HSR_EC: 0x0024 "
      "(DABT_LOW), "
      "PC: 0xffff800008");
  EXPECT_EQ(call.kind, CallKind::event);
  EXPECT_EQ(call.name, "kvm_exit");
  EXPECT_EQ(call.comm, "vcpu-0");
  EXPECT_EQ(call.tid, 1234u);
  EXPECT_EQ(call.cpu, 2);
  EXPECT_EQ(call.time_ns, 1234567890000u);
  EXPECT_EQ(argument(call, 0).text, "TRAP");
  EXPECT_EQ(argument(call, 1).name, "HSR_EC");
  EXPECT_EQ(argument(call, 1).value, 0x24u);
  EXPECT_EQ(argument(call, 2).text, "DABT_LOW");
  EXPECT_EQ(argument(call, 3).name, "PC");
  EXPECT_EQ(argument(call, 3).value, 0xffff800008u);
}

TEST(Grammar, reads_events_of_trace_cmd_and_perf) {
  const Call report =
      read(" CPU 0/KVM-1234  [002]   1234.5: vgic_update_irq_pending: VCPU: 0, IRQ 27, level: 1");
  EXPECT_EQ(report.comm, "CPU 0/KVM");
  EXPECT_EQ(argument(report, 1).name, "IRQ");
  EXPECT_EQ(argument(report, 1).value, 27u);
  const Call script = read("CPU 0/KVM  1234 [002]  1234.5: kvm:kvm_entry: PC: 0x10");
  EXPECT_EQ(script.comm, "CPU 0/KVM");
  EXPECT_EQ(script.name, "kvm_entry");
}

TEST(Grammar, reads_sched_switch_with_blanks_in_a_task_name) {
  const Call call = read(
      "  <idle>-0     [001] d..2.  99.000001: sched_switch: prev_comm=swapper/1 prev_pid=0 "
      "prev_prio=120 prev_state=R ==> next_comm=CPU 0/KVM next_pid=1234 next_prio=120");
  EXPECT_EQ(argument(call, 1).value, 0u);
  EXPECT_EQ(argument(call, 4).name, "next_comm");
  EXPECT_EQ(argument(call, 4).text, "CPU 0/KVM");
  EXPECT_EQ(argument(call, 5).value, 1234u);
}

TEST(Grammar, reads_our_own_events) {
  const Call call = read("96 5.000001 spu_record: vcpu=0 cpu=3 packets=[1, 2] s={a=1, b=\"x y\"}");
  EXPECT_EQ(call.cpu, 3);
  EXPECT_EQ(call.tid, 96u);
  EXPECT_EQ(member(call, 3, "b").text, "x y");
}

TEST(Grammar, counts_lost_events) {
  const Call call = read("CPU:2 [LOST 55 EVENTS]");
  EXPECT_EQ(call.name, "lost");
  EXPECT_EQ(call.cpu, 2);
  EXPECT_EQ(argument(call, 0).name, "records");
  EXPECT_EQ(argument(call, 0).value, 55u);
}

TEST(Grammar, tells_calls_apart_that_begin_alike) {
  EXPECT_TRUE(same(read("f(1, [2])"), read("f(1, [0x2])")));
  EXPECT_FALSE(same(read("f(1)"), read("f(1, 2)")));
  EXPECT_FALSE(same(read("f(1, 2)"), read("f(1)")));
  EXPECT_FALSE(same(read("f([1])"), read("f([1, 2])")));
  EXPECT_FALSE(same(read("f([1, ...])"), read("f([1])")));
}

TEST(Grammar, knows_no_minute_of_sixty_seconds) {
  EXPECT_EQ(test::complaint("96 12:59:59.5 close(3) = 0"), "fine");
  EXPECT_NE(test::complaint("96 12:01:60.5 close(3) = 0"), "fine");
  EXPECT_NE(test::complaint("96 12:60:01.5 close(3) = 0"), "fine");
}

TEST(Grammar, calls_the_value_of_an_attribute_a_pointer) {
  for (const char* request :
       {"KVM_SET_DEVICE_ATTR", "KVM_GET_DEVICE_ATTR", "KVM_HAS_DEVICE_ATTR"}) {
    const std::string line =
        std::string("ioctl(5, ") + request + ", {flags=0, group=0, attr=0, addr=0xffff0}) = 0";
    EXPECT_EQ(member(read(line), 2, "addr").kind, NodeKind::pointer) << line;
  }
  EXPECT_EQ(member(read("ioctl(5, KVM_CREATE_DEVICE, {type=7, addr=16}) = 0"), 2, "addr").kind,
            NodeKind::number);
}

TEST(Grammar, takes_unbalanced_brackets_in_a_kernel_message_as_words) {
  const Call call = read("  a-1 [000] .... 1.5: bprint: key={unbalanced [x y={a, b");
  std::size_t fields = 0;
  while (call.argument(static_cast<unsigned>(fields)) != nullptr) ++fields;
  EXPECT_EQ(call.nodes.size(), fields) << "what was tried is gone";
  EXPECT_EQ(argument(call, 0).name, "key");
  EXPECT_EQ(argument(call, 0).text, "{unbalanced");
}

TEST(Grammar, reads_signals_and_exits) {
  const Call signal = read("96 --- SIGALRM {si_signo=SIGALRM, si_code=SI_TIMER} ---");
  EXPECT_EQ(signal.kind, CallKind::signal);
  EXPECT_EQ(signal.name, "SIGALRM");
  EXPECT_EQ(member(signal, 0, "si_code").text, "SI_TIMER");
  EXPECT_EQ(read("--- stopped by SIGSTOP ---").body, "by SIGSTOP");
  const Call exit = read("96 +++ exited with 3 +++");
  EXPECT_EQ(exit.kind, CallKind::exit);
  EXPECT_EQ(exit.name, "exited");
  EXPECT_FALSE(read("96 +++ exited with 99999999999999999999 +++").has_result);
  EXPECT_EQ(exit.result, 3);
  EXPECT_EQ(read("+++ killed by SIGSEGV (core dumped) +++").body, "by SIGSEGV (core dumped)");
}

TEST(Grammar, skips_what_is_not_a_call) {
  const auto kind = [](std::string_view line) {
    Call call;
    Diagnostic why;
    return read_line(line, 1, call, why);
  };
  EXPECT_EQ(kind(""), LineKind::blank);
  EXPECT_EQ(kind("  \t "), LineKind::blank);
  EXPECT_EQ(kind("# tracer: nop"), LineKind::comment);
  EXPECT_EQ(kind("strace: Process 97 attached"), LineKind::note);
  EXPECT_EQ(kind("[pid 000] strace: Process 97 attached"), LineKind::note);
  EXPECT_EQ(kind("516 [000] strace: Process 97 attached"), LineKind::note);
  EXPECT_EQ(kind(" > /usr/lib/libc.so.6(ioctl+0x3c) [0xdb2fc]"), LineKind::note);
  EXPECT_EQ(kind("cpus=2"), LineKind::note);
}

// Every spelling of strace that survives unchanged.
TEST(Grammar, prints_what_it_read) {
  for (const std::string_view line : {
           "96 1795211289.766984 ioctl(4<anon_inode:kvm-vm>, KVM_SET_USER_MEMORY_REGION, {slot=0, "
           "flags=KVM_MEM_LOG_DIRTY_PAGES|0x10, guest_phys_addr=0x1000, memory_size=2146304, "
           "userspace_addr=0xffffb94f4000}) = 0",
           "sched_setaffinity(0, 8, [2 3]) = 0",
           "rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], [], 8) = 0",
           "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 97<comm>",
           "fstat(3, {st_mode=S_IFCHR|0600, st_rdev=makedev(0xa, 0xe8), ...}) = 0",
           "write(1<pipe:[123]>, \"ab\\\"c\\n\"..., 5) = 5",
           "connect(3, {sa_family=AF_UNIX, sun_path=@\"x\"}, 16) = 0",
           "ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0xae, 0x2, 0x4), 0x7ffe) = -1 ENOTTY "
           "(Inappropriate ioctl for device)",
           "poll([{fd=3, events=POLLIN}], 1, 1000) = 1 ([{fd=3, revents=POLLIN}])",
           "96<psci_test> [002] 5.000000001 close(3</tmp/x>(deleted)) = 0 <0.000012>",
           "clone(child_stack=0xffff, flags=CLONE_VM|CLONE_FS, parent_tid=[97], tls=0x1) = 97",
           "96 +++ killed by SIGSEGV (core dumped) +++",
           "96 --- SIGALRM {si_signo=SIGALRM, si_code=SI_TIMER} ---",
           "96 ioctl(5, KVM_RUN, 0 <unfinished ...>",
           "96 <... ioctl resumed>) = 0",
           "vcpu-0-12 [002] 1.500000: kvm_entry: PC: 0x10",
       }) {
    EXPECT_EQ(round_trip(line), line);
  }
}

// What fuzzing found.
TEST(Grammar, survives_what_fuzzing_found) {
  EXPECT_NE(test::complaint("close(3) = 0\x80\x99"), "fine");  // x3::blank asserts on it
  EXPECT_NE(test::complaint("f([1, 2 3])"), "fine");           // printed as "1 2 3"
  EXPECT_NE(test::complaint("close(3) = 0 (>"), "fine");       // read one byte too far
  round_trip("f([or, x or 0]) = 0");
  round_trip("f([..., 1]) = 0");
  round_trip("f([2 ]) = 0");
  round_trip("f([x, ... 0]) = 0");
  round_trip("f([2 3 ...]) = 0");
  round_trip("f([P or  0]) = 0");
  round_trip("f([1 -2]) = 0");
  round_trip("15697816940.825280512 f(1) = 0");
  round_trip("  a-1 [000] .... 1.5: sched_switch: prev_comm=a b   ");
  round_trip("96 [001] 5.0 lost: cpu=x y=2");
  round_trip("f({cpu=3}) = 0");
  EXPECT_EQ(read("lost: x-12 [001] .... 1.5: e: a=1").comm, "lost: x");
}

TEST(Grammar, reads_the_corpus_without_a_complaint_and_prints_it_back) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(test::source_root() / "traces" / "corpus")) {
    if (entry.path().extension() != ".strace") continue;
    ++files;
    LineSource source;
    Diagnostic why;
    ASSERT_TRUE(source.open(entry.path().string(), why)) << why.message;
    std::uint64_t calls = 0;
    for (SourceLine line; source.next(line); ++calls) round_trip(line.text);
    EXPECT_GT(calls, 100u) << entry.path();
  }
  EXPECT_GE(files, 2u);
}

}  // namespace
}  // namespace assay::traces

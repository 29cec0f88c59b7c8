// The acceptance of systems: the toy system is checked, fuzzed, minimised, proved and searched by
// the tools that know of no system, and its rules are called on two kinds of handle of its own.
#include "checker/prove/find.hpp"
#include "checker/prove/prove.hpp"
#include "checker/prove/replay.hpp"
#include "gen/minimise.hpp"
#include "spec/system.hpp"
#include "tests/checker/checked.hpp"
#include "tests/gen/judged.hpp"
#include "tests/toy/toy_system.hpp"
#include "traces/binary.hpp"

namespace assay {
namespace {

const Profile& toy(std::string_view name = "toy-1") { return *find_profile(name); }
const System& system() { return system_of(toy()); }

constexpr const char* begin =
    "# assay-trace 1\n"
    "# profile toy-1\n"
    "# host *=0 gates_max=2 has_alarm=1\n"
    "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
    "7 ioctl(3</dev/kvm>, TOY_MAKE_HALL, 0) = 4<anon_inode:kvm-vm>\n";
constexpr const char* begin_on_some_host =
    "# assay-trace 1\n"
    "# profile toy-1\n"
    "7 openat(AT_FDCWD, \"/dev/kvm\", O_RDWR|O_CLOEXEC) = 3</dev/kvm>\n"
    "7 ioctl(3</dev/kvm>, TOY_MAKE_HALL, 0) = 4<anon_inode:kvm-vm>\n";
// Two gates with a bell between them: their numbers are 0 and 1, and the bell's is 0.
constexpr const char* two_gates_and_a_bell =
    "7 ioctl(4<anon_inode:kvm-vm>, TOY_ADD_GATE, 11) = 5<anon_inode:toy-gate:11>\n"
    "7 ioctl(4<anon_inode:kvm-vm>, TOY_ADD_BELL, 12) = 6<anon_inode:toy-bell:12>\n"
    "7 ioctl(4<anon_inode:kvm-vm>, TOY_ADD_GATE, 13) = 8<anon_inode:toy-gate:13>\n";

std::string violated(const checker::Report& r) {
  if (r.findings.empty()) return std::string(checker::name_of(r.verdict)) + " " + r.reason;
  return r.findings.front().check;
}

TEST(Systems, AreFoundByProfileMachineAndOrder) {
  EXPECT_EQ(system().name(), "toy");
  EXPECT_EQ(system_of_machine("toy"), &system());
  EXPECT_EQ(default_system().name(), "arm64-kvm");
  EXPECT_EQ(all_systems().size(), 5u);  // with those of KVM
  EXPECT_EQ(system_of_machine("vax"), nullptr);
  EXPECT_NE(default_system().rule_named("create_vm"), Event::no_rule);
  EXPECT_EQ(system().rule_named("create_vm"), Event::no_rule);
  EXPECT_EQ(system().creating_rule(), system().rule_named("make_hall"));
}

TEST(Systems, HostsAndStatesAreValues) {
  SystemHost host = system().info().usual_host();
  const SystemHost same = host;
  EXPECT_TRUE(same_values(host, same));
  EXPECT_TRUE(host.set("gates_max", 7));
  EXPECT_FALSE(host.set("vcpus_max", 7));
  EXPECT_FALSE(same_values(host, same));
  EXPECT_NE(hash_values(host), hash_values(same));
  SystemState<Recorded> state = system().in<Recorded>().on_host(host);
  EXPECT_EQ(raw(state.as<Hall<Recorded>>().host.gates_max), 7u);
  SystemState<Recorded> other = state;
  EXPECT_TRUE(other.set("gate[40].open", 1));
  EXPECT_FALSE(same_values(state, other));
  state = other;
  EXPECT_TRUE(same_values(state, other));
  EXPECT_TRUE(SystemHost{}.is_blank());
  EXPECT_FALSE(same_values(SystemHost{}, host));
}

TEST(ToyChecker, FollowsEachCountedKindByItself) {
  const std::string opened = std::string(begin) + two_gates_and_a_bell +
                             "7 ioctl(8<anon_inode:toy-gate:13>, TOY_OPEN, 0) = 0\n"
                             "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n"
                             "7 ioctl(5<anon_inode:toy-gate:11>, TOY_OPEN, 0) = 0\n";
  const checker::Report good = checker::check_text(opened);
  EXPECT_EQ(good.verdict, checker::Verdict::conforms) << violated(good);
  EXPECT_EQ(good.checked, 7u);
  EXPECT_EQ(good.profile, "toy-1");
  EXPECT_EQ(violated(checker::check_text(opened +
                                         "7 ioctl(8<anon_inode:toy-gate:13>, TOY_OPEN, 0) = 0\n")),
            "open_gate.is_open");
  EXPECT_EQ(violated(checker::check_text(opened +
                                         "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n")),
            "ring_bell.is_rung");
  EXPECT_EQ(violated(checker::check_text(opened +
                                         "7 ioctl(4<anon_inode:kvm-vm>, TOY_ADD_GATE, 9) = 9\n")),
            "add_gate.too_many");
}

TEST(ToyChecker, SaysWhichLineWroteWhatDecided) {
  const checker::Report r =
      checker::check_text(std::string(begin) + two_gates_and_a_bell +
                          "7 ioctl(8<anon_inode:toy-gate:13>, TOY_OPEN, 0) = 0\n"
                          "7 ioctl(8<anon_inode:toy-gate:13>, TOY_OPEN, 0) = 0\n");
  ASSERT_EQ(r.findings.size(), 1u);
  ASSERT_FALSE(r.findings[0].reasons.empty());
  ASSERT_FALSE(r.findings[0].reasons[0].because.empty());
  EXPECT_EQ(r.findings[0].reasons[0].because[0].place, "gate[1].open");
  EXPECT_EQ(r.findings[0].reasons[0].because[0].line, 9u);
}

TEST(ToyChecker, JudgesOnAHostThatNobodyDescribes) {
  const std::string opened = std::string(begin_on_some_host) + two_gates_and_a_bell;
  // A host has an alarm or none, and keeps to it.
  const std::string alarm = "7 ioctl(4<anon_inode:kvm-vm>, TOY_ALARM, 0) = 0\n";
  const std::string no_alarm = "7 ioctl(4<anon_inode:kvm-vm>, TOY_ALARM, 0) = -1 ENODEV (No)\n";
  for (const std::string& one : {alarm, no_alarm})
    EXPECT_EQ(checker::check_text(opened + one).verdict, checker::Verdict::conforms);
  EXPECT_EQ(violated(checker::check_text(opened + alarm + no_alarm)), "alarm.success");
  // There is room for two, so another is refused for its number only.
  EXPECT_EQ(violated(checker::check_text(opened +
                                         "7 ioctl(4<anon_inode:kvm-vm>, TOY_ADD_GATE, 13) = 9\n")),
            "add_gate.id_is_used");
  // How many went through is hidden, and the bell is a bell all the same.
  EXPECT_EQ(violated(checker::check_text(opened +
                                         "7 ioctl(8<anon_inode:toy-gate:13>, TOY_OPEN, 0) = 0\n"
                                         "7 ioctl(8<anon_inode:toy-gate:13>, TOY_PASS, ?) = 0\n"
                                         "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n"
                                         "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n")),
            "ring_bell.is_rung");
}

// A binary trace names its rules, which are those of the system that its header names.
TEST(ToyChecker, ReadsItsBinaryTwin) {
  const checker::TemporaryFile text(std::string(begin) + two_gates_and_a_bell +
                                    "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n"
                                    "7 ioctl(6<anon_inode:toy-bell:12>, TOY_RING, 0) = 0\n");
  const checker::TemporaryFile binary("");
  std::optional<traces::BinaryWriter> writer;
  traces::Diagnostic why;
  traces::TraceSink sink;
  sink.header = [&](const traces::TraceHeader& header) {
    writer.emplace(traces::Binder::of(traces::system_of(header)), header);
    ASSERT_TRUE(writer->open(binary.path(), why)) << why.message;
  };
  sink.event = [&](const traces::TraceEvent& e, std::string_view) {
    writer->event(e);
    return true;
  };
  traces::ReadFailure failure;
  ASSERT_EQ(read_trace(text.path(), traces::Format::automatic, traces::Binder::of(default_system()),
                       sink, failure),
            traces::ReadResult::complete);
  ASSERT_TRUE(writer->close(why)) << why.message;
  EXPECT_EQ(violated(checker::check_file(binary.path(), {})), "ring_bell.is_rung");
}

TEST(ToyChecker, ReadsAHostOfItsOwnSystemOnly) {
  traces::TraceHeader header;
  traces::Diagnostic why;
  ASSERT_TRUE(read_header_line("# assay-trace 1", 1, header, why));
  ASSERT_TRUE(read_header_line("# profile toy-1", 2, header, why));
  EXPECT_TRUE(read_header_line("# host gates_max=2", 3, header, why));
  EXPECT_FALSE(read_header_line("# host vcpus_max=2", 4, header, why));
  EXPECT_FALSE(read_header_line("# host gates_max=0", 4, header, why));
  traces::TraceHeader late;
  ASSERT_TRUE(read_header_line("# assay-trace 1", 1, late, why));
  ASSERT_TRUE(read_header_line("# host vcpus_max=2", 2, late, why));
  EXPECT_FALSE(read_header_line("# profile toy-1", 3, late, why));
  EXPECT_NE(why.message.find("toy-1 is a profile of toy"), std::string::npos) << why.message;
}

// --- generator, targets, minimiser
// ----------------------------------------------------------------

gen::CampaignOptions toy_campaign(u64 cases, const Mutation* mutation) {
  gen::CampaignOptions o = gen::model_campaign("toy-1", cases, mutation);
  o.host = traces::default_host(system());
  return o;
}

Mutation drop(const char* rule, const char* check) {
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.rule = system().rule_named(rule);
  m.first = Why::hash_of(check);
  return m;
}

TEST(ToyFuzzing, FindsNothingInTheModelAndExercisesEveryCheck) {
  const gen::CampaignSummary s = gen::run_campaign(toy_campaign(400, nullptr));
  EXPECT_TRUE(s.error.empty()) << s.error;
  EXPECT_TRUE(s.findings.empty());
  EXPECT_GT(s.executed, 2000u);
  unsigned checks = 0;
  for (const CatalogEntry& e : system_catalog(toy())) {
    // The usual host has an alarm.
    if (e.kind != VerbKind::reject || e.id == "no_alarm") continue;
    ++checks;
    const Coverage::Counter* seen = s.coverage.find(system().rule_named(e.rule), e.hash);
    ASSERT_NE(seen, nullptr) << e.rule << "." << e.id;
    EXPECT_GT(seen->held, 0u) << e.rule << "." << e.id;
    EXPECT_GT(seen->not_held, 0u) << e.rule << "." << e.id;
  }
  EXPECT_EQ(checks, 9u);
}

TEST(ToyFuzzing, FindsASeededDefectAndShrinksIt) {
  const Mutation m = drop("ring_bell", "is_rung");
  const gen::CampaignSummary s = gen::run_campaign(toy_campaign(400, &m));
  ASSERT_EQ(s.findings.size(), 1u);
  EXPECT_EQ(s.findings[0].violation.key, "ring_bell.is_rung");
  gen::MinimiseOptions o;
  o.oracle = gen::model_oracle(m, "ring_bell.is_rung");
  const gen::MinimiseResult r = gen::minimise(s.findings[0].program, o);
  ASSERT_EQ(r.program.operations.size(), 4u);  // a hall, a bell, and rung twice
  // Its text is read as the same program.
  const std::string text = gen::text_of(r.program);
  const gen::ProgramText back = gen::read_program(text);
  EXPECT_TRUE(back.error.empty()) << back.error;
  EXPECT_EQ(back.left_out, 0u) << text;
  EXPECT_EQ(gen::hash_of(back.program), gen::hash_of(r.program)) << text;
  EXPECT_TRUE(same_values(back.program.host, r.program.host));
}

// --- prover
// -----------------------------------------------------------------------------------------

prove::Options small() {
  prove::Options o;
  o.profile = &toy();
  o.shape.size = {2, 1};
  o.depth = 4;
  return o;
}

TEST(ToyProver, ProvesEveryClaim) {
  const prove::Report report = prove::prove(small());
  ASSERT_TRUE(report.refusal.empty()) << report.refusal;
  ASSERT_EQ(report.results.size(), 5u);
  for (const prove::Result& r : report.results)
    EXPECT_EQ(r.verdict, prove::Verdict::proved) << r.name << ": " << r.reason;
  EXPECT_NE(report.assumptions.find("at most 2 gates and 1 bells"), std::string::npos)
      << report.assumptions;
}

TEST(ToyProver, RefutesAClaimWithoutTheCheckThatCarriesIt) {
  const Mutation m = drop("alarm", "no_alarm");
  prove::Options o = small();
  o.mutation = &m;
  o.names = {"alarms_need_one"};
  const prove::Report report = prove::prove(o);
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].verdict, prove::Verdict::violated) << report.results[0].reason;
  ASSERT_EQ(report.results[0].counterexample.events.size(), 2u);
  EXPECT_EQ(system().rules()[report.results[0].counterexample.events[1].rule].name,
            std::string_view("alarm"));
}

TEST(ToyProver, FindsAHistoryThatReachesAState) {
  const prove::Options o = small();
  const auto wanted = prove::read_predicate("any(gate, g: g.open && g.passed == 5) && bell[0].rung",
                                            *prove::state_names(o));
  ASSERT_EQ(wanted.index(), 0u);
  prove::Options deep = o;
  deep.depth = 6;
  const prove::SearchResult r = prove::find(deep, std::get<prove::Predicate>(wanted));
  ASSERT_EQ(r.kind, prove::SearchResult::Kind::found) << r.reason;
  EXPECT_EQ(r.history.events.size(), 6u);  // a hall, a gate, a bell; open, pass, ring
  const auto end = prove::replay(r.history, toy(), nullptr);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(raw(end->as<Hall<Concrete>>().bell[0].rung));
}

}  // namespace
}  // namespace assay

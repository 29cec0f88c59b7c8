// The comment lines at the beginning of a trace that say what it is of.
#include "traces/header.hpp"
#include "spec/x86_kvm.hpp"
#include "tests/arm64.hpp"

#include <gtest/gtest.h>

namespace assay::traces {
namespace {

// "ok", or "column: what was expected".
std::string taken(std::string_view line, TraceHeader& header) {
  Diagnostic why;
  if (read_header_line(line, 3, header, why)) return "ok";
  EXPECT_EQ(why.line, 3u);
  return std::to_string(why.column) + ": " + std::string(why.expected);
}
std::string taken(std::string_view line) {
  TraceHeader header;
  header.version = 1;
  return taken(line, header);
}

TEST(Header, IsReadAndWrittenBackAsItWas) {
  TraceHeader header;
  const std::vector<std::string> lines{"# assay-trace 1",       "# profile linux-6.12",
                                       "#  kernel   6.12.5",    "# host pmu_v3=1 vcpus_max=0x200",
                                       "# expect violates a.b", "# what it is of"};
  for (const std::string& line : lines) ASSERT_EQ(taken(line, header), "ok") << line;
  EXPECT_EQ(header.version, 1u);
  EXPECT_EQ(header.profile, "linux-6.12");
  EXPECT_EQ(header.kernel, "6.12.5");
  EXPECT_EQ(header.expect, "violates a.b");
  EXPECT_TRUE(header.host_known);
  EXPECT_EQ(raw(host_of(header.host).vcpus_max), 512u);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  EXPECT_EQ(write_header(header), text);
  header.lines.clear();
  EXPECT_EQ(write_header(header),
            "# assay-trace 1\n# profile linux-6.12\n# kernel 6.12.5\n"
            "# host pmu_v3=1 vcpus_max=512\n# expect violates a.b\n");
}

TEST(Header, NamesTheWordThatIsWrong) {
  EXPECT_EQ(taken("# assay-trace 2"), "15: version 1");
  EXPECT_EQ(taken("# assay-trace"), "14: version 1");
  EXPECT_EQ(taken("# host vcpus_max=1 no_such=1"), "20: key=number of the host record");
  for (const char* value : {"", "x", "1x", "0x", "-1", "99999999999999999999"})
    EXPECT_EQ(taken(std::string("# host vcpus_max=") + value), "8: key=number of the host record")
        << value;
}

// Each line after a first one that says otherwise.
TEST(Header, ContradictionsAreRefused) {
  TraceHeader header;
  header.version = 1;
  EXPECT_EQ(taken("# profile linux-6.1", header), "ok");
  EXPECT_EQ(taken("# profile linux-6.1", header), "ok");
  EXPECT_EQ(taken("# profile linux-6.12", header), "11: one value");
  EXPECT_EQ(taken("# kernel 6.1.0", header), "ok");
  EXPECT_EQ(taken("# kernel 6.1.1", header), "10: one value");
  EXPECT_EQ(taken("# expect conforms", header), "ok");
  EXPECT_EQ(taken("# expect violates a.b", header), "10: one value");
  EXPECT_EQ(taken("# host vcpus_max=4 slots_max=5", header), "ok");
  EXPECT_EQ(taken("# host vcpus_max=0x4 pmu_v3=0", header), "ok");
  EXPECT_EQ(taken("# host pmu_v3=1", header), "8: one value");
  EXPECT_EQ(taken("# host slots_max=6", header), "8: one value");
  EXPECT_EQ(taken("# host vcpus_max=0"), "8: a number from 1");
}

TEST(Header, TellsTheMachine) {
  TraceHeader header;
  header.version = 1;
  EXPECT_EQ(taken("# host machine=x86_64", header), "ok");
  EXPECT_EQ(header.machine, "x86_64");
  EXPECT_FALSE(header.host_known);
  EXPECT_EQ(system_of_machine(header.machine), &x86_kvm());
  EXPECT_EQ(system_of_machine("s390x"), nullptr);
  EXPECT_EQ(taken("# host machine=aarch64", header), "16: one value");
  header.lines.clear();
  EXPECT_EQ(write_header(header), "# assay-trace 1\n# host machine=x86_64\n");
  EXPECT_EQ(system_of_machine("aarch64"), &arm64_kvm());
  EXPECT_EQ(system_of_machine(""), &arm64_kvm());
}

TEST(Header, KernelsWithoutAProfileAreSaid) {
  ASSERT_NE(profile_of_kernel("6.12.107-arm64"), nullptr);
  EXPECT_EQ(profile_of_kernel("6.12.107-arm64")->name, "linux-6.12");
  for (const char* release : {"6.18", "6.13.0", "6.10", "4.19.0", "8.0", "", "x", "6", "6."})
    EXPECT_EQ(profile_of_kernel(release), nullptr) << release;
  EXPECT_EQ(no_profile_text("6.13.0-rc1"),
            "no profile for 6.13.0-rc1; nearest linux-6.12: --profile linux-6.12");
  EXPECT_EQ(no_profile_text("6.1.0-51-arm64"), "");
  EXPECT_EQ(no_profile_text("not a release"), "");
}

TEST(Header, WithoutItsFirstLineCommentsSayNothing) {
  TraceHeader header;
  EXPECT_EQ(taken("# profile no-such", header), "ok");
  EXPECT_EQ(taken("# host vcpus_max=1", header), "ok");
  EXPECT_FALSE(header.host_known);
}

TEST(Header, HostsSurviveTheirText) {
  const SystemHost host = default_host();
  TraceHeader back;
  EXPECT_EQ(taken("# assay-trace 1", back), "ok");
  EXPECT_EQ(taken("# host " + host_text(host), back), "ok");
  EXPECT_TRUE(tells_whole_host(back));
  EXPECT_TRUE(same_values(back.host, host));
}

TEST(Header, WhatAHostLineDoesNotNameIsUnknown) {
  auto told = [](const char* words) {
    TraceHeader header;
    EXPECT_EQ(taken("# assay-trace 1", header), "ok");
    EXPECT_EQ(taken(std::string("# host ") + words, header), "ok") << words;
    return header;
  };
  EXPECT_FALSE(tells_whole_host(told("vcpus_max=4 sve=0")));
  EXPECT_EQ(host_part(told("vcpus_max=4 sve=0")), (HostPart{{"sve", 0}, {"vcpus_max", 4}}));
  EXPECT_TRUE(tells_whole_host(told("*=0 vcpus_max=4")));
  const TraceHeader but_one = told("*=0 vcpus_max=4 sve=?");
  EXPECT_FALSE(tells_whole_host(but_one));
  bool names_sve = false, names_mte = false;
  for (const auto& [path, value] : host_part(but_one)) {
    names_sve = names_sve || path == "sve";
    names_mte = names_mte || path == "mte";
  }
  EXPECT_FALSE(names_sve);
  EXPECT_TRUE(names_mte);
  // And it is written as it was read.
  TraceHeader copy;
  set_host(copy, but_one);
  EXPECT_EQ(host_text(copy), "*=0 vcpus_max=4 sve=?");
}

}  // namespace
}  // namespace assay::traces

// The comment lines at the beginning of a trace that say what it is of.
#include "traces/header.hpp"

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
  EXPECT_EQ(raw(header.host.vcpus_max), 512u);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  EXPECT_EQ(write_header(header), text);
  header.lines.clear();
  EXPECT_EQ(write_header(header),
            "# assay-trace 1\n# profile linux-6.12\n# kernel 6.12.5\n"
            "# host vcpus_max=512 pmu_v3=1\n# expect violates a.b\n");
}

TEST(Header, NamesTheWordThatIsWrong) {
  EXPECT_EQ(taken("# assay-trace 2"), "15: version 1");
  EXPECT_EQ(taken("# assay-trace"), "14: version 1");
  EXPECT_EQ(taken("# host vcpus_max=1 no_such=1"), "20: key=number of the host record");
  for (const char* value : {"", "x", "1x", "0x", "-1", "99999999999999999999"})
    EXPECT_EQ(taken(std::string("# host vcpus_max=") + value), "8: key=number of the host record")
        << value;
}

TEST(Header, WithoutItsFirstLineCommentsSayNothing) {
  TraceHeader header;
  EXPECT_EQ(taken("# profile no-such", header), "ok");
  EXPECT_EQ(taken("# host vcpus_max=1", header), "ok");
  EXPECT_FALSE(header.host_known);
}

TEST(Header, HostsSurviveTheirText) {
  const Host<Concrete> host = default_host();
  Host<Concrete> back;
  EXPECT_EQ(read_host(host_text(host), back), "");
  EXPECT_TRUE(same_values(back, host));
}

}  // namespace
}  // namespace assay::traces

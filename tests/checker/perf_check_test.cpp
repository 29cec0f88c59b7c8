// perf.data files with Arm SPE records through the checker.
#include "checker/perf_check.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/traces/spe/perf_file_bytes.hpp"

namespace assay::checker {
namespace {

namespace spe = traces::spe;
using spe::test::append;
using spe::test::Bytes;

Bytes records(unsigned count) {
  Bytes out;
  for (; count > 0; --count) {
    append(out, spe::test::short_record());
    out.resize((out.size() + 15) / 16 * 16, 0);
  }
  return out;
}

Report judged(const Bytes& file, PerfJudgement expected = PerfJudgement::judged) {
  const std::string path = testing::TempDir() + "/assay_perf_check.data";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  EXPECT_TRUE(is_perf_file(path));
  Report report;
  traces::Diagnostic why;
  EXPECT_EQ(check_perf_file(path, report, why), expected) << why.message;
  std::remove(path.c_str());
  return report;
}

Bytes file_with(const Bytes& data, std::uint64_t flags) {
  using namespace spe::test;
  return file_of({auxtrace_info(), aux(0, data.size(), flags), auxtrace(0, data)});
}

TEST(PerfCheck, WholeRecordsConform) {
  const Report r = judged(file_with(records(5), 0));
  EXPECT_EQ(r.verdict, Verdict::conforms);
  EXPECT_EQ(r.events, 5u);
  EXPECT_EQ(r.checked, 5u);
}

TEST(PerfCheck, ATornRecordWithoutAFlagViolates) {
  Bytes torn = records(5);
  torn.resize(torn.size() - 14);
  const Report r = judged(file_with(torn, 0));
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].check, "spe_records.unmarked_tail");
  EXPECT_EQ(judged(file_with(torn, spe::aux_truncated | spe::aux_partial)).verdict,
            Verdict::conforms);
}

TEST(PerfCheck, AFileWithoutSpeIsInconclusive) {
  const Report r = judged(spe::test::file_of({}));
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_FALSE(r.reason.empty());
}

TEST(PerfCheck, ACutFileIsMalformed) {
  Bytes file = file_with(records(5), 0);
  file.resize(file.size() - 20);
  const Report r = judged(file, PerfJudgement::malformed);
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_EQ(r.reason, "the file was not read beyond byte 360");
}

TEST(PerfCheck, ATraceIsNoPerfFile) {
  EXPECT_FALSE(is_perf_file("/nonexistent"));
  EXPECT_FALSE(is_perf_file("/dev/null"));
}

}  // namespace
}  // namespace assay::checker

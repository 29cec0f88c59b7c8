// What the specification cites can be followed: every id of a source or a comment has its line in
// spec/REFERENCES.md, and every line there is cited. And the text of the specification is found.
#include "spec/references.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "checker/named_parts.hpp"
#include "spec/system.hpp"
#include "spec/text.hpp"

namespace assay {
namespace {

using Ids = std::vector<std::string>;

// Who cites an id: the parts of the specification by their sources.
const std::map<std::string, std::vector<std::string>>& cited_by_parts() {
  static const std::map<std::string, std::vector<std::string>> all = [] {
    std::map<std::string, std::vector<std::string>> out;
    for (const checker::NamedPart& part : checker::named_parts()) {
      for (const std::string& id : ids_of_source(part.source)) out[id].push_back(part.name);
    }
    return out;
  }();
  return all;
}

// Comments of the traces that come with the specification.
const std::vector<std::string>& trace_comments() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    const std::filesystem::path corpus = std::string(SOURCE_ROOT) + "/traces/corpus";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
      const bool is_trace = entry.path().extension() == ".trace";
      if (!is_trace && entry.path().extension() != ".md") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        if (!is_trace || line.starts_with("# ")) out.push_back(line);
    }
    return out;
  }();
  return all;
}

std::set<std::string> cited_in_words() {
  std::set<std::string> out;
  for (const Mention& m : remarks())
    for (std::string& id : cited_ids(m.line.text)) out.insert(std::move(id));
  for (const std::string& line : trace_comments())
    for (std::string& id : cited_ids(line)) out.insert(std::move(id));
  return out;
}

TEST(References, EveryKindOfPartIsThere) {
  std::map<checker::PartKind, std::size_t> parts;
  for (const checker::NamedPart& part : checker::named_parts()) ++parts[part.kind];
  EXPECT_EQ(parts.size(), 9u);
  for (const auto& [kind, count] : parts) EXPECT_GT(count, 2u) << checker::name_of(kind);
  EXPECT_GT(parts[checker::PartKind::check], 300u);
  EXPECT_GT(references().size(), 300u);
  EXPECT_GT(remarks().size(), 500u);
  EXPECT_GT(trace_comments().size(), 500u);
}

TEST(References, EveryPartHasASource) {
  for (const checker::NamedPart& part : checker::named_parts())
    EXPECT_FALSE(part.source.empty()) << part.name;
}

TEST(References, EverySourceCanBeFollowed) {
  ASSERT_GT(cited_by_parts().size(), 200u);
  for (const auto& [id, parts] : cited_by_parts()) {
    EXPECT_NE(reference_to(id), nullptr) << id << ", cited by " << parts.front();
  }
}

TEST(References, EveryIdInACommentCanBeFollowed) {
  const std::set<std::string> cited = cited_in_words();
  ASSERT_GT(cited.size(), 100u);
  for (const std::string& id : cited) { EXPECT_NE(reference_to(id), nullptr) << id; }
}

TEST(References, EveryLineIsCited) {
  const std::set<std::string> in_words = cited_in_words();
  for (const Reference& r : references()) {
    const std::string id(r.id);
    EXPECT_TRUE(cited_by_parts().contains(id) || in_words.contains(id))
        << id << ": nobody cites it";
  }
}

TEST(References, NamesOfPlacesAreNotInSources) {
  for (const checker::NamedPart& part : checker::named_parts()) {
    EXPECT_EQ(part.source.find("facts"), std::string::npos) << part.name << ": " << part.source;
  }
}

// "v4-9" before "v4-10", "D17.8.3" behind "D17.8".
std::vector<std::pair<unsigned long, std::string>> order_of(std::string_view id) {
  std::vector<std::pair<unsigned long, std::string>> key;
  for (std::size_t at = 0; at < id.size();) {
    const bool number = std::isdigit(static_cast<unsigned char>(id[at])) != 0;
    std::size_t end = at;
    while (end < id.size() && (std::isdigit(static_cast<unsigned char>(id[end])) != 0) == number)
      ++end;
    const std::string part(id.substr(at, end - at));
    key.emplace_back(number ? std::stoul(part) : ~0ul, number ? "" : part);
    at = end;
  }
  return key;
}

TEST(References, LinesAreInOrderAndNoneIsThereTwice) {
  std::set<std::string_view> seen;
  std::string_view before;
  unsigned tables = 0, rows = 0;
  for (const TextFile& file : specification_text()) {
    if (file.path != "spec/REFERENCES.md") continue;
    for (const std::string_view line : file.lines) {
      if (line.starts_with("## ")) before = {}, ++tables;
      if (!line.starts_with("| ") || line.starts_with("| id |")) continue;
      ++rows;
      const std::string_view id = line.substr(2, line.find(" |") - 2);
      if (!before.empty()) {
        EXPECT_LT(order_of(before), order_of(id)) << before << " before " << id;
      }
      EXPECT_TRUE(seen.insert(id).second) << id;
      before = id;
    }
  }
  EXPECT_GT(tables, 5u);
  EXPECT_EQ(rows, references().size());
}

TEST(References, EveryLineSaysSomethingAndWhere) {
  for (const Reference& r : references()) {
    EXPECT_GT(r.says.size(), 8u) << r.id;
    EXPECT_TRUE(r.says.ends_with(".")) << r.id;
    EXPECT_FALSE(r.from.empty()) << r.id;
  }
}

TEST(CitedIds, AreFoundByTheirForm) {
  EXPECT_EQ(cited_ids("api.rst 4.10: ENOEXEC; arm.c:kvm_vm_ioctl, kvm_vcpu_ioctl"),
            (Ids{"api.rst 4.10", "arm.c:kvm_vm_ioctl", "arm.c:kvm_vcpu_ioctl"}));
  EXPECT_EQ(cited_ids("api.rst 4.68, 4.69; vcpu.rst 1.1-1.3: EBUSY"),
            (Ids{"api.rst 4.68", "api.rst 4.69", "vcpu.rst 1.1", "vcpu.rst 1.2", "vcpu.rst 1.3"}));
  EXPECT_EQ(cited_ids("arm-vgic-v3.rst ADDR: EINVAL, 64K alignment; arm-vgic-v3.rst"),
            (Ids{"arm-vgic-v3.rst ADDR", "arm-vgic-v3.rst"}));
  EXPECT_EQ(cited_ids("E02; v4-09 to v4-11"), (Ids{"E02", "v4-09", "v4-10", "v4-11"}));
  EXPECT_EQ(cited_ids("SPE-4.9 to SPE-4.11, (D17.8.3)."),
            (Ids{"SPE-4.9", "SPE-4.10", "SPE-4.11", "D17.8.3"}));
  EXPECT_EQ(cited_ids("D24.7 PMBSR_EL1.EC, MSS; RTSJRP; ASL SPEWriteToBuffer"),
            (Ids{"D24.7", "PMBSR_EL1", "RTSJRP", "SPEWriteToBuffer"}));
  EXPECT_EQ(cited_ids("cpu_hotplug.rst; cpu.c:cpu_down"),
            (Ids{"cpu_hotplug.rst", "cpu.c:cpu_down"}));
  EXPECT_EQ(cited_ids("kvm_main.c: copy_from_user"), (Ids{"kvm_main.c"}));
  EXPECT_EQ(cited_ids("L05, L05, L06 to v4-03"), (Ids{"L05", "L06", "v4-03"}));
}

TEST(CitedIds, AreNotFoundInOtherWords) {
  for (const char* text : {"", "an exit follows an entry", "RLIMIT_MEMLOCK of 64K", "spec/text.hpp",
                           "PMSCR_ELx", "XA01 A011 v4-3 v4-033", "1.1 to 1.3", "EINVAL"})
    EXPECT_EQ(cited_ids(text), Ids{}) << text;
  EXPECT_EQ(ids_of_source("an exit follows an entry"), Ids{"an exit follows an entry"});
  EXPECT_EQ(ids_of_source(""), Ids{});
}

// A check costs what it did before it knew its line: two pointers and eight bytes.
static_assert(sizeof(Why) == 2 * sizeof(void*) + 8);

// --- the text -----------------------------------------------------------------------------------

TEST(SpecificationText, HasEveryCheckOnce) {
  unsigned checks = 0;
  for (const Profile& p : all_profiles())
    for (const CatalogEntry& e : system_catalog(p)) {
      if (e.kind == VerbKind::set) continue;
      ++checks;
      const std::vector<Excerpt> found = text_of_check(e.id, e.source, e.line);
      ASSERT_EQ(found.size(), 1u) << e.rule << "." << e.id << ", line " << e.line;
      std::string text;
      for (const TextLine& line : found.front().lines) text += line.text;
      EXPECT_NE(text.find('"' + e.id + '"'), std::string::npos) << text;
      EXPECT_LT(found.front().lines.size(), 30u) << e.rule << "." << e.id;
    }
  EXPECT_GT(checks, 3000u);
}

TEST(SpecificationText, HasEveryRuleAndClaim) {
  std::set<std::string> rules, claims;
  for (const checker::NamedPart& part : checker::named_parts()) {
    if (part.kind == checker::PartKind::rule) rules.insert(part.name);
    const bool is_claim = part.kind == checker::PartKind::invariant ||
                          part.kind == checker::PartKind::property ||
                          part.kind == checker::PartKind::question;
    if (is_claim) claims.insert(part.name);
  }
  ASSERT_GT(rules.size(), 50u);
  ASSERT_GT(claims.size(), 50u);
  for (const std::string& name : rules) EXPECT_EQ(text_of_rule(name).size(), 1u) << name;
  for (const std::string& name : claims) EXPECT_EQ(text_of_claim(name).size(), 1u) << name;
}

TEST(SpecificationText, ShowsTheConditionOfACheckAndWhatItStandsIn) {
  for (const CatalogEntry& e : system_catalog(*find_profile("linux-6.1"))) {
    if (e.rule != "pmu_set_irq" || e.id != "no_irqchip") continue;
    const std::vector<Excerpt> found = text_of_check(e.id, e.source, e.line);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found.front().path, "spec/kvm/pmu/rules.hpp");
    EXPECT_NE(found.front().lines.front().text.find("k.reject(Errno::inval, !vm.gic.created"),
              std::string::npos)
        << found.front().lines.front().text;
    ASSERT_FALSE(found.front().around.empty());
    EXPECT_NE(found.front().around.front().text.find("struct PmuIrq"), std::string::npos);
    return;
  }
  FAIL() << "no such check";
}

TEST(SpecificationText, ShowsWhereAReasonWithANameIsUsed) {
  for (const CatalogEntry& e : system_catalog(*find_profile("linux-6.1"))) {
    if (e.rule != "vcpu_run" || e.id != "gicv2_not_placed") continue;
    const std::vector<Excerpt> found = text_of_check(e.id, e.source, e.line);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found.front().lines.back().text.find("why"), std::string_view::npos);
    EXPECT_GT(found.front().lines.size(), 1u);
    return;
  }
  FAIL() << "no such check";
}

TEST(SpecificationText, OfWhatIsNotThereIsEmpty) {
  EXPECT_TRUE(text_of_check("no_such_check", "", 10).empty());
  EXPECT_TRUE(text_of_check("no_irqchip", "", 1).empty());
  EXPECT_TRUE(text_of_rule("no_such_rule").empty());
  EXPECT_TRUE(text_of_claim("no_such_claim").empty());
}

TEST(SpecificationText, MentionsAnIdInCommentsAndDocuments) {
  const std::vector<Mention> found = mentions_of("api.rst 4.119");
  ASSERT_FALSE(found.empty());
  for (const Mention& m : found) EXPECT_NE(m.line.text.find("4.119"), std::string::npos);
  EXPECT_TRUE(mentions_of("api.rst 4.1190").empty());
}

TEST(CarriedClaims, AreReadFromTheColumn) {
  const std::vector<std::string_view> document = {
      "| claim | carried by | documented |",
      "|---|---|---|",
      "| first | a.b, `c.vcpu[].d`; by construction | holds |",
      "| fourth | g.h, and 3 more | holds |",
      "| second |   | holds |",
      "",
      "| claim | source |",
      "| third | e.f |"};
  const std::vector<CarriedClaim> found = carried_claims(document);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_FALSE(found[0].has_more);
  EXPECT_EQ(found[1].carriers, std::vector<std::string_view>{"g.h"});
  EXPECT_TRUE(found[1].has_more);
  EXPECT_EQ(found[0].claim, "first");
  EXPECT_EQ(found[0].carriers, (std::vector<std::string_view>{"a.b", "c.vcpu[].d"}));
  EXPECT_TRUE(carried_claims({}).empty());
}

}  // namespace
}  // namespace assay

// Writing certificates. Z3 prints its own names for a few operations; the standard's are put in
// their place, so that any SMT-LIB solver can read the files.
#include "checker/prove/certificates.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace assay::prove {
namespace {

// "pmu_init(vcpu 1)" as part of a file name.
std::string file_part(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') out += c;
    else if (c == ' ') out += '-';
  }
  return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

}  // namespace

std::string portable_smt2(const std::string& z3_text) {
  std::string text = z3_text;
  replace_all(text, "(bv2int ", "(bv2nat ");
  const std::size_t body = text.find("(declare-");
  if (body != std::string::npos) text.erase(0, body);
  return "(set-logic ALL)\n" + text;
}

CertificateWriter::CertificateWriter(std::string dir, std::string profile, std::string shape)
    : dir_(std::move(dir)), profile_(std::move(profile)), shape_(std::move(shape)) {
  if (dir_.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(dir_, failed);
  good_ = !failed;
}

void CertificateWriter::add(const Claim& claim, const std::string& smt2) {
  std::string name = claim.kind + "." + file_part(claim.rule);
  if (!claim.invariant.empty()) name += "." + claim.invariant;
  name += ".smt2";
  std::ofstream file(dir_ + "/" + name);
  file << "; " << claim.kind << ": " << claim.rule
       << (claim.invariant.empty() ? "" : " keeps " + claim.invariant) << ", profile " << profile_
       << ", " << shape_ << "\n; expected: " << claim.expected << "\n"
       << portable_smt2(smt2);
  file.close();
  std::lock_guard lock(mutex_);
  good_ = good_ && file.good();
  files_.emplace_back(name, claim);
}

void CertificateWriter::discard() {
  std::error_code ignored;
  for (const auto& [name, claim] : files_) std::filesystem::remove(dir_ + "/" + name, ignored);
  files_.clear();
}

unsigned CertificateWriter::finish() {
  // Tasks finish in any order; the manifest does not depend on it.
  std::sort(files_.begin(), files_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  nlohmann::ordered_json manifest;
  manifest["format"] = "assay certificates 1";
  manifest["profile"] = profile_;
  manifest["shape"] = shape_;
  for (const auto& [name, claim] : files_)
    manifest["files"].push_back({{"file", name},
                                 {"kind", claim.kind},
                                 {"rule", claim.rule},
                                 {"invariant", claim.invariant},
                                 {"expected", claim.expected}});
  std::ofstream file(dir_ + "/MANIFEST.json");
  file << manifest.dump(1) << "\n";
  file.close();
  good_ = good_ && file.good();
  return static_cast<unsigned>(files_.size());
}

}  // namespace assay::prove

// Certificates: one SMT-LIB file per obligation, and a manifest of expected answers.
#pragma once
#include <mutex>
#include <string>
#include <vector>

namespace assay::prove {

class CertificateWriter {
 public:
  struct Claim {
    std::string kind;       // "consistent", "base", "step"
    std::string rule;       // "pmu_init(vcpu 1)", or "hypothesis"
    std::string invariant;  // empty for consistency
    std::string expected;   // "sat" or "unsat"
  };
  CertificateWriter(std::string dir, std::string profile, std::string shape);
  // From any thread. `smt2` is what Z3 prints; it is made readable for other solvers.
  void add(const Claim& claim, const std::string& smt2);
  // Removes what was written so far: those claims turned out not to hold.
  void discard();
  // Writes MANIFEST.json, sorted by file name.
  unsigned finish();
  // False when a file could not be written.
  bool good() const { return good_; }

 private:
  std::mutex mutex_;
  std::string dir_, profile_, shape_;
  std::vector<std::pair<std::string, Claim>> files_;
  bool good_ = true;
};

// Z3's printing of integer and bit-vector terms in standard SMT-LIB names.
std::string portable_smt2(const std::string& z3_text);

}  // namespace assay::prove

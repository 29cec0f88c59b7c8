// Resolves the free choices of a step.
//
// A search enumerates them like an odometer: run the step, call next(), run it again, until
// next() returns false. The set of questions may depend on earlier answers.
#pragma once
#include <cstddef>
#include <vector>

namespace assay {

class Choices {
 public:
  // The next answer, to the question of that name. Questions not asked before are answered "no".
  bool flag(const char* question = "") {
    if (at_ == taken_.size()) taken_.push_back(false);
    if (at_ == names_.size()) names_.emplace_back();
    names_[at_] = question;
    return taken_[at_++];
  }
  // Advances to the next combination; false when all were tried.
  bool next() {
    taken_.resize(at_ < taken_.size() ? at_ : taken_.size());
    at_ = 0;
    while (!taken_.empty() && taken_.back()) taken_.pop_back();
    if (taken_.empty()) return false;
    taken_.back() = true;
    return true;
  }
  // Starts over, with nothing decided.
  void reset() {
    taken_.clear();
    at_ = 0;
  }
  // Plays back what was decided: used to repeat one resolution.
  void rewind() { at_ = 0; }
  bool asked() const { return at_ != 0; }
  // How many questions the last run asked; the answers are decided(0..count-1).
  std::size_t count() const { return at_; }
  bool decided(std::size_t i) const { return taken_[i]; }
  const char* name(std::size_t i) const { return names_[i]; }

 private:
  std::vector<bool> taken_;
  std::vector<const char*> names_;
  std::size_t at_ = 0;
};

}  // namespace assay

// Values of the state as the field writes them: PMBSR_EL1.DL, 0x10000, fault.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "spec/system.hpp"

namespace assay::checker {

class LeafText {
 public:
  // Made when a system is asked for first; lives to the end.
  static const LeafText& of(const System& system);

  // "PMBSR_EL1.DL" of "spu[0].data_loss"; empty where no register has it.
  std::string_view field(std::string_view path) const;
  // By its name, where values of that leaf have names; numbers from 4096 on are hexadecimal.
  std::string value(std::string_view path, u64 value) const;
  // "spu[0].data_loss: 0 -> 1 (PMBSR_EL1.DL)"
  std::string change(const std::string& path, const std::string& from, const std::string& to) const;

 private:
  explicit LeafText(const System& system);
  std::map<std::string, std::string, std::less<>> fields_;
  std::map<std::string_view, std::span<const NamedValue>> names_;
};

}  // namespace assay::checker

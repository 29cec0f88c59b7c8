// Which shapes exist, and what does not depend on the shape.
#include "checker/prove/encoding.hpp"

#include <array>

namespace assay::prove {
namespace {

const std::vector<std::unique_ptr<Encoding>>& all_encodings() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Encoding>> list;
    list.push_back(make_encoding_3_4_4());
    list.push_back(make_encoding_2_2_3());
    return list;
  }();
  return all;
}

}  // namespace

const Encoding* encoding_for(const Shape& shape) {
  for (const auto& e : all_encodings())
    if (e->shape() == shape) return e.get();
  return nullptr;
}

std::vector<Shape> compiled_shapes() {
  std::vector<Shape> shapes;
  for (const auto& e : all_encodings()) shapes.push_back(e->shape());
  return shapes;
}

std::string text_of(const Shape& s) {
  static constexpr std::array names = {"vcpus", "pes", "slots", "pmus", "regions"};
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : ",") + std::string(names[i]) + "=" + std::to_string(s.size[i]);
  return text;
}

const std::vector<RuleInfo>& rules() {
  static const std::vector<RuleInfo> infos = rule_infos(SystemRules<Concrete>{});
  return infos;
}

std::vector<Instance> instances_of(const Shape& shape, const Profile& profile) {
  std::vector<Instance> out;
  const unsigned vcpus = shape.size[static_cast<std::size_t>(Dim::vcpu)];
  for (u32 rule = 0; rule < rules().size(); ++rule)
    for (unsigned v = 0; rules()[rule].is_of(profile) && v < (rules()[rule].has_vcpu ? vcpus : 1);
         ++v)
      out.push_back({rule, v});
  return out;
}

std::string name_of(const Instance& instance) {
  const RuleInfo& info = rules()[instance.rule];
  std::string name = info.name;
  if (info.has_vcpu) name += "(vcpu " + std::to_string(instance.vcpu) + ")";
  return name;
}

u32 creating_rule() {
  static const u32 number = [] {
    for (u32 rule = 0; rule < rules().size(); ++rule)
      if (rules()[rule].name == std::string_view(CreatingRule<Concrete>::name)) return rule;
    return Event::no_rule;
  }();
  return number;
}

const std::vector<std::string>& invariant_names() {
  static const auto names = [] {
    std::vector<std::string> list;
    each_invariant<Concrete>([&](const Invariant<Concrete>& i) { list.emplace_back(i.name); });
    list.emplace_back("numbers_are_natural");
    return list;
  }();
  return names;
}

std::vector<bool> invariants_of(const Profile& profile) {
  std::vector<bool> of;
  each_invariant<Concrete>([&](const Invariant<Concrete>& i) { of.push_back(i.applies(profile)); });
  of.push_back(true);
  return of;
}

}  // namespace assay::prove

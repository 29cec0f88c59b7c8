// A device attribute, spelt once: KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR and KVM_HAS_DEVICE_ATTR
// on a vCPU or a device (api.rst 4.79 to 4.81).
//
//   struct PmuV3Ctrl : VcpuGroup<"KVM_ARM_VCPU_PMU_V3_CTRL"> { ... };    // what its calls check
//   first struct PmuIrq : AttributeOf<PmuV3Ctrl, "KVM_ARM_VCPU_PMU_V3_IRQ"> {
//     static constexpr AttributeCall sets{"pmu_set_irq", "vcpu.rst 1.1; ..."};  // of the rule
//     static constexpr AttributeCall gets{"pmu_get_irq", "vcpu.rst 1.1; ..."};
//     template <class D> using Value = FieldList<Field<"irq", 0, 32u>>;  // behind the pointer; may
//                                                                        // be empty
//     template <class D> static void set(Step<D>& k, Vm<D>& vm, const auto& call) {
//       ... field<"irq">(call) ...
//     }
//     template <class D> static void get(Step<D>& k, Vm<D>& vm, const auto& call) { ... }
//   };
//
// From that come the rules SetAttribute<D, PmuIrq> and GetAttribute<D, PmuIrq>: their arguments and
// syntax, and what every call of the group checks first, which the group says (begin_set,
// begin_get). A value has a width in bits, or that of a member of the state that keeps it. What a
// group answers of all attributes that have no struct of their own is one more, OtherOf<Group, N>:
// its call.attr is the attribute.
#pragma once
#include "model/dispatch.hpp"
#include "spec/kvm/vm.hpp"
#include "spec/register.hpp"

namespace assay {

// The name and the source of a rule.
struct AttributeCall {
  const char* rule = "";
  const char* source = "";
};

// --- what an attribute belongs to
// ------------------------------------------------------------------

template <class D>
struct OnVcpu {
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&OnVcpu::vcpu>; }
  Vcpu<D>& of(Vm<D>& vm) const { return vm.vcpu[vcpu.index]; }
};
// A group of attributes: of a vCPU, or of a device whose descriptor `on` names. `Of` is how its
// rules name the thing.
template <template <class> class Of, Name the_kind, Name the_group>
struct AttributeGroup {
  static constexpr const char* on = the_kind.text;
  static constexpr const char* group = the_group.text;
  static constexpr const char* constants = "";
  static bool applies(const Profile&) { return true; }
  template <class D>
  using Owner = Of<D>;
  // What every SET, and what every GET, checks first.
  template <class D>
  static void begin_set(Step<D>& k, Vm<D>& vm, const auto&) {
    gate<D>(k, vm);
  }
  template <class D>
  static void begin_get(Step<D>& k, Vm<D>& vm, const auto&) {
    gate<D>(k, vm);
  }
};
template <Name the_group>
using VcpuGroup = AttributeGroup<OnVcpu, "vcpu", the_group>;

// An attribute of a group. Its name is empty where the group has but one.
template <class Group, Name the_attribute>
struct AttributeOf : Group {
  static constexpr const char* attribute = the_attribute.text;
};
// All attributes of a group that no struct describes; the first of them is what an event is taken
// to mean that does not tell it.
template <class Group, u64 the_first>
struct OtherOf : Group {
  static constexpr const char* attribute = "attr";
  static constexpr u64 first_other = the_first;
};

// Which attribute a call is about, where it is an argument of the rule.
template <class D, class Attribute>
struct WhichAttribute {
  static constexpr auto fields() { return members<>; }
};
template <class D, class Attribute>
requires requires { Attribute::first_other; }
struct WhichAttribute<D, Attribute> {
  Word<D, 64> attr = Word<D, 64>(Attribute::first_other);
  static constexpr auto fields() { return members<&WhichAttribute::attr>; }
};

// --- syntax
// ----------------------------------------------------------------------------------------

// Put together when this is compiled; a text that is too long does not compile.
struct SyntaxText {
  char text[256]{};
  std::size_t length = 0;
  constexpr SyntaxText& operator<<(const char* more) {
    while (*more != '\0') text[length++] = *more++;
    return *this;
  }
};
// `attribute` may be empty, or the name of an argument; what is behind the pointer may be empty.
constexpr SyntaxText attribute_syntax(const char* call, const char* on, const char* group,
                                      const char* attribute, const char* value) {
  SyntaxText out;
  out << "ioctl(<" << on << ">, KVM_" << call << "_DEVICE_ATTR, {group=" << group;
  if (*attribute != '\0') out << ", attr=" << attribute;
  if (*value != '\0') out << ", addr=" << value;
  out << "})";
  return out;
}
constexpr SyntaxText value_syntax(FieldList<>) { return {}; }
// "unreadable:[irq]" of one value, "unreadable:{first=first, count=count}" of a structure.
template <class... F>
constexpr SyntaxText value_syntax(FieldList<F...>) {
  SyntaxText out;
  out << "unreadable:" << (sizeof...(F) == 1 ? "[" : "{");
  bool is_first = true;
  const auto member = [&](const char* name) {
    if (!is_first) out << ", ";
    is_first = false;
    if (sizeof...(F) > 1) out << name << "=";
    out << name;
  };
  (member(F::name), ...);
  out << (sizeof...(F) == 1 ? "]" : "}");
  return out;
}

// --- the rules
// -------------------------------------------------------------------------------------

// What both calls on an attribute have, but for their arguments.
template <class D, class Attribute, bool reads>
struct AttributeAccess : Attribute::template Owner<D> {
  using Owner = typename Attribute::template Owner<D>;
  using Parts = PartList<Owner>;
  static constexpr AttributeCall call = [] {
    if constexpr (reads) return Attribute::gets;
    else return Attribute::sets;
  }();
  static constexpr const char* name = call.rule;
  static constexpr const char* source = call.source;
  static constexpr const char* constants = Attribute::constants;
  static bool applies(const Profile& p) { return Attribute::applies(p); }
  static constexpr SyntaxText text =
      attribute_syntax(reads ? "GET" : "SET", Attribute::on, Attribute::group, Attribute::attribute,
                       value_syntax(typename Attribute::template Value<D>{}).text);
  static constexpr const char* syntax = text.text;
  static constexpr auto fields() { return Owner::fields(); }

 protected:
  template <class Rule>
  static void run(Step<D>& k, Vm<D>& vm, const Rule& rule) {
    if constexpr (reads) {
      Attribute::begin_get(k, vm, rule);
      Attribute::get(k, vm, rule);
    } else {
      Attribute::begin_set(k, vm, rule);
      Attribute::set(k, vm, rule);
    }
  }
};

template <class D, class Attribute, bool reads, class Value>
struct AttributeRule;

// One whose pointer leads to something.
template <class D, class Attribute, bool reads, class... F>
struct AttributeRule<D, Attribute, reads, FieldList<F...>>
    : AttributeAccess<D, Attribute, reads>, WhichAttribute<D, Attribute>, Argument<D, F>... {
  using Access = AttributeAccess<D, Attribute, reads>;
  using Which = WhichAttribute<D, Attribute>;
  using Parts = PartList<Access, Which>;
  static constexpr unsigned answers = reads ? sizeof...(F) : 0;
  Flag<D> unreadable{};  // the pointer leads to no memory
  static constexpr auto fields() {
    return Access::fields() + members<&AttributeRule::unreadable> + Which::fields() +
           members<&Argument<D, F>::value...>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const { this->run(k, vm, *this); }
};

template <class D, class Attribute, bool reads>
struct AttributeRule<D, Attribute, reads, FieldList<>> : AttributeAccess<D, Attribute, reads>,
                                                         WhichAttribute<D, Attribute> {
  using Access = AttributeAccess<D, Attribute, reads>;
  using Which = WhichAttribute<D, Attribute>;
  using Parts = PartList<Access, Which>;
  static constexpr auto fields() { return Access::fields() + Which::fields(); }
  void apply(Step<D>& k, Vm<D>& vm) const { this->run(k, vm, *this); }
};

// KVM_HAS_DEVICE_ATTR of any attribute of a group (api.rst 4.81). The group says what it answers:
// `has_call`, the rule's name and source, and has(k, vm, call), where call.attr is the attribute.
template <class D, class Group>
struct HasAttribute : Group::template Owner<D> {
  using Owner = typename Group::template Owner<D>;
  using Parts = PartList<Owner>;
  static constexpr const char* name = Group::has_call.rule;
  static constexpr const char* source = Group::has_call.source;
  static bool applies(const Profile& p) { return Group::applies(p); }
  static constexpr SyntaxText text = attribute_syntax("HAS", Group::on, Group::group, "attr", "");
  static constexpr const char* syntax = text.text;
  Word<D, 64> attr{};
  static constexpr auto fields() { return Owner::fields() + members<&HasAttribute::attr>; }
  void apply(Step<D>& k, Vm<D>& vm) const { Group::has(k, vm, *this); }
};

template <class D, class Attribute>
using SetAttribute = AttributeRule<D, Attribute, false, typename Attribute::template Value<D>>;
template <class D, class Attribute>
using GetAttribute = AttributeRule<D, Attribute, true, typename Attribute::template Value<D>>;

}  // namespace assay

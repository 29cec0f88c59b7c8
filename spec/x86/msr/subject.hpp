// MSRs of a vCPU, as the guest and userspace access them. What of it belongs to the system: rules,
// properties, questions.
#pragma once
#include "spec/x86/msr/rules.hpp"
#include "spec/x86/pebs/properties.hpp"
#include "spec/x86_subject.hpp"

namespace assay {

struct X86Msr {
  template <class D>
  using Rules = TypeList<x86::Wrmsr<D>, x86::Rdmsr<D>, x86::SetMsr<D>, x86::GetMsr<D>>;

  template <class D>
  static void properties(const x86::Taken<D>& t, const SayProperty<D>& say) {
    if (const auto* write = t.template as<x86::Wrmsr<D>>())
      say("faulting_write_changes_nothing",
          !write->gp || is_same<D>(t.before.vcpu[t.vcpu()], t.after.vcpu[t.vcpu()]), "PB-6");
  }

  template <class D>
  static void questions(const x86::Taken<D>& t, const SayProperty<D>& say) {
    if (t.template as<x86::SetMsr<D>>() != nullptr) x86::pebs_setting_questions(t, say);
  }
};

}  // namespace assay

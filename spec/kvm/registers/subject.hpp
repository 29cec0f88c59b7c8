// Registers of a vCPU as userspace reads and writes them. What of it belongs to the system: rules.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/registers/rules.hpp"

namespace assay {

struct KvmRegisters {
  template <class D>
  using Rules = TypeList<GetRegister<D>, SetRegister<D>, GetVectorLengths<D>, SetVectorLengths<D>,
                         GetRegisterList<D>>;
};

}  // namespace assay

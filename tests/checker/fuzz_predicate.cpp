// libFuzzer: any text is a predicate that can be evaluated, or a message about a place in it.
#include <cstdint>
#include <cstdlib>

#include "checker/prove/predicate_value.hpp"

using namespace assay;
using namespace assay::prove;

namespace {

StateNames some_names() {
  StateNames names;
  names.shape = "vcpus=2";
  names.invariants = {"ids_are_unique"};
  names.add("dead", StateNode::Kind::flag, 1);
  for (const char* entry : {"vcpu[0]", "vcpu[1]"}) {
    const std::string at = entry;
    names.add(at + ".id", StateNode::Kind::word, 16);
    names.add(at + ".base", StateNode::Kind::number, 64);
    names.add(at + ".on[0]", StateNode::Kind::flag, 1);
    names.add(at + ".on[1]", StateNode::Kind::flag, 1);
  }
  return names;
}

// A leaf's value is made of its number.
class Numbered final : public Reader<Concrete> {
 public:
  bool flag(u32 leaf) const override { return (leaf & 1) != 0; }
  Bits<64> word(u32 leaf) const override { return leaf; }
  Number number(u32 leaf) const override { return ~u64{leaf}; }
  bool invariant(u32) const override { return true; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const StateNames names = some_names();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = read_predicate(text, names);
  if (const auto* f = std::get_if<traces::ReadFailure>(&result)) {
    if (f->why.column == 0 || f->why.column > f->source_line.size() + 1) std::abort();
    if (f->why.message.empty()) std::abort();
    (void)traces::render(f->why, "fuzz", f->source_line);
  } else {
    (void)Evaluator<Concrete>(std::get<Predicate>(result), Numbered()).holds();
  }
  return 0;
}

// What the specification cites, and where that can be read: spec/REFERENCES.md, compiled in.
//
// A source of a rule, check or claim is a text, `api.rst 4.10: ENOEXEC; v4-20 to v4-22`. What it
// cites are ids, and REFERENCES.md has a line for each.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct Reference {
  std::string_view id;    // "L05", "v4-03", "api.rst 4.35", "arm.c:kvm_arch_vcpu_ioctl_run"
  std::string_view says;  // what it says, in one to three sentences
  std::string_view from;  // where that can be read in public
};

// All of them, in the order of the document.
std::span<const Reference> references();
// Nothing when the document has no such id.
const Reference* reference_to(std::string_view id);

// The ids that a text names, in its order, each once. Ranges (`v4-20 to v4-35`) and further
// sections or functions of one file (`api.rst 4.68, 4.69`) are spelt out. Works on comments, too:
// what has not the form of an id is no citation.
std::vector<std::string> cited_ids(std::string_view text);
// The same of a source, which always cites something: where it has no id it is one itself, a source
// in words ("an exit follows an entry"). Empty for an empty source.
std::vector<std::string> ids_of_source(std::string_view source);

}  // namespace assay

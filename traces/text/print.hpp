// A Call as text of ours: the exact inverse of the grammar.
//
//   read_line(print(call)) is the same call, for every Call that a reader of ours can make.
//
// A node that has source text is printed as it was spelt; one that was made from bytes is printed
// in decimal, or in hexadecimal if it is marked so. Texts that came from elsewhere are trusted to
// be what the grammar would accept there. An event with a `body` is printed with that body.
#pragma once
#include <string>

#include "traces/call/call.hpp"

namespace assay::traces {

// One line, without a line end. Appends, so that a writer can reuse its buffer.
void print(const Call& call, std::string& out);
std::string print(const Call& call);

// A single node, for reports.
void print_node(const Call& call, const Node& node, std::string& out);

}  // namespace assay::traces

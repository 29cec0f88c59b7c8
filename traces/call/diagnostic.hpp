// What is wrong with an input, and where: made by every reader, shown by the command line.
//
// A text has a line and a column, both 1-based and counted in bytes; a binary stream has a byte
// offset. `expected` is the name of the grammar rule that failed, so the text of a message follows
// from the grammar and cannot disagree with it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::traces {

struct Diagnostic {
  std::uint64_t line = 0;     // 0: not a text
  std::uint32_t column = 0;   // 0: the line as a whole
  std::uint64_t offset = 0;   // of a binary stream, in bytes
  std::string_view expected;  // "argument", "')'": static text, empty if nothing was expected
  std::string message;        // what was found, or what is wrong with it
};

// "trace.txt:3:17: expected ')', found end of line", the source line and a caret under the column.
// A long line is cut to a window of about 100 columns around the caret; bytes that are not
// printable ASCII show as '.', so a hostile trace cannot write to the terminal.
std::string render(const Diagnostic& what, std::string_view file, std::string_view source_line);

}  // namespace assay::traces

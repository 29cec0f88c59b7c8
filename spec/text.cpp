#include "spec/text.hpp"

#include <algorithm>

#include "spec/references.hpp"

namespace assay {
namespace text {
// Path and content, ended by nulls; made by embed_text.cmake.
extern const char* const files[][2];
}  // namespace text

namespace {

std::vector<std::string_view> lines_of(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    lines.push_back(content.substr(0, end));
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return lines;
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}
bool is_comment(std::string_view line) { return line.substr(indent_of(line)).starts_with("//"); }
bool is_code_of_spec(const TextFile& file) { return file.path.ends_with(".hpp"); }

// How many brackets a piece of code opens, less those that it closes. Strings do not count.
int depth_of(std::string_view code) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '"' && (i == 0 || code[i - 1] != '\\')) in_string = !in_string;
    if (in_string) continue;
    if (code.substr(i).starts_with("//")) break;
    if (code[i] == '(' || code[i] == '{' || code[i] == '[') ++depth;
    if (code[i] == ')' || code[i] == '}' || code[i] == ']') --depth;
  }
  return depth;
}

// Whether a statement may begin below this line.
bool ends_a_statement(std::string_view line) {
  if (indent_of(line) == line.size() || is_comment(line)) return true;
  return line.ends_with(';') || line.ends_with('{') || line.ends_with('}');
}

struct Span {
  std::size_t first, last;
};

// The statement around a piece of text on a line. `column` is where that piece begins.
Span statement_at(const TextFile& file, std::size_t line, std::size_t column) {
  std::size_t first = line;
  int depth = depth_of(file.lines[line].substr(0, column));
  while (first > 0 && (depth < 1 || !ends_a_statement(file.lines[first - 1])))
    depth += depth_of(file.lines[--first]);
  std::size_t last = first;
  for (int open = depth_of(file.lines[last]);
       (last < line || open > 0) && last + 1 < file.lines.size();)
    open += depth_of(file.lines[++last]);
  return {first, last};
}

// `const Why why = {...};` is followed by the check that uses it: up to there.
Span with_its_use(const TextFile& file, Span span) {
  constexpr std::size_t lines_max = 20;
  constexpr std::string_view declares = "const Why ";
  std::string_view text = file.lines[span.first];
  text.remove_prefix(indent_of(text));
  if (!text.starts_with(declares)) return span;
  text.remove_prefix(declares.size());
  const std::string use = ", " + std::string(text.substr(0, text.find(' '))) + ")";
  for (std::size_t i = span.last + 1; i < file.lines.size() && i <= span.last + lines_max; ++i)
    if (const std::size_t at = file.lines[i].find(use); at != std::string_view::npos)
      return {span.first, statement_at(file, i, at).last};
  return span;
}

std::vector<TextLine> numbered(const TextFile& file, Span span) {
  std::vector<TextLine> lines;
  for (std::size_t i = span.first; i <= span.last; ++i)
    lines.push_back({static_cast<unsigned>(i + 1), file.lines[i]});
  return lines;
}

// The lines that open what a line stands in, as their indentation shows.
std::vector<TextLine> around(const TextFile& file, std::size_t line) {
  std::vector<TextLine> outer;
  std::size_t indent = indent_of(file.lines[line]);
  for (std::size_t i = line; i-- > 0 && indent > 0;) {
    const std::string_view text = file.lines[i];
    if (indent_of(text) >= indent || indent_of(text) == text.size() || is_comment(text)) continue;
    if (text.ends_with(':') || text.substr(indent_of(text)).starts_with("}")) continue;  // public:
    indent = indent_of(text);
    outer.insert(outer.begin(), {static_cast<unsigned>(i + 1), text});
  }
  return outer;
}

Excerpt excerpt(const TextFile& file, Span span) {
  return {file.path, around(file, span.first), numbered(file, span)};
}

std::string quoted(std::string_view name) { return '"' + std::string(name) + '"'; }

// Calls on_place(file, line, column) wherever the code of the specification has this text.
template <class OnPlace>
void find_in_code(std::string_view text, OnPlace&& on_place) {
  for (const TextFile& file : specification_text()) {
    if (!is_code_of_spec(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (const std::size_t at = file.lines[i].find(text);
          at != std::string_view::npos && !is_comment(file.lines[i]))
        on_place(file, i, at);
  }
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(indent_of(text));
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Whether the lines hold this text, which may be written as literals side by side.
bool has_literal(const Excerpt& excerpt, std::string_view wanted) {
  std::string joined;
  for (const TextLine& line : excerpt.lines) joined += trimmed(line.text);
  for (std::size_t at = 0; (at = joined.find("\"\"", at)) != std::string::npos;)
    joined.erase(at, 2);
  return joined.find(wanted) != std::string::npos;
}

// A function `Flag<D> name(...)` with the comment above it.
std::vector<Excerpt> function_named(std::string_view name) {
  std::vector<Excerpt> found;
  find_in_code("> " + std::string(name) + "(", [&](const TextFile& file, std::size_t line, auto) {
    if (indent_of(file.lines[line]) != 0) return;
    Span span{line, line};
    while (span.first > 0 && (file.lines[span.first - 1].starts_with("//") ||
                              file.lines[span.first - 1].starts_with("template")))
      --span.first;
    while (span.last + 1 < file.lines.size() && !file.lines[span.last].starts_with("}"))
      ++span.last;
    found.push_back(excerpt(file, span));
  });
  return found;
}

}  // namespace

std::string Excerpt::place() const {
  return std::string(path) + (lines.empty() ? "" : ":" + std::to_string(lines.front().number));
}

std::span<const TextFile> specification_text() {
  static const std::vector<TextFile> all = [] {
    std::vector<TextFile> files;
    for (const auto* file = text::files; (*file)[0] != nullptr; ++file)
      files.push_back({(*file)[0], lines_of((*file)[1])});
    return files;
  }();
  return all;
}

std::vector<Excerpt> text_of_check(std::string_view id, std::string_view source, unsigned line) {
  std::vector<Excerpt> found;
  // A compiler says where the call begins or where the id stands: both are of the statement.
  find_in_code(quoted(id), [&](const TextFile& file, std::size_t at, std::size_t column) {
    const Span span = statement_at(file, at, column);
    if (line >= span.first + 1 && line <= span.last + 1)
      found.push_back(excerpt(file, with_its_use(file, span)));
  });
  if (found.size() > 1)
    std::erase_if(found, [&](const Excerpt& e) { return !has_literal(e, source); });
  return found;
}

std::vector<Excerpt> text_of_rule(std::string_view name) {
  std::vector<Excerpt> found;
  find_in_code(quoted(name), [&](const TextFile& file, std::size_t line, std::size_t column) {
    std::string_view before = trimmed(file.lines[line].substr(0, column));
    if (before.empty() && line > 0) before = file.lines[line - 1];  // its declaration was broken
    const bool names = before.ends_with("name =") || before.ends_with("AttributeCall sets{") ||
                       before.ends_with("AttributeCall gets{") ||
                       before.ends_with("AttributeCall has_call{") ||
                       before.ends_with("Access msr{") || before.ends_with("Access mrs{");
    if (names) found.push_back(excerpt(file, {line, line}));
  });
  return found;
}

std::vector<Excerpt> text_of_claim(std::string_view name) {
  std::vector<Excerpt> found = function_named(name);
  if (!found.empty()) return found;
  find_in_code(quoted(name), [&](const TextFile& file, std::size_t line, std::size_t column) {
    const std::string_view before = std::string_view(file.lines[line]).substr(0, column);
    // A demand of a stage is a check of some profiles and a claim of others: Why{"name", ...}.
    const bool is_check = before.ends_with('{') && !before.ends_with("Why{");
    if (!is_check) found.push_back(excerpt(file, statement_at(file, line, column)));
  });
  return found;
}

std::vector<CarriedClaim> carried_claims(std::span<const std::string_view> document) {
  constexpr std::size_t none = ~std::size_t{0};
  std::vector<CarriedClaim> found;
  std::size_t column = none;
  for (const std::string_view line : document) {
    if (!line.starts_with('|')) column = none;  // the table ends
    const std::vector<std::string_view> cells = split(line, "|");
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (trimmed(cells[i]) == "carried by") column = i;
    if (column >= cells.size() || trimmed(cells[column]) == "carried by") continue;
    std::vector<std::string_view> carriers = split(cells[column], " ,;`");
    const bool has_more = trimmed(cells[column]).ends_with(" more");
    std::erase_if(carriers, [](std::string_view word) {
      return word.find('.') == std::string_view::npos;  // a name is `rule.part`
    });
    if (!carriers.empty()) found.push_back({trimmed(cells[0]), std::move(carriers), has_more});
  }
  return found;
}

std::vector<Mention> remarks() {
  std::vector<Mention> found;
  for (const TextFile& file : specification_text()) {
    const bool is_of_these = file.path == "spec/REFERENCES.md" ||
                             file.path.starts_with("spec/references.") ||
                             file.path.starts_with("spec/text.");
    if (is_of_these) continue;
    const bool is_document = file.path.ends_with(".md");
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      std::string_view text = file.lines[i];
      if (!is_document) text = text.substr(std::min(text.find("//"), text.size()));
      if (!text.empty()) found.push_back({file.path, {static_cast<unsigned>(i + 1), text}});
    }
  }
  return found;
}

std::vector<Mention> mentions_of(std::string_view id) {
  std::vector<Mention> found;
  for (const Mention& m : remarks()) {
    if (m.line.text.find(id.substr(0, 3)) == std::string_view::npos) continue;  // saves time
    const std::vector<std::string> ids = cited_ids(m.line.text);
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) found.push_back(m);
  }
  return found;
}

}  // namespace assay

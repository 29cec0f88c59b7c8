#include "spec/references.hpp"

#include <algorithm>
#include <optional>
#include <regex>

#include "spec/text.hpp"

namespace assay {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// A line of a table: `| id | says | from |`. The head of a table and the rule below it are none.
std::optional<Reference> row(std::string_view line) {
  if (!line.starts_with("| ") || !line.ends_with(" |")) return {};
  std::vector<std::string_view> cells;
  for (std::size_t at = 1; at < line.size();) {
    const std::size_t end = line.find('|', at);
    cells.push_back(trimmed(line.substr(at, end - at)));
    at = end + 1;
  }
  if (cells.size() != 3 || cells[0] == "id") return {};
  return Reference{cells[0], cells[1], cells[2]};
}

// --- the form of an id --------------------------------------------------------------------------

// A word of a text and what stands before it.
struct Word {
  std::string_view gap, text;
};

bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t begin = at;
    while (begin < text.size() && !is_of_word(text[begin])) ++begin;
    std::size_t end = begin;
    // `arm.c:kvm_arch_vm_ioctl` is one word, `arm.c: get_user` is two.
    while (end < text.size() &&
           (is_of_word(text[end]) ||
            (text[end] == ':' && end + 1 < text.size() && is_of_word(text[end + 1]))))
      ++end;
    std::string_view word = text.substr(begin, end - begin);
    while (word.ends_with('.') || word.ends_with('-')) word.remove_suffix(1);
    if (!word.empty()) words.push_back({text.substr(at, begin - at), word});
    at = std::max(begin + word.size(), at + 1);
  }
  return words;
}

bool matches(std::string_view word, const std::regex& form) {
  return std::regex_match(word.begin(), word.end(), form);
}

// Ids that are numbered, so that there can be a range of them.
bool is_numbered(std::string_view word) {
  static const std::regex form(R"(v[4-9]-\d\d|[ALVWIEN]\d\d|)"
                               R"((LC|MEM|PMU|VG|VL|ITS|VLPI|SPE|KVM|GIC|LIST|A|B|PB)-\d+(\.\d+)*|)"
                               R"(D(17|18|24)(\.\d+)*)");
  return matches(word, form);
}
bool is_document(std::string_view word) {
  static const std::regex form(R"([a-z][a-z0-9_-]*\.rst|SDM)");
  return matches(word, form);
}
bool is_section(std::string_view word) {
  static const std::regex form(R"(\d+(\.\d+)*|[A-Z][A-Z_]+)");
  return matches(word, form);
}
bool is_file(std::string_view word) {
  static const std::regex form(R"([a-z][a-z_0-9-]*\.[ch](:\w+)?)");
  return matches(word, form);
}
// A function behind the first one of its file.
bool is_function(std::string_view word) {
  static const std::regex form(R"([a-z_][a-z0-9]*_\w+)");
  return matches(word, form);
}
// Rules of the architecture, functions of its pseudocode, commits, trace events.
bool is_other(std::string_view word) {
  static const std::regex form(
      R"([RI][BCDFGHJ-NP-TV-Z]{5}|SPE[A-Z][a-z]\w+|DebugWrite\w+|StatisticalProfilingEnabled|)"
      R"(ProfilingBuffer\w+|PEBS-v3|R24557|DEN0154|[0-9a-f]{12}|kvm:kvm_\w+)");
  return matches(word, form);
}
// `PMBSR_EL1.DL` is of PMBSR_EL1.
std::string_view register_in(std::string_view word) {
  static const std::regex form(R"((PM[BS][A-Z]+|MDCR|ID_AA64DFR0)_EL\d+(\.\w+)?)");
  return matches(word, form) ? word.substr(0, word.find('.')) : std::string_view();
}

// From one id to another of the same series: v4-20, v4-21, ... Only the last when they are of two.
std::vector<std::string> range(std::string_view from, std::string_view to) {
  const auto number_at = [](std::string_view id) { return id.find_last_not_of("0123456789") + 1; };
  const std::size_t at = number_at(from);
  if (at != number_at(to) || from.substr(0, at) != to.substr(0, at)) return {std::string(to)};
  const std::string first(from.substr(at)), last(to.substr(at));
  std::vector<std::string> ids;
  for (int i = std::stoi(first) + 1; i <= std::stoi(last); ++i) {
    std::string digits = std::to_string(i);
    if (digits.size() < first.size()) digits.insert(0, first.size() - digits.size(), '0');
    ids.push_back(std::string(from.substr(0, at)) + digits);
  }
  return ids;
}

// Goes through the words of a text from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : words_(words_of(text)) {}

  std::vector<std::string> all() {
    while (at_ < words_.size()) {
      const std::string_view word = words_[at_++].text;
      if (is_numbered(word)) read_numbered(word);
      else if (is_document(word)) read_sections(std::string(word));
      else if (is_file(word)) read_functions(word);
      else if (is_other(word)) add(std::string(word));
      else if (const auto name = register_in(word); !name.empty()) add(std::string(name));
    }
    return std::move(ids_);
  }

 private:
  void add(std::string id) {
    if (std::find(ids_.begin(), ids_.end(), id) == ids_.end()) ids_.push_back(std::move(id));
  }
  // The word `ahead` of the next one, if such a gap is before it; empty otherwise.
  std::string_view next(std::string_view gap, std::size_t ahead = 0) const {
    if (at_ + ahead >= words_.size() || words_[at_ + ahead].gap != gap) return {};
    return words_[at_ + ahead].text;
  }

  void read_numbered(std::string_view word) {
    add(std::string(word));
    if (next(" ") != "to" || !is_numbered(next(" ", 1))) return;
    for (std::string& id : range(word, next(" ", 1))) add(std::move(id));
    at_ += 2;
  }

  void read_sections(const std::string& document) {
    std::string_view section = next(" ");
    const std::size_t dash = section.find('-');  // 1.1-1.4
    if (!is_section(section.substr(0, dash))) return add(document);
    ++at_;
    add(document + " " + std::string(section.substr(0, dash)));
    if (dash != std::string_view::npos)
      for (std::string& s : range(section.substr(0, dash), section.substr(dash + 1)))
        add(document + " " + s);
    for (section = next(", "); is_section(section); section = next(", ")) {
      ++at_;
      add(document + " " + std::string(section));
    }
    if (next(" ") == "to" && is_section(next(" ", 1))) {
      for (std::string& s : range(words_[at_ - 1].text, next(" ", 1))) add(document + " " + s);
      at_ += 2;
    }
  }

  void read_functions(std::string_view word) {
    add(std::string(word));
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return;
    for (; is_function(next(", ")); ++at_)
      add(std::string(word.substr(0, colon + 1)) + std::string(next(", ")));
  }

  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::vector<std::string> ids_;
};

}  // namespace

std::span<const Reference> references() {
  static const std::vector<Reference> all = [] {
    std::vector<Reference> rows;
    for (const TextFile& file : specification_text())
      if (file.path == "spec/REFERENCES.md")
        for (const std::string_view line : file.lines)
          if (const auto r = row(line)) rows.push_back(*r);
    return rows;
  }();
  return all;
}

const Reference* reference_to(std::string_view id) {
  for (const Reference& r : references())
    if (r.id == id) return &r;
  return nullptr;
}

std::vector<std::string> cited_ids(std::string_view text) { return Reader(text).all(); }

std::vector<std::string> ids_of_source(std::string_view source) {
  std::vector<std::string> ids = cited_ids(source);
  if (ids.empty() && !source.empty()) ids.emplace_back(source);
  return ids;
}

}  // namespace assay

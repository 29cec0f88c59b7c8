#include "traces/text/grammar_scan.hpp"

#include <cstring>

#include "traces/abi/arm64/constants.hpp"

namespace assay::traces::text {
namespace {

constexpr std::uint64_t at_fdcwd = static_cast<std::uint64_t>(-100);

constexpr std::array<std::int8_t, 256> hex_digits = [] {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::int8_t digit = 0; digit < 16; ++digit) {
    const auto at = static_cast<std::size_t>(digit);
    out[static_cast<unsigned char>("0123456789abcdef"[at])] = digit;
    out[static_cast<unsigned char>("0123456789ABCDEF"[at])] = digit;
  }
  return out;
}();

// -1: it is none.
int hex_digit(char c) { return hex_digits[static_cast<unsigned char>(c)]; }

// The digits of one base. False: they do not fit 64 bits.
bool read_hexadecimal(const char*& at, const char* last, std::uint64_t& value) {
  const char* const end_of_safe = last - at > 16 ? at + 16 : last;
  for (int digit; at != end_of_safe && (digit = hex_digit(*at)) >= 0; ++at)
    value = value << 4 | static_cast<unsigned>(digit);
  bool fits = true;
  for (int digit; at != last && (digit = hex_digit(*at)) >= 0; ++at) {
    fits = fits && (value >> 60) == 0;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return fits;
}

bool read_digits(const char*& at, const char* last, unsigned base, std::uint64_t& value) {
  const char* const end_of_safe = last - at > 19 ? at + 19 : last;
  for (; at != end_of_safe && is(*at, char_digit); ++at)
    value = value * base + static_cast<unsigned>(*at - '0');
  bool fits = true;
  for (; at != last && is(*at, char_digit); ++at) {
    fits = fits && !__builtin_mul_overflow(value, base, &value) &&
           !__builtin_add_overflow(value, static_cast<unsigned>(*at - '0'), &value);
  }
  return fits;
}

bool is_octal(const char* at, const char* last) {
  if (*at != '0' || last - at < 2 || !is(at[1], char_digit)) return false;
  for (; at != last && is(*at, char_digit); ++at)
    if (*at > '7') return false;
  return true;
}

// Past the closing bracket that belongs to the '(' at `at`; nullptr: there is none.
const char* skip_balanced(const char* at, const char* last) {
  unsigned depth = 0;
  while (at != last) {
    if (*at == '"') {
      Span ignored;
      if (!scan_quoted(at, last, ignored) || !ignored.begin) return nullptr;
      continue;
    }
    if (*at == '(') ++depth;
    if (*at == ')' && --depth == 0) return at + 1;
    ++at;
  }
  return nullptr;
}

enum class Operator : std::uint8_t { none, alternative, join, shift, times, plus, minus, other };

struct OperatorText {
  std::string_view text;
  Operator means;
};

constexpr OperatorText operator_texts[] = {
    {"or", Operator::alternative}, {"||", Operator::other}, {"|", Operator::join},
    {"<<", Operator::shift},       {"<=", Operator::other}, {"*", Operator::times},
    {"+", Operator::plus},         {"-", Operator::minus},  {"&&", Operator::other},
    {"==", Operator::other},       {"!=", Operator::other}, {">=", Operator::other},
    {"&", Operator::other},
};

// An operator with the blanks around it: either on both sides or on none, so that [1 -2] is two
// elements.
Operator scan_operator(const char*& first, const char* last) {
  const char* at = skip_blanks(first, last);
  const bool spaced = at != first;
  constexpr std::string_view begin_operators = "o|<*+-&=!>";
  if (at == last || begin_operators.find(*at) == std::string_view::npos) return Operator::none;
  for (const OperatorText& candidate : operator_texts) {
    if (!begins(at, last, candidate.text)) continue;
    at += candidate.text.size();
    const char* next = skip_blanks(at, last);
    const bool word = candidate.means == Operator::alternative;
    if ((next != at) != spaced || (word && !spaced)) return Operator::none;
    first = next;
    return candidate.means;
  }
  return Operator::none;
}

struct Term {
  std::uint64_t value = 0;
  bool known = false;
};

// One operand of an expression.
bool scan_term(const char*& first, const char* last, Term& out) {
  const char* at = first;
  while (at != last && (*at == '!' || *at == '&' || *at == '~')) ++at;
  const bool plain = at == first;
  Number number;
  Span name;
  if (at != last && *at == '(') {
    at = skip_balanced(at, last);
    if (!at) return false;
    out = {};
  } else if (scan_number(at, last, number)) {
    out = {number.value, number.exact && plain};
  } else if (scan_name(at, last, name)) {
    const bool is_call = at != last && *at == '(';
    if (is_call) at = skip_balanced(at, last);
    if (!at) return false;
    const auto value = is_call ? std::nullopt : constant_value(name.view());
    out = {value.value_or(0), value.has_value() && plain};
  } else if (last - at >= 3 && *at == '\'') {
    const char* end = at[1] == '\\' ? at + 3 : at + 2;  // 'a', '\n'
    if (end >= last || *end != '\'') return false;
    out = {static_cast<unsigned char>(at[1]), at[1] != '\\' && plain};
    at = end + 1;
  } else {
    return false;
  }
  if (at != last && is(*at, char_name)) return false;  // 12abc
  first = at;
  return true;
}

// Applies an operator; `joined` collects what stands left of the last '|'.
void apply(Operator op, const Term& right, std::uint64_t& joined, Term& left) {
  const std::uint64_t before = left.value;
  bool known = left.known && right.known;
  switch (op) {
    case Operator::join:
      joined |= before;
      left.value = right.value;
      break;
    case Operator::alternative: known = known && before == right.value; break;
    case Operator::shift:
      known = known && right.value < 64;
      left.value = known ? before << right.value : 0;
      break;
    case Operator::times: left.value = before * right.value; break;
    case Operator::plus: left.value = before + right.value; break;
    case Operator::minus: left.value = before - right.value; break;
    case Operator::none:
    case Operator::other: known = false; break;
  }
  left.known = known;
}

}  // namespace

bool scan_index_name(const char*& first, const char* last, Span& out) {
  const char* at = first + 1;
  while (at != last && is(*at, char_name)) ++at;
  if (last - at < 2 || at == first + 1 || at[0] != ']' || at[1] != '=') return false;
  if (last - at > 2 && (at[2] == '>' || at[2] == '=')) return false;
  out = {first, at + 1};
  first = at + 2;
  return true;
}

bool scan_number_slowly(const char*& first, const char* last, Number& out) {
  const char* at = first;
  const bool negative = *at == '-';
  if (negative) ++at;
  if (at == last || !is(*at, char_digit)) return false;
  out = {};
  if (last - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x' && hex_digit(at[2]) >= 0) {
    at += 2;
    out.hexadecimal = true;
    out.exact = read_hexadecimal(at, last, out.value);
  } else {
    out.exact = read_digits(at, last, is_octal(at, last) ? 8 : 10, out.value);
    if (last - at > 1 && *at == '.' && is(at[1], char_digit)) {
      out.exact = false;
      for (++at; at != last && is(*at, char_digit);) ++at;
    }
  }
  if (negative) {
    out.exact = out.exact && out.value <= std::uint64_t{1} << 63;
    out.value = 0 - out.value;
  }
  out.span = {first, at};
  first = at;
  return true;
}

bool operator_follows(const char* at, const char* last) {
  return scan_operator(at, last) != Operator::none;
}

bool scan_name_value(const char*& first, const char* last, Symbol& out) {
  const char* at = first;
  Span name;
  if (!scan_name(at, last, name) || (at != last && !is(*at, char_value_end))) return false;
  if (at != last && is(*at, char_blank) && operator_follows(at, last)) return false;
  const auto value = constant_value(name.view());
  out = {name, value.value_or(0), value.has_value()};
  first = at;
  return true;
}

bool scan_expression(const char*& first, const char* last, Symbol& out) {
  const char* at = first;
  Term left;
  if (!scan_term(at, last, left)) return false;
  std::uint64_t joined = 0;
  for (;;) {
    const char* next = at;
    const Operator op = scan_operator(next, last);
    Term right;
    if (op == Operator::none || !scan_term(next, last, right)) break;
    apply(op, right, joined, left);
    at = next;
  }
  out = {{first, at}, left.known ? joined | left.value : 0, left.known};
  first = at;
  return true;
}

bool scan_quoted(const char*& first, const char* last, Span& out) {
  if (first == last || *first != '"') return false;
  for (const char* at = first + 1; at != last; ++at) {
    if (*at == '\\' && last - at > 1) {
      ++at;
    } else if (*at == '"') {
      out = {first + 1, at};
      first = at + 1;
      return true;
    }
  }
  out = {};
  return true;
}

bool scan_link(const char*& first, const char* last, Span& out) {
  if (first == last || *first != '<') return false;
  unsigned depth = 1;
  bool bracketed = false;  // in TCP:[a->b] the arrow closes nothing
  for (const char* at = first + 1; at != last; ++at) {
    if (!is(*at, char_link)) continue;
    if (*at == '[') bracketed = true;
    if (*at == '<') ++depth;
    if (*at != '>' || (bracketed && at[-1] == '-') || --depth > 0) continue;
    out = {first + 1, at};
    first = at + 1;
    return true;
  }
  out = {};
  return true;
}

bool scan_handle(const char*& first, const char* last, Handle& out) {
  const char* at = first;
  Number number;
  constexpr std::string_view here = "AT_FDCWD<";
  if (at != last && *at == 'A' && begins(at, last, here)) {
    number = {{at, at + here.size() - 1}, at_fdcwd, false, true};
    at += here.size() - 1;
  } else if (!scan_number(at, last, number)) {
    return false;
  }
  if (last - at < 2 || at[0] != '<' || at[1] == '<') return false;
  out.descriptor = number.span;
  out.value = number.value;
  if (!scan_link(at, last, out.link)) return false;
  constexpr std::string_view deleted = "(deleted)";
  out.deleted = begins(at, last, deleted);
  if (out.deleted) at += deleted.size();
  first = at;
  return true;
}

bool scan_comment_gap(const char*& first, const char* last, Gap& out) {
  while (begins(first, last, "/*")) {
    const std::string_view rest(first + 2, static_cast<std::size_t>(last - first) - 2);
    const std::size_t end = rest.find("*/");
    if (end == std::string_view::npos) return false;
    const char* from = skip_blanks(rest.data(), rest.data() + end);
    out.unreadable = out.unreadable || begins(from, rest.data() + end, "unreadable");
    first = skip_blanks(rest.data() + end + 2, last);
  }
  return true;
}

}  // namespace assay::traces::text

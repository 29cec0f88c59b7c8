// Terminals that belong to one place of a line: the columns before a call, what follows its result,
// and the words of an event.
#include <algorithm>
#include <cstring>

#include "traces/abi/arm64/constants.hpp"
#include "traces/text/grammar_scan.hpp"

namespace assay::traces::text {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

// A decimal of at most eleven digits: enough for seconds whose nanoseconds fit 64 bits.
bool scan_count(const char*& first, const char* last, std::uint64_t& out) {
  const char* at = first;
  std::uint64_t value = 0;
  for (; at != last && is(*at, char_digit); ++at) {
    if (at - first == 11) return false;
    value = value * 10 + static_cast<unsigned>(*at - '0');
  }
  if (at == first) return false;
  out = value;
  first = at;
  return true;
}

bool scan_tid_number(const char*& first, const char* last, std::uint32_t& out) {
  std::uint64_t value = 0;
  const char* at = first;
  if (!scan_count(at, last, value) || value > UINT32_MAX) return false;
  out = static_cast<std::uint32_t>(value);
  first = at;
  return true;
}

// ".25" -> 250'000'000. Digits beyond nanoseconds are dropped. Nothing there is 0.
std::uint64_t scan_fraction(const char*& at, const char* last) {
  if (last - at < 2 || *at != '.' || !is(at[1], char_digit)) return 0;
  std::uint64_t value = 0;
  std::uint64_t unit = second_ns;
  for (++at; at != last && is(*at, char_digit); ++at) {
    if (unit == 1) continue;
    unit /= 10;
    value += unit * static_cast<unsigned>(*at - '0');
  }
  return value;
}

// 1795211287.749141, 1795211287, 12:01:02.000003
bool scan_clock(const char*& first, const char* last, std::uint64_t& out) {
  const char* at = first;
  std::uint64_t seconds = 0;
  if (!scan_count(at, last, seconds)) return false;
  for (int i = 0; i < 2 && last - at > 1 && *at == ':' && is(at[1], char_digit); ++i) {
    std::uint64_t part = 0;
    ++at;
    if (!scan_count(at, last, part) || seconds > 1'000'000 || part > 59) return false;
    seconds = seconds * 60 + part;
  }
  const std::uint64_t fraction_ns = scan_fraction(at, last);
  if (seconds > (UINT64_MAX - fraction_ns) / second_ns) return false;
  out = seconds * second_ns + fraction_ns;
  first = at;
  return true;
}

// The column has to end with a blank; takes the blanks.
bool end_of_column(const char*& at, const char* last) {
  if (at == last || !is(*at, char_blank)) return false;
  at = skip_blanks(at, last);
  return true;
}

// "   vcpu-0-1234  (  1200) [002] d..1.  1234.567890: ". The task name may hold anything, so the
// way in is the bracketed CPU number and then backwards.
bool find_event_columns(const char*& first, const char* last, const char* limit,
                        EventColumns& out) {
  const char* begin = skip_blanks(first, limit);
  out = {};
  const char* at = nullptr;
  const char* end = nullptr;
  for (const char* p = begin; p != limit; ++p) {
    if (*p != '[' || p == begin || p[-1] != ' ') continue;
    at = p;
    if (scan_cpu(at, last, out.cpu)) {
      end = p;
      break;
    }
  }
  if (!end) return false;
  while (end != begin && end[-1] == ' ') --end;
  if (end != begin && end[-1] == ')') {  // the thread group
    while (end != begin && *end != '(') --end;
    while (end != begin && end[-1] == ' ') --end;
  }
  const char* digits = end;
  while (digits != begin && is(digits[-1], char_digit)) --digits;
  const char* tid = digits;
  if (tid == begin || !scan_tid_number(tid, end, out.tid) || tid != end) return false;
  if (digits[-1] != '-' && digits[-1] != ' ') return false;
  const char* comm_end = digits - 1;
  while (comm_end != begin && comm_end[-1] == ' ') --comm_end;
  out.comm = {begin, comm_end};
  if (comm_end == begin) return false;
  if (at != last && !is(*at, char_digit)) {  // flags
    while (at != last && !is(*at, char_blank)) ++at;
    at = skip_blanks(at, last);
  }
  if (!scan_clock(at, last, out.time_ns) || at == last || *at++ != ':') return false;
  if (!end_of_column(at, last)) return false;
  first = at;
  return true;
}

}  // namespace

bool scan_thread(const char*& first, const char* last, ThreadColumn& out) {
  const char* at = first;
  constexpr std::string_view pid = "[pid ";
  const bool bracketed = begins(at, last, pid);
  if (bracketed) at = skip_blanks(at + pid.size(), last);
  out = {};
  if (!scan_tid_number(at, last, out.tid)) return false;
  if (at != last && *at == '<' && (!scan_link(at, last, out.comm) || !out.comm.begin)) return false;
  if (bracketed && (at == last || *at++ != ']')) return false;
  if (!end_of_column(at, last)) return false;
  first = at;
  return true;
}

bool scan_time(const char*& first, const char* last, std::uint64_t& out) {
  const char* at = first;
  if (!scan_clock(at, last, out) || !end_of_column(at, last)) return false;
  constexpr std::string_view since_last = "(+";  // of strace -r -t
  if (begins(at, last, since_last)) {
    at = skip_blanks(at + since_last.size(), last);
    std::uint64_t ignored = 0;
    if (!scan_clock(at, last, ignored) || at == last || *at++ != ')') return false;
    if (!end_of_column(at, last)) return false;
  }
  first = at;
  return true;
}

bool scan_cpu(const char*& first, const char* last, std::int32_t& out) {
  if (first == last || *first != '[') return false;
  const char* at = first + 1;
  std::uint64_t value = 0;
  if (!scan_count(at, last, value) || at - first < 4 || at - first > 6) return false;
  if (at == last || *at++ != ']' || !end_of_column(at, last)) return false;
  out = static_cast<std::int32_t>(value);
  first = at;
  return true;
}

bool scan_other_column(const char*& first, const char* last, Span& out) {
  if (first == last || *first != '[') return false;
  constexpr std::string_view allowed = "0123456789abcdefx? ";
  const char* at = first + 1;
  while (at != last && allowed.find(*at) != std::string_view::npos) ++at;
  if (at - first > 24 || at == last || *at++ != ']' || !end_of_column(at, last)) return false;
  out = {first, at};
  first = at;
  return true;
}

bool scan_event_columns(const char*& first, const char* last, EventColumns& out) {
  constexpr std::ptrdiff_t columns_max = 80;
  constexpr std::size_t comm_bytes_max = 16;  // TASK_COMM_LEN
  const char* const limit = last - first > columns_max ? first + columns_max : last;
  const char* at = first;
  if (!find_event_columns(at, last, limit, out)) return false;
  if (out.comm.view().size() > comm_bytes_max) return false;
  first = at;
  return true;
}

bool has_event_columns(const char* first, const char* last) {
  EventColumns ignored;
  return find_event_columns(first, last, last, ignored);
}

bool scan_errno(const char*& first, const char* last, Span& out) {
  const char* at = first;
  if (!scan_name(at, last, out) || *first != 'E') return false;
  first = at;
  return true;
}

bool scan_remark(const char*& first, const char* last, Span& out) {
  if (first == last || *first != '(') return false;
  const char* end = last;
  while (end != first && is(end[-1], char_blank)) --end;
  if (end != first && end[-1] == '>') {  // a <duration> follows
    do --end;
    while (end != first && *end != '<');
    while (end != first && is(end[-1], char_blank)) --end;
  }
  while (end != first && end[-1] != ')') --end;
  if (end - first < 2) return false;
  out = {first + 1, end - 1};
  first = end;
  return true;
}

bool scan_duration(const char*& first, const char* last, std::uint64_t& out) {
  if (first == last || *first != '<') return false;
  const char* at = first + 1;
  if (!scan_clock(at, last, out) || at == last || *at != '>') return false;
  first = at + 1;
  return true;
}

bool scan_event_gap(const char*& first, const char* last, Span& out) {
  const char* at = first;
  for (;;) {
    while (at != last && is(*at, char_event_end)) ++at;
    if (!begins(at, last, "==>")) break;
    at += 3;
  }
  out = {first, at};
  first = at;
  return true;
}

// A key is a word with a value: `word=`, `word: ` unless another key follows, `word ` before a
// number.
bool scan_event_key(const char*& first, const char* last, Span& out) {
  const char* at = first;
  if (at == last || !is(*at, char_name_start)) return false;
  constexpr std::string_view also = ".->/";
  while (at != last && (is(*at, char_name) || also.find(*at) != std::string_view::npos)) ++at;
  if (at == last) return false;
  const char* const end = at;
  if (*at == '=') {
    ++at;
  } else if (*at == ':' && last - at > 1 && at[1] == ' ') {
    at = skip_blanks(at + 1, last);
    const char* next = at;
    while (next != last && is(*next, char_name)) ++next;
    if (at == last || (next != last && *next == ':')) return false;
  } else if (*at == ' ') {
    const char* number = ++at;
    Number ignored;
    if (!scan_event_number(number, last, ignored)) return false;
  } else {
    return false;
  }
  out = {first, end};
  first = at;
  return true;
}

bool scan_event_comm(const char*& first, const char* last, Span& out) {
  const char* at = first;
  for (; at != last; ++at) {
    if (*at != ' ') continue;
    if (begins(at, last, " ==>")) break;
    const char* next = at + 1;
    while (next != last && is(*next, char_name)) ++next;
    if (next != last && next != at + 1 && *next == '=') break;
  }
  while (at != first && is(at[-1], char_blank)) --at;
  out = {first, at};
  first = at;
  return true;
}

bool scan_event_number(const char*& first, const char* last, Number& out) {
  const char* at = first;
  if (!scan_number(at, last, out) || (at != last && !is(*at, char_event_end))) return false;
  first = at;
  return true;
}

bool scan_event_handle(const char*& first, const char* last, Handle& out) {
  const char* at = first;
  if (!scan_handle(at, last, out) || !out.link.begin) return false;
  if (at != last && !is(*at, char_event_end)) return false;
  first = at;
  return true;
}

bool scan_event_word(const char*& first, const char* last, Symbol& out) {
  const char* at = first;
  while (at != last && !is(*at, char_event_end)) ++at;
  if (at == first) return false;
  const char* end = at;
  if (end - first > 1 && end[-1] == ':') --end;  // a tag: `TRAP: `
  const auto value = constant_value({first, static_cast<std::size_t>(end - first)});
  out = {{first, end}, value.value_or(0), value.has_value()};
  first = at;
  return true;
}

}  // namespace assay::traces::text

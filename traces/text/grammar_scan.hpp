// The terminals of the grammar: functions that read one token at `first`, move it past the token
// and say what they saw, or return false and leave it alone. Only grammar*.cpp include this.
//
// Spirit composes them; they are plain functions because they are where the time goes. All are
// linear and none recurses.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "traces/text/grammar_builder.hpp"

namespace assay::traces::text {

enum CharClass : std::uint8_t {
  char_name_start = 1,  // letters and _
  char_name = 2,        // the same and digits
  char_digit = 4,
  char_value_end = 8,   // may stand directly behind a complete value
  char_blank = 16,      // space and tab
  char_event_end = 32,  // ends a word of an event
  char_link = 64        // says where a descriptor's <...> ends
};

inline constexpr std::array<std::uint8_t, 256> char_classes = [] {
  std::array<std::uint8_t, 256> out{};
  const auto set = [&out](std::string_view chars, int bits) {
    for (const char c : chars) {
      std::uint8_t& entry = out[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  for (char c = 'a'; c <= 'z'; ++c) set({&c, 1}, char_name_start | char_name);
  for (char c = 'A'; c <= 'Z'; ++c) set({&c, 1}, char_name_start | char_name);
  set("_", char_name_start | char_name);
  set("0123456789", char_digit | char_name);
  set(",)}]=/ \t", char_value_end);
  set(" \t", char_blank);
  set(" \t,()", char_event_end);
  set("<>[", char_link);
  return out;
}();

inline bool is(char c, int bits) { return char_classes[static_cast<unsigned char>(c)] & bits; }

// Whether `first` begins with a text; the text's length is then to be skipped by the caller.
inline bool begins(const char* first, const char* last, std::string_view with) {
  return static_cast<std::size_t>(last - first) >= with.size() &&
         std::string_view(first, with.size()) == with;
}

inline const char* skip_blanks(const char* at, const char* last) {
  while (at != last && is(*at, char_blank)) ++at;
  return at;
}

// KVM_RUN, st_mtim.tv_sec
inline bool scan_name(const char*& first, const char* last, Span& out) {
  const char* at = first;
  if (at == last || !is(*at, char_name_start)) return false;
  for (;; ++at) {
    do ++at;
    while (at != last && is(*at, char_name));
    if (last - at < 2 || *at != '.' || !is(at[1], char_name_start)) break;
  }
  out = {first, at};
  first = at;
  return true;
}

// `name=` or `[index]=` before a value; out is what stands before the '='.
bool scan_index_name(const char*& first, const char* last, Span& out);
inline bool scan_member_name(const char*& first, const char* last, Span& out) {
  const char* at = first;
  if (!scan_name(at, last, out)) {
    return first != last && *first == '[' && scan_index_name(first, last, out);
  }
  if (at == last || *at != '=') return false;
  if (last - at > 1 && (at[1] == '=' || at[1] == '>')) return false;
  first = at + 1;
  return true;
}

// 17, 0x30, -1, 0644 (octal), 1.5 (not exact)
bool scan_number_slowly(const char*& first, const char* last, Number& out);
inline bool scan_number(const char*& first, const char* last, Number& out) {
  if (first == last || (!is(*first, char_digit) && *first != '-')) return false;
  // A single decimal digit is by far the most frequent number.
  if (is(*first, char_digit) &&
      (last - first == 1 || (!is(first[1], char_name) && first[1] != '.'))) {
    out = {{first, first + 1}, static_cast<std::uint64_t>(*first - '0'), false, true};
    ++first;
    return true;
  }
  return scan_number_slowly(first, last, out);
}

// Whether what begins with a blank at `at` continues an expression: `X or Y`, `60 * 1000`.
bool operator_follows(const char* at, const char* last);

// A number that is the whole value.
inline bool scan_number_value(const char*& first, const char* last, Number& out) {
  const char* at = first;
  if (!scan_number(at, last, out) || (at != last && !is(*at, char_value_end))) return false;
  if (at != last && is(*at, char_blank) && operator_follows(at, last)) return false;
  first = at;
  return true;
}

// A name that is the whole value, with its number if it is a known constant.
bool scan_name_value(const char*& first, const char* last, Symbol& out);

// A|B|0x10, X or Y, 1<<3, 60*1000, makedev(0x5, 0x1), WIFEXITED(s) && WEXITSTATUS(s) == 0
bool scan_expression(const char*& first, const char* last, Symbol& out);

// "text" with escapes; out is what stands between the quotes. nullptr in out: no closing quote.
bool scan_quoted(const char*& first, const char* last, Span& out);

// <anon_inode:kvm-vm>, </dev/kvm<char 10:232>>, <TCP:[a->b]>. nullptr in out: not closed.
bool scan_link(const char*& first, const char* last, Span& out);

struct Handle {
  Span descriptor;
  std::uint64_t value = 0;
  Span link;
  bool deleted = false;
};

// 5<anon_inode:kvm-vcpu:0>, AT_FDCWD</>
bool scan_handle(const char*& first, const char* last, Handle& out);

// Blanks and /* comments */. Never fails on a missing comment; false: the comment has no end.
struct Gap {
  bool unreadable = false;  // there was a /* unreadable */
};
bool scan_comment_gap(const char*& first, const char* last, Gap& out);
inline bool scan_gap(const char*& first, const char* last, Gap& out) {
  first = skip_blanks(first, last);
  return first == last || *first != '/' || scan_comment_gap(first, last, out);
}

// --- columns before a call (grammar_columns.cpp) ---

struct ThreadColumn {
  std::uint32_t tid = 0;
  Span comm;
};
struct EventColumns {
  Span comm;
  std::uint32_t tid = 0;
  std::int32_t cpu = -1;
  std::uint64_t time_ns = 0;
};

bool scan_thread(const char*& first, const char* last, ThreadColumn& out);  // "96 ", "[pid 96] "
bool scan_time(const char*& first, const char* last, std::uint64_t& out);   // "12:01:02.5 "
bool scan_cpu(const char*& first, const char* last, std::int32_t& out);     // "[002] "
bool scan_other_column(const char*& first, const char* last, Span& out);    // "[  29] " of -n, -i
bool scan_event_columns(const char*& first, const char* last, EventColumns& out);
// Whether such columns, however wide, stand anywhere behind an event's name: then the name is part
// of a task's name, and the event is the kernel's.
bool has_event_columns(const char* first, const char* last);

// --- parts of a result ---

bool scan_errno(const char*& first, const char* last, Span& out);              // EINVAL
bool scan_remark(const char*& first, const char* last, Span& out);             // (Invalid argument)
bool scan_duration(const char*& first, const char* last, std::uint64_t& out);  // <0.000012>

// --- words of an event ---

bool scan_event_gap(const char*& first, const char* last, Span& out);   // what separates words
bool scan_event_key(const char*& first, const char* last, Span& out);   // `PC: `, `level=`, `IRQ `
bool scan_event_comm(const char*& first, const char* last, Span& out);  // may contain spaces
bool scan_event_number(const char*& first, const char* last, Number& out);
bool scan_event_handle(const char*& first, const char* last, Handle& out);
bool scan_event_word(const char*& first, const char* last, Symbol& out);

}  // namespace assay::traces::text

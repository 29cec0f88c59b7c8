// The closed set of answers a modelled call can give: success, or one of Linux's error numbers.
//
// Values are Linux's own (asm-generic), so that a trace's number is an Errno without translation.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

enum class Errno : std::uint8_t {
  ok = 0,
  perm = 1,
  noent = 2,
  intr = 4,
  io = 5,
  nxio = 6,
  toobig = 7,
  noexec = 8,
  badf = 9,
  again = 11,
  nomem = 12,
  acces = 13,
  fault = 14,
  busy = 16,
  exist = 17,
  nodev = 19,
  inval = 22,
  nfile = 23,
  mfile = 24,
  notty = 25,
  fbig = 27,
  nospc = 28,
  dom = 33,
  nosys = 38,
  opnotsupp = 95,
  // Failures that are no answer of a rule; they never count as success.
  unlisted = 254,  // with a number outside this set: no rule gives it
  untold = 255,    // the trace does not tell the number: any failure
};

// The member with this number, or unlisted.
Errno errno_of(std::int64_t number);

// "EINVAL"; "0" for success; "E?" for a number outside the set above.
std::string_view name_of(Errno code);
// strerror's text for the same number, independent of the C library's locale: "Invalid argument".
std::string_view text_of(Errno code);
// The inverse of name_of. Nothing for a name outside the set.
std::optional<Errno> errno_named(std::string_view name);
// Every answer of rules, success first, ascending.
const Errno* all_errnos(unsigned& count);

}  // namespace assay

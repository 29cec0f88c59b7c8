#include "model/errno.hpp"

#include <array>

namespace assay {
namespace {

struct Entry {
  Errno code;
  std::string_view name, text;
};

constexpr std::array table{
    Entry{Errno::ok, "0", "Success"},
    Entry{Errno::perm, "EPERM", "Operation not permitted"},
    Entry{Errno::noent, "ENOENT", "No such file or directory"},
    Entry{Errno::intr, "EINTR", "Interrupted system call"},
    Entry{Errno::io, "EIO", "Input/output error"},
    Entry{Errno::nxio, "ENXIO", "No such device or address"},
    Entry{Errno::toobig, "E2BIG", "Argument list too long"},
    Entry{Errno::noexec, "ENOEXEC", "Exec format error"},
    Entry{Errno::badf, "EBADF", "Bad file descriptor"},
    Entry{Errno::again, "EAGAIN", "Resource temporarily unavailable"},
    Entry{Errno::nomem, "ENOMEM", "Cannot allocate memory"},
    Entry{Errno::acces, "EACCES", "Permission denied"},
    Entry{Errno::fault, "EFAULT", "Bad address"},
    Entry{Errno::busy, "EBUSY", "Device or resource busy"},
    Entry{Errno::exist, "EEXIST", "File exists"},
    Entry{Errno::nodev, "ENODEV", "No such device"},
    Entry{Errno::inval, "EINVAL", "Invalid argument"},
    Entry{Errno::nfile, "ENFILE", "Too many open files in system"},
    Entry{Errno::mfile, "EMFILE", "Too many open files"},
    Entry{Errno::notty, "ENOTTY", "Inappropriate ioctl for device"},
    Entry{Errno::fbig, "EFBIG", "File too large"},
    Entry{Errno::nospc, "ENOSPC", "No space left on device"},
    Entry{Errno::dom, "EDOM", "Numerical argument out of domain"},
    Entry{Errno::nosys, "ENOSYS", "Function not implemented"},
    Entry{Errno::opnotsupp, "EOPNOTSUPP", "Operation not supported"},
};

constexpr auto codes = [] {
  std::array<Errno, table.size()> out{};
  for (std::size_t i = 0; i < table.size(); ++i) out[i] = table[i].code;
  return out;
}();

}  // namespace

Errno errno_of(std::int64_t number) {
  for (const Entry& e : table)
    if (static_cast<std::int64_t>(e.code) == number) return e.code;
  return Errno::unlisted;
}

std::string_view name_of(Errno code) {
  if (code == Errno::unlisted) return "EUNLISTED";
  if (code == Errno::untold) return "a failure";
  for (const Entry& e : table)
    if (e.code == code) return e.name;
  return "E?";
}

std::string_view text_of(Errno code) {
  for (const Entry& e : table)
    if (e.code == code) return e.text;
  return code == Errno::unlisted ? "an error that no rule gives" : "Unknown error";
}

std::optional<Errno> errno_named(std::string_view name) {
  for (const Entry& e : table)
    if (e.name == name && e.code != Errno::ok) return e.code;
  return std::nullopt;
}

const Errno* all_errnos(unsigned& count) {
  count = codes.size();
  return codes.data();
}

}  // namespace assay

// Error numbers and their names, as strace prints them: Linux's own (asm-generic, so arm64's and
// x86's alike), with the kernel-internal restart codes that a tracer sees.
//
// This is the whole list, because any trace may hold any of them. The few that a rule can answer
// are model/errno.hpp.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace assay::traces {

struct ErrnoName {
  std::int32_t number;
  std::string_view name;
  std::string_view text;  // what strerror says, in the C locale
};

inline constexpr std::array errno_names{
    ErrnoName{1, "EPERM", "Operation not permitted"},
    ErrnoName{2, "ENOENT", "No such file or directory"},
    ErrnoName{3, "ESRCH", "No such process"},
    ErrnoName{4, "EINTR", "Interrupted system call"},
    ErrnoName{5, "EIO", "Input/output error"},
    ErrnoName{6, "ENXIO", "No such device or address"},
    ErrnoName{7, "E2BIG", "Argument list too long"},
    ErrnoName{8, "ENOEXEC", "Exec format error"},
    ErrnoName{9, "EBADF", "Bad file descriptor"},
    ErrnoName{10, "ECHILD", "No child processes"},
    ErrnoName{11, "EAGAIN", "Resource temporarily unavailable"},
    ErrnoName{12, "ENOMEM", "Cannot allocate memory"},
    ErrnoName{13, "EACCES", "Permission denied"},
    ErrnoName{14, "EFAULT", "Bad address"},
    ErrnoName{15, "ENOTBLK", "Block device required"},
    ErrnoName{16, "EBUSY", "Device or resource busy"},
    ErrnoName{17, "EEXIST", "File exists"},
    ErrnoName{18, "EXDEV", "Invalid cross-device link"},
    ErrnoName{19, "ENODEV", "No such device"},
    ErrnoName{20, "ENOTDIR", "Not a directory"},
    ErrnoName{21, "EISDIR", "Is a directory"},
    ErrnoName{22, "EINVAL", "Invalid argument"},
    ErrnoName{23, "ENFILE", "Too many open files in system"},
    ErrnoName{24, "EMFILE", "Too many open files"},
    ErrnoName{25, "ENOTTY", "Inappropriate ioctl for device"},
    ErrnoName{26, "ETXTBSY", "Text file busy"},
    ErrnoName{27, "EFBIG", "File too large"},
    ErrnoName{28, "ENOSPC", "No space left on device"},
    ErrnoName{29, "ESPIPE", "Illegal seek"},
    ErrnoName{30, "EROFS", "Read-only file system"},
    ErrnoName{31, "EMLINK", "Too many links"},
    ErrnoName{32, "EPIPE", "Broken pipe"},
    ErrnoName{33, "EDOM", "Numerical argument out of domain"},
    ErrnoName{34, "ERANGE", "Numerical result out of range"},
    ErrnoName{35, "EDEADLK", "Resource deadlock avoided"},
    ErrnoName{36, "ENAMETOOLONG", "File name too long"},
    ErrnoName{37, "ENOLCK", "No locks available"},
    ErrnoName{38, "ENOSYS", "Function not implemented"},
    ErrnoName{39, "ENOTEMPTY", "Directory not empty"},
    ErrnoName{40, "ELOOP", "Too many levels of symbolic links"},
    ErrnoName{42, "ENOMSG", "No message of desired type"},
    ErrnoName{43, "EIDRM", "Identifier removed"},
    ErrnoName{44, "ECHRNG", "Channel number out of range"},
    ErrnoName{45, "EL2NSYNC", "Level 2 not synchronized"},
    ErrnoName{46, "EL3HLT", "Level 3 halted"},
    ErrnoName{47, "EL3RST", "Level 3 reset"},
    ErrnoName{48, "ELNRNG", "Link number out of range"},
    ErrnoName{49, "EUNATCH", "Protocol driver not attached"},
    ErrnoName{50, "ENOCSI", "No CSI structure available"},
    ErrnoName{51, "EL2HLT", "Level 2 halted"},
    ErrnoName{52, "EBADE", "Invalid exchange"},
    ErrnoName{53, "EBADR", "Invalid request descriptor"},
    ErrnoName{54, "EXFULL", "Exchange full"},
    ErrnoName{55, "ENOANO", "No anode"},
    ErrnoName{56, "EBADRQC", "Invalid request code"},
    ErrnoName{57, "EBADSLT", "Invalid slot"},
    ErrnoName{59, "EBFONT", "Bad font file format"},
    ErrnoName{60, "ENOSTR", "Device not a stream"},
    ErrnoName{61, "ENODATA", "No data available"},
    ErrnoName{62, "ETIME", "Timer expired"},
    ErrnoName{63, "ENOSR", "Out of streams resources"},
    ErrnoName{64, "ENONET", "Machine is not on the network"},
    ErrnoName{65, "ENOPKG", "Package not installed"},
    ErrnoName{66, "EREMOTE", "Object is remote"},
    ErrnoName{67, "ENOLINK", "Link has been severed"},
    ErrnoName{68, "EADV", "Advertise error"},
    ErrnoName{69, "ESRMNT", "Srmount error"},
    ErrnoName{70, "ECOMM", "Communication error on send"},
    ErrnoName{71, "EPROTO", "Protocol error"},
    ErrnoName{72, "EMULTIHOP", "Multihop attempted"},
    ErrnoName{73, "EDOTDOT", "RFS specific error"},
    ErrnoName{74, "EBADMSG", "Bad message"},
    ErrnoName{75, "EOVERFLOW", "Value too large for defined data type"},
    ErrnoName{76, "ENOTUNIQ", "Name not unique on network"},
    ErrnoName{77, "EBADFD", "File descriptor in bad state"},
    ErrnoName{78, "EREMCHG", "Remote address changed"},
    ErrnoName{79, "ELIBACC", "Can not access a needed shared library"},
    ErrnoName{80, "ELIBBAD", "Accessing a corrupted shared library"},
    ErrnoName{81, "ELIBSCN", ".lib section in a.out corrupted"},
    ErrnoName{82, "ELIBMAX", "Attempting to link in too many shared libraries"},
    ErrnoName{83, "ELIBEXEC", "Cannot exec a shared library directly"},
    ErrnoName{84, "EILSEQ", "Invalid or incomplete multibyte or wide character"},
    ErrnoName{85, "ERESTART", "Interrupted system call should be restarted"},
    ErrnoName{86, "ESTRPIPE", "Streams pipe error"},
    ErrnoName{87, "EUSERS", "Too many users"},
    ErrnoName{88, "ENOTSOCK", "Socket operation on non-socket"},
    ErrnoName{89, "EDESTADDRREQ", "Destination address required"},
    ErrnoName{90, "EMSGSIZE", "Message too long"},
    ErrnoName{91, "EPROTOTYPE", "Protocol wrong type for socket"},
    ErrnoName{92, "ENOPROTOOPT", "Protocol not available"},
    ErrnoName{93, "EPROTONOSUPPORT", "Protocol not supported"},
    ErrnoName{94, "ESOCKTNOSUPPORT", "Socket type not supported"},
    ErrnoName{95, "EOPNOTSUPP", "Operation not supported"},
    ErrnoName{96, "EPFNOSUPPORT", "Protocol family not supported"},
    ErrnoName{97, "EAFNOSUPPORT", "Address family not supported by protocol"},
    ErrnoName{98, "EADDRINUSE", "Address already in use"},
    ErrnoName{99, "EADDRNOTAVAIL", "Cannot assign requested address"},
    ErrnoName{100, "ENETDOWN", "Network is down"},
    ErrnoName{101, "ENETUNREACH", "Network is unreachable"},
    ErrnoName{102, "ENETRESET", "Network dropped connection on reset"},
    ErrnoName{103, "ECONNABORTED", "Software caused connection abort"},
    ErrnoName{104, "ECONNRESET", "Connection reset by peer"},
    ErrnoName{105, "ENOBUFS", "No buffer space available"},
    ErrnoName{106, "EISCONN", "Transport endpoint is already connected"},
    ErrnoName{107, "ENOTCONN", "Transport endpoint is not connected"},
    ErrnoName{108, "ESHUTDOWN", "Cannot send after transport endpoint shutdown"},
    ErrnoName{109, "ETOOMANYREFS", "Too many references: cannot splice"},
    ErrnoName{110, "ETIMEDOUT", "Connection timed out"},
    ErrnoName{111, "ECONNREFUSED", "Connection refused"},
    ErrnoName{112, "EHOSTDOWN", "Host is down"},
    ErrnoName{113, "EHOSTUNREACH", "No route to host"},
    ErrnoName{114, "EALREADY", "Operation already in progress"},
    ErrnoName{115, "EINPROGRESS", "Operation now in progress"},
    ErrnoName{116, "ESTALE", "Stale file handle"},
    ErrnoName{117, "EUCLEAN", "Structure needs cleaning"},
    ErrnoName{118, "ENOTNAM", "Not a XENIX named type file"},
    ErrnoName{119, "ENAVAIL", "No XENIX semaphores available"},
    ErrnoName{120, "EISNAM", "Is a named type file"},
    ErrnoName{121, "EREMOTEIO", "Remote I/O error"},
    ErrnoName{122, "EDQUOT", "Disk quota exceeded"},
    ErrnoName{123, "ENOMEDIUM", "No medium found"},
    ErrnoName{124, "EMEDIUMTYPE", "Wrong medium type"},
    ErrnoName{125, "ECANCELED", "Operation canceled"},
    ErrnoName{126, "ENOKEY", "Required key not available"},
    ErrnoName{127, "EKEYEXPIRED", "Key has expired"},
    ErrnoName{128, "EKEYREVOKED", "Key has been revoked"},
    ErrnoName{129, "EKEYREJECTED", "Key was rejected by service"},
    ErrnoName{130, "EOWNERDEAD", "Owner died"},
    ErrnoName{131, "ENOTRECOVERABLE", "State not recoverable"},
    ErrnoName{132, "ERFKILL", "Operation not possible due to RF-kill"},
    ErrnoName{133, "EHWPOISON", "Memory page has hardware error"},
    ErrnoName{512, "ERESTARTSYS", "To be restarted if SA_RESTART is set"},
    ErrnoName{513, "ERESTARTNOINTR", "To be restarted"},
    ErrnoName{514, "ERESTARTNOHAND", "To be restarted if no handler"},
    ErrnoName{516, "ERESTART_RESTARTBLOCK", "Interrupted by signal"},
};

// "EINVAL" -> 22; 0 for a name that is not in the list.
constexpr std::int32_t errno_number(std::string_view name) {
  for (const ErrnoName& e : errno_names)
    if (e.name == name) return e.number;
  return 0;
}

// 22 -> its row; nullptr for a number that is not in the list.
constexpr const ErrnoName* errno_named(std::int32_t number) {
  for (const ErrnoName& e : errno_names)
    if (e.number == number) return &e;
  return nullptr;
}

static_assert(errno_number("EINVAL") == 22 && errno_named(14)->name == "EFAULT");

}  // namespace assay::traces

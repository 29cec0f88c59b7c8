// A call as text shows it: the narrow waist of the trace language.
//
// Native text, strace output, capture streams and programs for the performer all become, or come
// from, a `Call`: a name, a tree of arguments and a result. Only the dispatcher (model/dispatch)
// knows which rule a call belongs to, and only the grammar knows how a call is spelt.
//
// Nodes are flat and refer to their text by string_view, and a Call is reused from line to line,
// so that reading a trace allocates nothing per event.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace assay::traces {

// What one node of an argument tree is.
enum class NodeKind : std::uint8_t {
  number,     // 0x30, 17, -1           value
  symbol,     // KVM_CREATE_VM, A|B|0x4 text; value if every part is a known constant
  string,     // "/dev/kvm"             text, without quotes, still escaped
  handle,     // 5<anon_inode:kvm-vm>   value = the descriptor, text = what stands in < >
  pointer,    // 0xffffeabd5f20 where a structure was expected and nothing decoded it: unknown
  unknown,    // ?                      the trace says that it does not know
  structure,  // {a=1, b=2}             children, each with a name
  array,      // [1, 2]                 children
  change,     // 28 => 16               two children: before the call, after it
};

// What else the spelling of a node says; bits of Node::marks.
enum Mark : std::uint8_t {
  mark_truncated = 1,     // "abc"... or [1, 2, ...]: there was more
  mark_unreadable = 2,    // 0xdead /* unreadable */: a pointer that leads to no memory (EFAULT)
  mark_spaced = 4,        // [2 3]: elements separated by spaces, as in CPU and signal sets
  mark_inverted = 8,      // ~[RTMIN RT_1]: all but these
  mark_hexadecimal = 16,  // 0x30 and not 48; says nothing about the value
  mark_deleted = 32,      // 5</tmp/file>(deleted)
  mark_abstract = 64,     // @"name", a socket's
};

struct Node {
  NodeKind kind = NodeKind::unknown;
  std::uint8_t marks = 0;
  std::string_view name;    // of the member, empty for positional arguments
  std::string_view text;    // the exact source text of the value
  std::uint64_t value = 0;  // numbers (two's complement), handles, known constants
  bool has_value = false;
  std::uint32_t column = 0;       // 1-based, in the source line; 0 if there is no source text
  std::int32_t first_child = -1;  // index into Call::nodes, -1 none
  std::int32_t next = -1;         // next sibling, -1 none
};

enum class CallKind : std::uint8_t {
  syscall,  // name(args) = result
  event,    // ftrace form: name: field=value ...
  signal,   // --- SIGALRM {si_signo=SIGALRM, ...} ---     name "SIGALRM"; or "stopped"
  exit,     // +++ exited with 0 +++                       name "exited", result; or "killed", ...
};

// How much of a call a line holds. strace splits a call when another thread gets in between.
enum class CallPart : std::uint8_t {
  whole,
  unfinished,  // ioctl(5, KVM_RUN, 0 <unfinished ...>     body = what stands before <unfinished
  resumed,     // <... ioctl resumed>) = 0                 body = what follows
};

struct Call {
  CallKind kind = CallKind::syscall;
  CallPart part = CallPart::whole;
  bool kernel_columns = false;    // an event in ftrace's form: comm-tid [cpu] time: name: ...
  std::string_view name;          // "ioctl", "openat", "kvm_entry"
  std::uint32_t tid = 0;          // 0 = not told
  std::int32_t cpu = -1;          // the [cpu] column, or cpu= of native text; -1 not told
  std::uint64_t time_ns = 0;      // 0 = not told
  std::uint64_t duration_ns = 0;  // <0.000012> of strace -T; 0 = not told
  std::uint32_t tag = 0;          // performer: number of the operation; has no place in text
  std::uint64_t line = 0;         // 1-based line in the source, 0 for binary sources
  std::string_view comm;          // task name: ftrace's ("<...>" if it forgot) or 96<comm>'s
  std::string_view body;          // events, signals, exits and parts: the text after the name

  std::vector<Node> nodes;  // arguments (or event fields), flat
  std::int32_t first_arg = -1;

  bool has_result = false;       // false: unfinished, or "= ?"
  std::int64_t result = 0;       // the number after "="; -1 with errno set
  std::string_view errno_name;   // "EINVAL", empty on success
  std::int32_t error = 0;        // its number on Linux, 0 on success
  std::string_view result_link;  // "anon_inode:kvm-vm" of "= 4<anon_inode:kvm-vm>"
  std::string_view remark;       // what stands in parentheses after the result, up to the last
                                 // parenthesis: "Bad address) (INJECTED" when there are two

  // Forgets everything, keeps the capacity.
  void clear();
  const Node* argument(unsigned index) const;                      // nullptr when there are fewer
  const Node* child(const Node& of, std::string_view name) const;  // nullptr when absent
};

// Whether two calls say the same. How it was spelt does not count: not columns, not 0x30 or 48, nor
// the source text of composite nodes.
bool same(const Call& a, const Call& b);

// How deep arguments may nest. Every reader enforces it, so every walker may recurse.
inline constexpr unsigned nesting_max = 32;

}  // namespace assay::traces

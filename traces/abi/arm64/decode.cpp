#include "traces/abi/arm64/decode.hpp"

#include <algorithm>
#include <cstring>

#include "traces/abi/arm64/errno_names.hpp"

namespace assay::traces {
namespace {

constexpr std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace

bool Decoder::decode(const capture_record& record, std::span<const std::uint8_t> parts, Call& call,
                     Diagnostic& why) {
  call.clear();
  texts_.clear();
  texts_.reserve(4 * parts.size() + 4096);  // so that what keep() gave out never moves
  if (!split_parts(record, parts, why)) return false;
  on_ = handles_.find(record.fd);
  call.tid = record.tid;
  call.tag = record.tag;
  call.cpu = record.cpu_begin < 0 ? -1 : record.cpu_begin;
  call.time_ns = record.begin_ns;
  call.duration_ns = record.elapsed_ns;
  decode_kind(record, call);
  return true;
}

// The parts by their kind. An unknown kind is left to a newer reader.
bool Decoder::split_parts(const capture_record& record, Bytes bytes, Diagnostic& why) {
  for (Part& part : parts_) part = Part{};
  std::size_t at = 0;
  for (unsigned i = 0; i < record.parts; ++i) {
    capture_part header;
    const std::size_t left = bytes.size() - at;
    why = Diagnostic{};
    why.offset = sizeof(capture_record) + at;
    why.expected = "part";
    why.message = "the record ends before its parts do";
    if (left < sizeof header) return false;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    at += sizeof header;
    if (padded(header.bytes) > left - sizeof header) return false;
    if (header.kind < part_kinds) {
      parts_[header.kind] = {bytes.subspan(at, header.bytes), true,
                             (header.flags & CAPTURE_PART_UNREADABLE) != 0};
    }
    at += padded(header.bytes);
  }
  return true;
}

std::string_view Decoder::keep(std::string_view text) {
  if (texts_.size() + text.size() > texts_.capacity()) return {};
  const std::size_t at = texts_.size();
  texts_ += text;
  return std::string_view(texts_).substr(at);
}

// As the inside of a string: printable bytes as they are, others as \x17.
std::string_view Decoder::escaped(Bytes bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    const bool plain = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
    if (plain) {
      out += static_cast<char>(byte);
    } else {
      out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return keep(out);
}

void Decoder::decode_outcome(const capture_record& record, Call& call) {
  call.has_result = true;
  call.result = record.result;
  if (record.result != -1 || record.error == 0) return;
  call.error = record.error;
  if (const ErrnoName* known = errno_named(record.error)) {
    call.errno_name = known->name;
    call.remark = known->text;
  } else {
    call.remark = keep("errno " + std::to_string(record.error));
  }
}

void Decoder::decode_kind(const capture_record& record, Call& call) {
  NodeWriter to(call);
  const auto event = [&](std::string_view name) {
    call.kind = CallKind::event;
    call.name = name;
    call.duration_ns = 0;
  };
  const bool found = record.request & CAPTURE_AS_FOUND;
  switch (record.kind) {
    case CAPTURE_IOCTL: return decode_ioctl(record, call);
    case CAPTURE_OPEN: return found ? decode_found(record, call) : decode_open(record, call);
    case CAPTURE_CLOSE:
      call.name = "close";
      add_descriptor({}, record.fd, to);
      decode_outcome(record, call);
      return handles_.close(record.fd);
    case CAPTURE_MMAP: return decode_mmap(record, call);
    case CAPTURE_MUNMAP:
      call.name = "munmap";
      to.hexadecimal({}, record.arg[0]);
      to.number({}, record.arg[1]);
      return decode_outcome(record, call);
    case CAPTURE_AFFINITY:
      if (found) return decode_found(record, call);
      call.name = "sched_setaffinity";
      to.number({}, record.arg[0]);
      to.number({}, part(CAPTURE_IN).data.size());
      decode_affinity({}, to);
      return decode_outcome(record, call);
    case CAPTURE_CLONE:
      call.name = "clone";  // only threads are recorded
      to.add(NodeKind::symbol, "flags").text = "CLONE_VM|CLONE_FILES|CLONE_THREAD";
      return decode_outcome(record, call);
    case CAPTURE_DUP:
      call.name = "dup";
      add_descriptor({}, record.fd, to);
      decode_outcome(record, call);
      return learn(record, nullptr, call);
    case CAPTURE_LOST:
      event("lost");
      to.number("records", record.arg[0]);
      return;
    case CAPTURE_PROGRAM:
      event("program");
      handles_.clear();
      to.number("number", record.arg[0]);
      to.hexadecimal("arena", record.arg[1]);
      to.number("arena_bytes", record.arg[2]);
      return;
    case CAPTURE_END:
      event("program_end");
      to.number("number", record.arg[0]);
      to.number("status", static_cast<std::uint64_t>(record.result));
      to.number("last_tag", record.arg[1]);
      to.number("in_flight", record.arg[2]);
      to.number("log_was_read", record.request & CAPTURE_LOG_WAS_READ);
      return;
    case CAPTURE_LOG:
      event("kernel_log");
      to.add(NodeKind::string, "text").text = escaped(part(CAPTURE_PATH).data);
      return;
    default:
      event("unrecognised");
      to.number("kind", record.kind);
      return;
  }
}

void Decoder::decode_open(const capture_record& record, Call& call) {
  call.name = "openat";
  NodeWriter to(call);
  to.symbol({}, "AT_FDCWD", static_cast<std::uint64_t>(-100));
  const Part& path = part(CAPTURE_PATH);
  if (path.present && !path.unreadable) {
    to.add(NodeKind::string, {}).text = escaped(path.data);
  } else {
    to.add(NodeKind::unknown, {});
  }
  add_flags({}, Family::open_flag, record.arg[0], to);
  decode_outcome(record, call);
  learn(record, nullptr, call);
}

// What recording began with: not a call, but what later calls need to be understood.
void Decoder::decode_found(const capture_record& record, Call& call) {
  call.kind = CallKind::event;
  call.name = "found";
  call.duration_ns = 0;
  NodeWriter to(call);
  if (record.kind == CAPTURE_AFFINITY) {
    to.number("tid", record.arg[0]);
    return decode_affinity("affinity", to);
  }
  const Bytes path = part(CAPTURE_PATH).data;
  const std::string_view link(reinterpret_cast<const char*>(path.data()), path.size());
  const auto descriptor = static_cast<std::int32_t>(record.result);
  handles_.set(descriptor, descriptor_of_link(link));
  add_descriptor("fd", descriptor, to);
}

void Decoder::decode_mmap(const capture_record& record, Call& call) {
  call.name = "mmap";
  NodeWriter to(call);
  if (record.arg[0] == 0) {
    to.symbol({}, "NULL", 0);
  } else {
    to.hexadecimal({}, record.arg[0]);
  }
  to.number({}, record.arg[1]);
  if (record.request == 0) {  // an older recorder did not say
    to.add(NodeKind::unknown, {});
    to.add(NodeKind::unknown, {});
  } else {
    add_flags({}, Family::protection, record.request & 0xffffffff, to);
    add_flags({}, Family::map_flag, record.request >> 32, to);
  }
  add_descriptor({}, record.fd, to);
  to.hexadecimal({}, record.arg[2]);
  decode_outcome(record, call);
}

// A CPU mask as strace prints it: [2 3].
void Decoder::decode_affinity(std::string_view name, NodeWriter& to) {
  constexpr std::size_t mask_bytes_max = 1024;
  const Part& mask = part(CAPTURE_IN);
  if (!mask.present || mask.unreadable) {
    to.add(NodeKind::unknown, name);
    return;
  }
  to.open(NodeKind::array, name, mark_spaced);
  const std::size_t bytes = std::min(mask.data.size(), mask_bytes_max);
  for (std::size_t cpu = 0; cpu < bytes * 8; ++cpu)
    if (mask.data[cpu / 8] >> (cpu % 8) & 1) to.number({}, cpu);
  to.close();
}

}  // namespace assay::traces

#include "traces/binary.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "traces/stop.hpp"

namespace assay::traces {
namespace {

constexpr std::uint32_t format_version = 1;
enum Tag : std::uint8_t { tag_event = 1, tag_text = 2, tag_end = 3 };
enum Flag : std::uint8_t { flag_answered = 1, flag_returned = 2 };

struct FileHead {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint32_t rules;
  std::uint32_t reserved;
};
// 48 bytes, then `values` numbers of 8 bytes.
struct EventRecord {
  std::uint8_t tag, kind;
  std::uint16_t rule;
  std::uint32_t tid;
  std::int32_t fd, new_fd;
  std::int16_t cpu, on_id;
  std::uint8_t on, answer, flags, values;
  std::int64_t result;
  std::uint32_t unknown;
  std::uint32_t family;
  std::uint64_t time_ns;
};
static_assert(sizeof(EventRecord) == 48 && sizeof(FileHead) == 24);
constexpr std::size_t text_bytes_max = std::size_t{1} << 20;
constexpr std::size_t header_bytes_max = std::size_t{1} << 20;

}  // namespace

BinaryWriter::BinaryWriter(const Binder& binder, const TraceHeader& header)
    : binder_(binder), header_(header) {}

BinaryWriter::~BinaryWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);  // not closed properly: leave no half-written file behind
  ::unlink((path_ + ".part").c_str());
}

bool BinaryWriter::open(const std::string& path, Diagnostic& why) {
  path_ = path;
  file_ = std::fopen((path + ".part").c_str(), "wb");
  if (file_ == nullptr) {
    why.message = fmt::format("cannot create {}.part: {}", path, std::strerror(errno));
    return false;
  }
  std::string header = write_header(header_);
  FileHead head{};
  std::memcpy(head.magic, binary_magic.data(), sizeof(head.magic));
  head.version = format_version;
  head.header_bytes = static_cast<std::uint32_t>(header.size());
  head.rules = binder_.rule_count();
  append(&head, sizeof(head));
  append(header.data(), header.size());
  for (std::uint32_t r = 0; r < binder_.rule_count(); ++r) {
    std::string_view name = binder_.rule(r).name;
    std::uint8_t lengths[2] = {static_cast<std::uint8_t>(name.size()),
                               static_cast<std::uint8_t>(binder_.rule(r).arguments.size())};
    append(lengths, 2);
    append(name.data(), name.size());
  }
  return true;
}

void BinaryWriter::append(const void* data, std::size_t bytes) {
  buffer_.append(static_cast<const char*>(data), bytes);
  if (buffer_.size() < (std::size_t{1} << 18)) return;
  failed_ = failed_ || std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size();
  buffer_.clear();
}

void BinaryWriter::event(const TraceEvent& e) {
  EventRecord r{};
  r.tag = tag_event;
  r.kind = static_cast<std::uint8_t>(e.kind);
  r.rule = static_cast<std::uint16_t>(e.event.rule);
  r.tid = e.tid;
  r.fd = e.fd;
  r.new_fd = e.new_fd;
  r.cpu = static_cast<std::int16_t>(e.cpu);
  r.on_id = static_cast<std::int16_t>(e.on_id);
  r.on = static_cast<std::uint8_t>(e.on);
  r.answer = static_cast<std::uint8_t>(e.event.answer);
  r.flags = static_cast<std::uint8_t>((e.event.answered ? flag_answered : 0) |
                                      (e.event.has_returned ? flag_returned : 0));
  r.values = e.kind == TraceKind::rule
                 ? static_cast<std::uint8_t>(binder_.rule(e.event.rule).arguments.size())
                 : 0;
  r.result = e.result;
  r.unknown = e.event.unknown;
  r.family = e.family;
  r.time_ns = e.time_ns;
  append(&r, sizeof(r));
  append(e.event.value.data(), r.values * sizeof(std::uint64_t));
  ++records_;
}

void BinaryWriter::text(std::string_view line) {
  std::uint8_t tag[8] = {tag_text};
  auto length = static_cast<std::uint32_t>(std::min(line.size(), text_bytes_max));
  std::memcpy(tag + 4, &length, 4);
  append(tag, 8);
  append(line.data(), length);
  ++records_;
}

bool BinaryWriter::close(Diagnostic& why) {
  std::uint8_t tag[8] = {tag_end};
  append(tag, 8);
  append(&records_, 8);
  failed_ = failed_ || std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size();
  failed_ = failed_ || std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0;
  failed_ = std::fclose(file_) != 0 || failed_;
  file_ = nullptr;
  std::string part = path_ + ".part";
  if (!failed_ && std::rename(part.c_str(), path_.c_str()) == 0) return true;
  why.message = fmt::format("cannot write {}: {}", path_, std::strerror(errno));
  ::unlink(part.c_str());
  return false;
}

namespace {

// A window over a descriptor: `need(n)` makes n bytes available or fails at the end.
class Window {
 public:
  Window(int fd, std::string_view begun)
      : fd_(fd), buffer_(std::max(begun.size(), std::size_t{1} << 21)), end_(begun.size()) {
    std::memcpy(buffer_.data(), begun.data(), begun.size());
  }
  const char* need(std::size_t bytes) {
    if (end_ - begin_ < bytes && !refill(bytes)) return nullptr;
    return buffer_.data() + begin_;
  }
  void take(std::size_t bytes) { begin_ += bytes, offset_ += bytes; }
  std::uint64_t offset() const { return offset_; }
  std::size_t left() const { return end_ - begin_; }

 private:
  bool refill(std::size_t bytes) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (bytes > buffer_.size()) return false;
    while (end_ < bytes) {
      const ssize_t got = stop::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
      if (got <= 0) return false;
      end_ += static_cast<std::size_t>(got);
    }
    return true;
  }
  int fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_;
  std::uint64_t offset_ = 0;
};

class Reader {
 public:
  Reader(int fd, std::string_view begun, const Binder& binder, const BinaryHandlers& handlers,
         Diagnostic& why)
      : window_(fd, begun), binder_(&binder), handlers_(handlers), why_(why) {}

  bool run() {
    if (!read_head()) return false;
    for (;;) {
      const char* at = window_.need(1);
      if (at == nullptr) return fail("the end record", "the file is truncated");
      switch (static_cast<std::uint8_t>(*at)) {
        case tag_event:
          if (!read_event()) return stopped_;
          break;
        case tag_text:
          if (!read_text()) return stopped_;
          break;
        case tag_end: return read_end();
        default:
          return fail("a record", fmt::format("unknown tag {}", static_cast<std::uint8_t>(*at)));
      }
    }
  }

 private:
  bool fail(std::string_view expected, std::string message) {
    why_.offset = window_.offset();
    why_.expected = expected;
    why_.message = std::move(message);
    return false;
  }
  bool truncated(std::string_view expected) { return fail(expected, "the file is truncated"); }

  bool read_head() {
    const char* at = window_.need(sizeof(FileHead));
    if (at == nullptr) return truncated("the file header");
    FileHead head{};
    std::memcpy(&head, at, sizeof(head));
    if (std::string_view(head.magic, 8) != binary_magic)
      return fail("ASSAYTRC", "not a binary trace");
    if (head.version != format_version)
      return fail("version 1", fmt::format("this reader does not know version {}", head.version));
    if (head.header_bytes > header_bytes_max || head.rules > 0xffff)
      return fail("a header of sensible size", "the header is damaged");
    window_.take(sizeof(FileHead));
    at = window_.need(head.header_bytes);
    if (at == nullptr) return truncated("the trace header");
    std::string_view text(at, head.header_bytes);
    while (!text.empty()) {
      std::size_t end = std::min(text.find('\n'), text.size());
      if (!handlers_.header_line(text.substr(0, end), why_)) return false;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    window_.take(head.header_bytes);
    if (handlers_.binder) binder_ = &handlers_.binder();
    return read_rules(head.rules);
  }

  bool read_rules(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const char* at = window_.need(2);
      if (at == nullptr) return truncated("the rule names");
      std::size_t length = static_cast<std::uint8_t>(at[0]);
      std::size_t arguments = static_cast<std::uint8_t>(at[1]);
      at = window_.need(2 + length);
      if (at == nullptr) return truncated("the rule names");
      std::uint32_t rule = binder_->rule_named(std::string_view(at + 2, length));
      if (rule != Event::no_rule && binder_->rule(rule).arguments.size() != arguments)
        rule = Event::no_rule;  // recorded by another version of the specification
      rules_.push_back(rule);
      window_.take(2 + length);
    }
    return true;
  }

  bool read_event() {
    const char* at = window_.need(sizeof(EventRecord));
    if (at == nullptr) return truncated("an event");
    EventRecord r;
    std::memcpy(&r, at, sizeof(r));
    if (r.values > Event::values_max || r.kind > static_cast<std::uint8_t>(TraceKind::ignored) ||
        (r.on != 0 && declaration_of(static_cast<HandleKind>(r.on)) == nullptr))
      return fail("an event", "the record is damaged");
    std::size_t bytes = sizeof(EventRecord) + r.values * sizeof(std::uint64_t);
    at = window_.need(bytes);
    if (at == nullptr) return truncated("an event");
    TraceEvent& e = event_;
    e.kind = static_cast<TraceKind>(r.kind);
    if (e.kind == TraceKind::rule) {
      if (r.rule >= rules_.size()) return fail("a rule number", "the record is damaged");
      e.event.rule = rules_[r.rule];
      if (e.event.rule == Event::no_rule)
        return fail("a rule of this specification",
                    "the trace was made with another version: convert it from its text again");
      if (r.values != binder_->rule(e.event.rule).arguments.size())
        return fail("the rule's arguments", "the record is damaged");
    }
    e.on = static_cast<HandleKind>(r.on);
    e.on_id = r.on_id;
    e.fd = r.fd;
    e.new_fd = r.new_fd;
    e.family = r.family;
    e.tid = r.tid;
    e.cpu = r.cpu;
    e.time_ns = r.time_ns;
    e.result = r.result;
    e.event.unknown = r.unknown;
    e.event.answer = static_cast<Errno>(r.answer);
    e.event.answered = (r.flags & flag_answered) != 0;
    e.event.has_returned = (r.flags & flag_returned) != 0;
    e.event.returned = static_cast<std::uint64_t>(r.result);
    // Not memcpy: of so few bytes the compiler makes a string instruction, which took longer than
    // the rest of this function.
    std::memmove(e.event.value.data(), at + sizeof(EventRecord), r.values * sizeof(std::uint64_t));
    window_.take(bytes);
    ++records_;
    stopped_ = !handlers_.event(e);
    return !stopped_;
  }

  bool read_text() {
    const char* at = window_.need(8);
    if (at == nullptr) return truncated("a text line");
    std::uint32_t length = 0;
    std::memcpy(&length, at + 4, 4);
    if (length > text_bytes_max) return fail("a text line", "the record is damaged");
    at = window_.need(8 + length);
    if (at == nullptr) return truncated("a text line");
    stopped_ = !handlers_.text(std::string_view(at + 8, length));
    window_.take(8 + length);
    ++records_;
    return !stopped_;
  }

  bool read_end() {
    const char* at = window_.need(16);
    if (at == nullptr) return truncated("the end record");
    std::uint64_t records = 0;
    std::memcpy(&records, at + 8, 8);
    if (records != records_)
      return fail("the number of records in the end record",
                  fmt::format("the file holds {} records, its end says {}", records_, records));
    window_.take(16);
    if (window_.need(1) != nullptr) return fail("the end of the file", "there is more behind it");
    return true;
  }

  Window window_;
  const Binder* binder_;
  const BinaryHandlers& handlers_;
  Diagnostic& why_;
  std::vector<std::uint32_t> rules_;
  TraceEvent event_;
  std::uint64_t records_ = 0;
  bool stopped_ = false;
};

}  // namespace

bool read_binary(int descriptor, std::string_view begun, const Binder& binder,
                 const BinaryHandlers& handlers, Diagnostic& why) {
  return Reader(descriptor, begun, binder, handlers, why).run();
}

}  // namespace assay::traces

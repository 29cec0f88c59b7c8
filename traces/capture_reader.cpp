#include "traces/capture_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "traces/abi/arm64/host_info.hpp"
#include "traces/stop.hpp"

namespace assay::traces {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{2} << 20;
static_assert(buffer_bytes >= 2 * CaptureReader::record_bytes_max);

template <std::size_t Size>
std::string_view text_of(const char (&field)[Size]) {
  return {field, strnlen(field, Size)};
}

}  // namespace

CaptureReader::CaptureReader() : buffer_(new std::uint8_t[buffer_bytes]) {}

CaptureReader::~CaptureReader() {
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
}

bool CaptureReader::recognises(std::string_view beginning) {
  return beginning.starts_with(CAPTURE_MAGIC);
}

bool CaptureReader::open(const std::string& path, Diagnostic& why) {
  if (path == "-") return attach(STDIN_FILENO, false, {}, why);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) return attach(descriptor, true, {}, why);
  why = Diagnostic{};
  why.message = std::string("cannot open: ") + std::strerror(errno);
  return false;
}

bool CaptureReader::attach(int descriptor, bool own, std::string_view begun, Diagnostic& why) {
  if (own_ && descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
  own_ = own;
  begin_ = 0;
  end_ = std::min(begun.size(), buffer_bytes);
  if (end_ > 0) std::memcpy(buffer_.get(), begun.data(), end_);
  offset_ = 0;
  at_end_ = descriptor < 0;
  broken_ = false;
  error_ = 0;
  decoder_ = Decoder{};
  return read_header(why);
}

std::size_t CaptureReader::fill(std::size_t wanted) {
  if (end_ - begin_ < wanted && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (!at_end_ && end_ - begin_ < wanted) {
    const ssize_t got = stop::read(descriptor_, buffer_.get() + end_, buffer_bytes - end_);
    if (got < 0) error_ = errno;
    if (got <= 0) at_end_ = true;
    if (got > 0) end_ += static_cast<std::size_t>(got);
  }
  return std::min(end_ - begin_, wanted);
}

CaptureReader::Answer CaptureReader::fail(std::string_view expected, std::string message,
                                          Diagnostic& why) const {
  why = Diagnostic{};
  why.offset = offset_;
  why.expected = expected;
  why.message = error_ ? std::string("cannot read: ") + std::strerror(error_) : std::move(message);
  return Answer::malformed;
}

bool CaptureReader::read_header(Diagnostic& why) {
  header_ = {};
  broken_ = true;
  const std::size_t got = fill(sizeof header_);
  std::memcpy(&header_, buffer_.get() + begin_, got);
  const std::string_view magic(CAPTURE_MAGIC);
  if (got < magic.size() || std::string_view(header_.magic, magic.size()) != magic) {
    fail("capture stream", "the magic is missing", why);
    return false;
  }
  if (got < sizeof header_) {
    fail("capture header", "the stream ends within it", why);
    return false;
  }
  if (header_.version != CAPTURE_VERSION) {
    fail("capture version 1", "found version " + std::to_string(header_.version), why);
    return false;
  }
  const std::uint32_t bytes = header_.header_bytes;
  if (bytes < sizeof header_ || bytes % 8 != 0 || bytes > record_bytes_max || fill(bytes) < bytes) {
    fail("capture header", "its size is " + std::to_string(bytes), why);
    return false;
  }
  begin_ += bytes;
  offset_ = bytes;
  broken_ = false;
  decoder_.set_abi(abi_of_machine(machine()));
  read_host_facts();
  return true;
}

// The first record may be the host's. Whatever else it is stays for next().
void CaptureReader::read_host_facts() {
  host_facts_.clear();
  capture_record record;
  capture_part part;
  constexpr std::size_t fixed = sizeof record + sizeof part;
  if (fill(fixed) < fixed) return;
  std::memcpy(&record, buffer_.get() + begin_, sizeof record);
  if (record.kind != CAPTURE_HOST || record.parts != 1) return;
  const bool is_sound = record.bytes % 8 == 0 && record.bytes >= fixed &&
                        record.bytes <= record_bytes_max && fill(record.bytes) == record.bytes;
  if (!is_sound) return;
  std::memcpy(&part, buffer_.get() + begin_ + sizeof record, sizeof part);
  if (part.kind != CAPTURE_PATH || part.bytes > record.bytes - fixed) return;
  host_facts_.assign(reinterpret_cast<const char*>(buffer_.get() + begin_ + fixed), part.bytes);
  begin_ += record.bytes;
  offset_ += record.bytes;
}

TraceHeader CaptureReader::trace_header() const {
  TraceHeader header;
  header.version = trace_version;
  header.kernel = release();
  header.machine = machine();
  if (const Profile* profile = profile_of_kernel(release(), machine()); profile != nullptr)
    header.profile = profile->name;
  TraceHeader told;
  const bool is_whole = !host_facts_.empty() && read_host_info(host_facts_, told).empty();
  if (is_whole) set_host(header, told);
  return header;
}

std::string_view CaptureReader::release() const { return text_of(header_.release); }
std::string_view CaptureReader::machine() const { return text_of(header_.machine); }
std::string_view CaptureReader::program() const { return text_of(header_.program); }

// A record that somebody reserved and did not live to write.
CaptureReader::Answer CaptureReader::lost(Call& call) {
  call.clear();
  call.kind = CallKind::event;
  call.name = "lost";
  NodeWriter(call).number("records", 1);
  return Answer::call;
}

CaptureReader::Answer CaptureReader::next(Call& call, Diagnostic& why) {
  if (broken_) return Answer::end;
  std::uint32_t bytes = 0;
  const std::size_t got = fill(sizeof bytes);
  std::memcpy(&bytes, buffer_.get() + begin_, got);
  if (bytes == 0) {  // the end, or the zeros of a file that was mapped larger than its content
    broken_ = true;
    return error_ ? fail("record", {}, why) : Answer::end;
  }
  const bool unfinished = bytes & 1;
  if (unfinished) bytes &= ~7u;
  broken_ = true;  // unless all is well
  if (bytes < sizeof(capture_record) || bytes % 8 != 0 || bytes > record_bytes_max) {
    return fail("record", "its length is " + std::to_string(bytes), why);
  }
  if (fill(bytes) < bytes) return fail("record", "the stream ends within it", why);
  broken_ = false;
  capture_record record;
  const std::uint8_t* at = buffer_.get() + begin_;
  std::memcpy(&record, at, sizeof record);
  begin_ += bytes;
  offset_ += bytes;
  if (unfinished) return lost(call);
  if (decoder_.decode(record, {at + sizeof record, bytes - sizeof record}, call, why)) {
    return Answer::call;
  }
  broken_ = true;
  why.offset += offset_ - bytes;
  return Answer::malformed;
}

}  // namespace assay::traces

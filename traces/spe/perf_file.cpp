#include "traces/spe/perf_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace assay::traces::spe {
namespace {

constexpr std::string_view magic = "PERFILE2", magic_swapped = "2ELIFREP", magic_first = "PERFFILE";
constexpr std::size_t file_header_bytes = 104, pipe_header_bytes = 16, event_header_bytes = 8;
constexpr std::size_t file_header_bytes_max = 4096;  // room for a longer header, not for nonsense
// Of perf_event_attr: up to its flags, which is all that is read.
constexpr std::size_t attribute_bytes_min = 48, section_bytes = 16;
constexpr std::uint64_t attributes_max = 4096, ids_max = std::uint64_t{1} << 20;
constexpr std::uint64_t entry_bytes_max = 4096;
constexpr unsigned sample_id_all_bit = 18;
// PERF_SAMPLE_*, in the order the sample id has them.
constexpr std::uint64_t sample_tid = 1 << 1, sample_time = 1 << 2, sample_id_bit = 1 << 6,
                        sample_stream = 1 << 9, sample_cpu = 1 << 7, sample_identifier = 1 << 16;
constexpr std::uint64_t tracing_alignment = 8, id_index_entry_bytes = 32;

static_assert(std::endian::native == std::endian::little, "the format is read as it is stored");

template <typename T>
T value_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  T value = 0;
  if (at + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

bool is_packed(PerfEvent type) {
  return type == PerfEvent::compressed || type == PerfEvent::compressed2;
}

}  // namespace

std::uint64_t EventView::u32(std::size_t at) const { return value_at<std::uint32_t>(body, at); }
std::uint64_t EventView::u64(std::size_t at) const { return value_at<std::uint64_t>(body, at); }

bool is_perf_data(std::string_view beginning) {
  return beginning.starts_with(magic) || beginning.starts_with(magic_swapped) ||
         beginning.starts_with(magic_first);
}

PerfRead PerfFile::fail(std::uint64_t offset, std::string_view expected, std::string message) {
  why_ = Diagnostic{};
  why_.offset = offset;
  why_.expected = expected;
  why_.message = std::move(message);
  if (input_.error() == 0) return PerfRead::malformed;
  why_.message = std::string("cannot read: ") + std::strerror(input_.error());
  return PerfRead::unreadable;
}

PerfRead PerfFile::open() {
  std::array<std::uint8_t, file_header_bytes> head{};
  const std::size_t got = input_.read(0, std::span(head).first(pipe_header_bytes));
  const std::string_view begin(reinterpret_cast<const char*>(head.data()), 8);
  if (got < pipe_header_bytes) return fail(0, "perf.data header", "the file ends within it");
  if (begin != magic) {
    const PerfRead answer = fail(0, "PERFILE2", "not a perf.data file");
    if (begin == magic_swapped) why_.message = "recorded on a big-endian machine";
    if (begin == magic_first) why_.message = "the first version of the format";
    return begin == magic_swapped || begin == magic_first ? PerfRead::unsupported : answer;
  }
  const auto header_bytes = value_at<std::uint64_t>(head, 8);
  pipe_format_ = header_bytes == pipe_header_bytes;
  if (pipe_format_) {
    data_offset_ = pipe_header_bytes;
    return PerfRead::fine;
  }
  if (header_bytes < file_header_bytes || header_bytes > file_header_bytes_max)
    return fail(8, "the size of the header", fmt::format("found {}", header_bytes));
  const auto rest = std::span(head).subspan(pipe_header_bytes);
  if (input_.read(pipe_header_bytes, rest) < rest.size())
    return fail(pipe_header_bytes, "perf.data header", "the file ends within it");
  data_offset_ = value_at<std::uint64_t>(head, 40);
  data_size_ = value_at<std::uint64_t>(head, 48);
  if (data_offset_ < file_header_bytes ||
      data_size_ > std::numeric_limits<std::uint64_t>::max() - data_offset_)
    return fail(40, "data section",
                fmt::format("offset {:#x} size {:#x}", data_offset_, data_size_));
  return read_attributes(value_at<std::uint64_t>(head, 16), value_at<std::uint64_t>(head, 24),
                         value_at<std::uint64_t>(head, 32));
}

PerfRead PerfFile::read_attributes(std::uint64_t entry_bytes, std::uint64_t offset,
                                   std::uint64_t size) {
  if (size == 0) return PerfRead::fine;
  const bool sane = entry_bytes >= attribute_bytes_min + section_bytes &&
                    entry_bytes <= entry_bytes_max && size % entry_bytes == 0 &&
                    size / entry_bytes <= attributes_max && offset >= file_header_bytes &&
                    offset <= std::numeric_limits<std::uint64_t>::max() - size;
  if (!sane)
    return fail(16, "attribute section",
                fmt::format("offset {:#x} size {:#x} in entries of {}", offset, size, entry_bytes));
  std::vector<std::uint8_t> bytes;
  // Grows as the file yields, so a size that lies costs nothing.
  for (std::uint64_t at = 0; at < size; at += entry_bytes) {
    bytes.resize(static_cast<std::size_t>(at + entry_bytes));
    const auto entry = std::span(bytes).subspan(static_cast<std::size_t>(at));
    if (input_.read(offset + at, entry) < entry_bytes)
      return fail(offset + at, "attribute", "the file ends within it");
  }
  for (std::uint64_t at = 0; at < size; at += entry_bytes) {
    const auto entry = std::span<const std::uint8_t>(bytes).subspan(
        static_cast<std::size_t>(at), static_cast<std::size_t>(entry_bytes));
    if (!take_attribute(entry)) return fail(offset + at, "attribute", "its size is impossible");
  }
  if (uniform_ || !input_.seekable()) return PerfRead::fine;
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    const std::size_t at = i * entry_bytes + entry_bytes - section_bytes;
    const auto ids = value_at<std::uint64_t>(bytes, at);
    if (!read_ids(ids, value_at<std::uint64_t>(bytes, at + 8), i))
      return fail(offset + at, "ids of an attribute", "they do not lie within the file");
  }
  return PerfRead::fine;
}

bool PerfFile::read_ids(std::uint64_t offset, std::uint64_t size, std::size_t attribute) {
  if (size % 8 != 0 || size / 8 > ids_max || attribute_of_id_.size() > ids_max) return false;
  std::array<std::uint8_t, 4096> block;
  while (size > 0) {
    const std::uint64_t now = std::min<std::uint64_t>(size, block.size());
    const auto part = std::span(block).first(static_cast<std::size_t>(now));
    if (input_.read(offset, part) < now) return false;
    for (std::size_t at = 0; at < now; at += 8)
      attribute_of_id_.emplace(value_at<std::uint64_t>(part, at), attribute);
    offset += now;
    size -= now;
  }
  return true;
}

bool PerfFile::take_attribute(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < attribute_bytes_min || attributes_.size() >= attributes_max) return false;
  Attribute a;
  a.sample_type = value_at<std::uint64_t>(bytes, 24);
  a.sample_id_all = value_at<std::uint64_t>(bytes, 40) >> sample_id_all_bit & 1;
  uniform_ = uniform_ && (attributes_.empty() || a == attributes_.front());
  attributes_.push_back(a);
  return true;
}

// In a pipe attributes are events: the attribute, whose own size is its second word, and its ids.
void PerfFile::take_attribute_event(const EventView& event) {
  const std::uint64_t bytes = event.u32(4);
  if (bytes < attribute_bytes_min || bytes > event.body.size()) return;
  if (!take_attribute(event.body.first(static_cast<std::size_t>(bytes)))) return;
  for (std::size_t at = static_cast<std::size_t>(bytes); at + 8 <= event.body.size(); at += 8)
    if (attribute_of_id_.size() < ids_max)
      attribute_of_id_.emplace(event.u64(at), attributes_.size() - 1);
}

const PerfFile::Attribute* PerfFile::attribute_of(std::span<const std::uint8_t> trailer) const {
  if (attributes_.empty()) return nullptr;
  if (uniform_) return &attributes_.front();
  const bool identified =
      std::all_of(attributes_.begin(), attributes_.end(),
                  [](const Attribute& a) { return (a.sample_type & sample_identifier) != 0; });
  if (!identified || trailer.size() < 8) return nullptr;  // where the id stands is not known
  const auto found = attribute_of_id_.find(value_at<std::uint64_t>(trailer, trailer.size() - 8));
  return found == attribute_of_id_.end() ? nullptr : &attributes_[found->second];
}

SampleId PerfFile::sample_id(std::span<const std::uint8_t> body, std::size_t fixed_bytes) const {
  SampleId id;
  if (body.size() < fixed_bytes) return id;
  const auto trailer = body.subspan(fixed_bytes);
  const Attribute* a = attribute_of(trailer);
  if (a == nullptr || !a->sample_id_all) return id;
  std::size_t at = 0;
  std::uint64_t event_id = 0;
  for (const std::uint64_t bit :
       {sample_tid, sample_time, sample_id_bit, sample_stream, sample_cpu, sample_identifier}) {
    if ((a->sample_type & bit) == 0) continue;
    if (at + 8 > trailer.size()) return {-1, -1, true};
    if (bit == sample_tid) id.tid = value_at<std::int32_t>(trailer, at + 4);
    if (bit == sample_cpu) id.cpu = value_at<std::int32_t>(trailer, at);
    if (bit == sample_id_bit || bit == sample_identifier)
      event_id = value_at<std::uint64_t>(trailer, at);
    at += 8;
  }
  const auto known = id_index_.find(event_id);
  if ((a->sample_type & sample_cpu) != 0 || known == id_index_.end()) return id;
  id.cpu = known->second.cpu;
  if ((a->sample_type & sample_tid) == 0) id.tid = known->second.tid;
  return id;
}

// Ids and the CPU or thread that each counts on: nr, then id, index of the buffer, CPU, thread.
void PerfFile::take_id_index(const EventView& event) {
  const std::uint64_t entries = event.u64(0);
  std::size_t at = 8;
  for (std::uint64_t i = 0; i < entries && at + id_index_entry_bytes <= event.body.size(); ++i) {
    const SampleId who{static_cast<std::int32_t>(event.u64(at + 16)),
                       static_cast<std::int32_t>(event.u64(at + 24))};
    if (id_index_.size() < ids_max) id_index_.insert_or_assign(event.u64(at), who);
    at += id_index_entry_bytes;
  }
}

bool PerfFile::hand_out(const EventView& event, const Each& each) {
  if (event.type == PerfEvent::attribute && pipe_format_) take_attribute_event(event);
  if (event.type == PerfEvent::id_index) take_id_index(event);
  return each(event);
}

// The events in a COMPRESSED record. What data follows an event cannot be packed with it.
PerfRead PerfFile::unpack(const EventView& event, PackedEvents& packed, const Each& each) {
  std::span<const std::uint8_t> data = event.body;
  if (event.type == PerfEvent::compressed2) {
    const std::uint64_t bytes = event.u64(0);
    if (data.size() < 8 || bytes > data.size() - 8)
      return fail(event.file_offset, "packed events", fmt::format("their size is {:#x}", bytes));
    data = data.subspan(8, static_cast<std::size_t>(bytes));
  }
  bool nested = false;
  const auto answer = packed.take(data, [&](std::span<const std::uint8_t> bytes) {
    EventView inner;
    inner.type = static_cast<PerfEvent>(value_at<std::uint32_t>(bytes, 0));
    inner.file_offset = event.file_offset;
    inner.body = bytes.subspan(event_header_bytes);
    nested = inner.type == PerfEvent::auxtrace || inner.type == PerfEvent::tracing_data ||
             is_packed(inner.type);
    return !nested && hand_out(inner, each);
  });
  if (answer == PackedEvents::Answer::fine) return PerfRead::fine;
  if (nested) return fail(event.file_offset, "packed events", "one of a type that is not packed");
  if (answer == PackedEvents::Answer::damaged)
    return fail(event.file_offset, "packed events", packed.damage());
  return PerfRead::malformed;  // `each` has said why
}

// How many bytes stand behind an event that its header does not count. False: more than there are.
bool PerfFile::data_behind(EventView& event, std::uint64_t room) {
  if (event.type == PerfEvent::auxtrace) event.data_bytes = event.u64(0);
  if (event.type == PerfEvent::tracing_data && pipe_format_)
    event.data_bytes =
        (event.u32(0) + tracing_alignment - 1) / tracing_alignment * tracing_alignment;
  return event.data_bytes <= room;
}

PerfRead PerfFile::walk(const Each& each) {
  const bool bounded = data_size_ != 0;
  const std::uint64_t end =
      bounded ? data_offset_ + data_size_ : std::numeric_limits<std::uint64_t>::max();
  std::vector<std::uint8_t> bytes;  // of one event, 64 KiB at most
  PackedEvents packed;
  std::uint64_t at = data_offset_, packed_at = 0;
  const auto ended = [&] {
    return packed.within_event() ? fail(packed_at, "packed events", "the last one has no end")
                                 : PerfRead::fine;
  };
  while (at < end) {
    std::array<std::uint8_t, event_header_bytes> head;
    const std::size_t got = input_.read(at, head);
    if (got == 0 && !bounded && input_.error() == 0) return ended();
    if (got < event_header_bytes) return fail(at, "event", "the file ends within its header");
    const std::uint64_t size = value_at<std::uint16_t>(head, 6);
    if (size < event_header_bytes || size > end - at)
      return fail(at, "event", fmt::format("its size is {}", size));
    if (bytes.size() < size) bytes.resize(static_cast<std::size_t>(size));
    const auto body = std::span(bytes).first(static_cast<std::size_t>(size) - event_header_bytes);
    if (input_.read(at + event_header_bytes, body) < body.size())
      return fail(at, "event", fmt::format("the file ends within its {} bytes", size));
    EventView event;
    event.type = static_cast<PerfEvent>(value_at<std::uint32_t>(head, 0));
    event.file_offset = at;
    event.body = body;
    if (!data_behind(event, end - at - size))
      return fail(at, "data behind the event",
                  fmt::format("{:#x} bytes do not fit", event.data_bytes));
    if (!hand_out(event, each)) return PerfRead::malformed;
    if (is_packed(event.type)) {
      packed_at = at;
      const PerfRead answer = unpack(event, packed, each);
      if (answer != PerfRead::fine) return answer;
    }
    at += size + event.data_bytes;
  }
  return ended();
}

}  // namespace assay::traces::spe

// The comparison of perf_rules.hpp: two readings of the same bytes, side by side.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "traces/spe/perf_rules.hpp"
#include "traces/spe/records.hpp"

namespace assay::traces::spe {
namespace {

// Our reading: packets until the bytes end or cannot be framed any more.
struct OurView {
  std::vector<Packet> packets;
  std::vector<RecordSpan> records;
  std::uint64_t readable = 0;  // bytes that were read as packets
  Decoded stop = Decoded::end;
};

OurView our_view(std::span<const std::uint8_t> bytes) {
  OurView view;
  RecordSpan open;
  Packet packet;
  for (;;) {
    view.stop = decode_packet(bytes, view.readable, 0, packet);
    if (view.stop != Decoded::packet) return view;
    view.readable += packet.bytes;
    view.packets.push_back(packet);
    if (is<Padding>(packet)) continue;
    if (open.packets++ == 0) open.begin = packet.offset;
    if (!ends_record(packet)) continue;
    open.end = view.readable;
    view.records.push_back(open);
    open = {};
  }
}

// The difference between a packet of ours and perf's, which begins and ends where ours does.
struct SameSpan {
  std::optional<Difference> operator()(const Unknown& p) const {
    switch (p.why) {
      case Reserved::size: return Difference::reserved_size_accepted;
      case Reserved::index: return Difference::reserved_index_accepted;
      case Reserved::operation_class: return Difference::reserved_class_accepted;
      case Reserved::subclass: return Difference::reserved_subclass_accepted;
      case Reserved::field: return Difference::reserved_field_accepted;
      case Reserved::header: return Difference::reserved_header_rescanned;
      case Reserved::extended_header: return Difference::extended_header_rescanned;
    }
    return std::nullopt;
  }
  std::optional<Difference> operator()(const CodeAddress& p) const { return realm(p.nse); }
  std::optional<Difference> operator()(const DataPhysicalAddress& p) const { return realm(p.nse); }
  template <typename Other>
  std::optional<Difference> operator()(const Other&) const {
    return std::nullopt;
  }
  static std::optional<Difference> realm(bool nse) {
    if (nse) return Difference::realm_ignored;
    return std::nullopt;
  }
};

// What to call a packet of ours that perf does not end where we do.
Difference parted(const Packet& packet) {
  const auto* unknown = std::get_if<Unknown>(&packet.body);
  if (unknown == nullptr || unknown->why != Reserved::extended_header)
    return Difference::reserved_header_rescanned;
  const bool command = (unknown->header[0] & 0xfc) == 0x20 && unknown->header[1] == 0;
  return command ? Difference::alignment_command : Difference::extended_header_rescanned;
}

class Comparison {
 public:
  Comparison(std::span<const std::uint8_t> bytes, std::uint64_t host_address)
      : ours_(our_view(bytes)), perf_(perf_view(bytes, host_address)), size_(bytes.size()) {}

  std::vector<DifferenceAt> run() {
    compare_packets();
    compare_records();
    return std::move(out_);
  }

 private:
  void add(Difference difference, std::uint64_t offset, std::uint64_t bytes, std::string text) {
    out_.push_back({difference, offset, bytes, std::move(text)});
  }

  // Both lists cover the bytes without a gap, ours only the readable ones. Walks them from one
  // common boundary to the next.
  void compare_packets() {
    std::size_t p = 0;
    for (std::size_t o = 0; o < ours_.packets.size();) {
      const Packet& first = ours_.packets[o];
      const std::size_t p_first = p;
      std::uint64_t our_end = first.offset + first.bytes;
      std::uint64_t perf_end = first.offset;
      ++o;
      while (perf_end != our_end) {
        if (perf_end < our_end) {
          const PerfPacket& next = perf_.packets[p++];
          perf_end = next.offset + next.bytes;
        } else if (o < ours_.packets.size()) {
          our_end += ours_.packets[o++].bytes;
        } else {
          break;  // perf read past the last packet that can be framed
        }
      }
      report(first, p_first, p, our_end, perf_end);
    }
    if (ours_.readable == size_) return;
    const bool cut = ours_.stop == Decoded::truncated;
    add(cut ? Difference::truncated_rescanned : Difference::undecodable_rescanned, ours_.readable,
        size_ - ours_.readable,
        fmt::format("{}; perf reads {} packets and {} bad bytes there",
                    cut ? "the packet is cut off" : "the header defines no size",
                    count(p, perf_.packets.size(), false), count(p, perf_.packets.size(), true)));
  }

  void report(const Packet& first, std::size_t p_first, std::size_t p, std::uint64_t our_end,
              std::uint64_t perf_end) {
    if (is<Padding>(first) && our_end == first.offset + first.bytes && perf_end == our_end) return;
    const PerfPacket& theirs = perf_.packets[p_first];
    const bool same_span = p == p_first + 1 && theirs.bytes == first.bytes &&
                           theirs.type != PerfType::bad && theirs.type != PerfType::pad;
    if (same_span) {
      if (const auto difference = std::visit(SameSpan{}, first.body))
        add(*difference, first.offset, first.bytes,
            fmt::format("perf reads {} {}", name_of(theirs.type), theirs.index));
      return;
    }
    add(parted(first), first.offset, std::max(our_end, perf_end) - first.offset,
        fmt::format("one packet of {} bytes; perf reads {} packets and {} bad bytes up to {:#x}",
                    first.bytes, count(p_first, p, false), count(p_first, p, true), perf_end));
  }

  std::size_t count(std::size_t from, std::size_t to, bool bad) const {
    return static_cast<std::size_t>(
        std::count_if(perf_.packets.begin() + static_cast<std::ptrdiff_t>(from),
                      perf_.packets.begin() + static_cast<std::ptrdiff_t>(to),
                      [bad](const PerfPacket& p) { return (p.type == PerfType::bad) == bad; }));
  }

  void compare_records() {
    auto theirs = perf_.records.begin();
    const auto invent_before = [&](std::uint64_t end) {
      for (; theirs != perf_.records.end() && theirs->end < end; ++theirs)
        add(Difference::record_invented, theirs->begin, theirs->end - theirs->begin,
            fmt::format("{} packets", theirs->packets));
    };
    for (const RecordSpan& ours : ours_.records) {
      invent_before(ours.end);
      const bool found = theirs != perf_.records.end() && theirs->end == ours.end;
      if (!found) {
        add(Difference::record_lost, ours.begin, ours.end - ours.begin,
            fmt::format("{} packets", ours.packets));
        continue;
      }
      if (theirs->begin > ours.begin)
        add(Difference::record_shortened, ours.begin, theirs->begin - ours.begin,
            fmt::format("{} packets, perf has {}", ours.packets, theirs->packets));
      ++theirs;
    }
    invent_before(size_ + 1);
  }

  OurView ours_;
  PerfView perf_;
  std::uint64_t size_;
  std::vector<DifferenceAt> out_;
};

}  // namespace

std::vector<DifferenceAt> compare_with_perf(std::span<const std::uint8_t> bytes,
                                            std::uint64_t host_address) {
  return Comparison(bytes, host_address).run();
}

}  // namespace assay::traces::spe

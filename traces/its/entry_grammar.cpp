// The grammar of the three kinds of entries: a little-endian word of eight bytes each, which is an
// entry if its valid bit, or its LPI, says so.
#include <boost/spirit/home/x3.hpp>
#include <boost/spirit/home/x3/binary.hpp>

#include "traces/its/entries.hpp"

namespace assay::traces::its {
namespace {

namespace x3 = boost::spirit::x3;

constexpr std::uint64_t field(std::uint64_t word, unsigned high, unsigned low) {
  return word >> low & ((std::uint64_t{1} << (high - low + 1)) - 1);
}
constexpr unsigned valid = 63;

template <class Context>
std::uint64_t word_of(Context& context) {
  return static_cast<std::uint64_t>(x3::_attr(context));
}

constexpr auto device = [](auto& c) {
  const std::uint64_t w = word_of(c);
  x3::_pass(c) = field(w, valid, valid) != 0;
  x3::_val(c) = DeviceEntry{field(w, 48, 5) << 8, static_cast<std::uint32_t>(field(w, 62, 49)),
                            static_cast<unsigned>(field(w, 4, 0)) + 1};
};
constexpr auto translation = [](auto& c) {
  const std::uint64_t w = word_of(c);
  x3::_pass(c) = field(w, 47, 16) != 0;
  x3::_val(c) = TranslationEntry{static_cast<std::uint32_t>(field(w, 63, 48)),
                                 static_cast<std::uint32_t>(field(w, 47, 16)),
                                 static_cast<std::uint16_t>(field(w, 15, 0))};
};
constexpr auto collection = [](auto& c) {
  const std::uint64_t w = word_of(c);
  x3::_pass(c) = field(w, valid, valid) != 0;
  x3::_val(c) = CollectionEntry{field(w, 51, 16), static_cast<std::uint16_t>(field(w, 15, 0))};
};

const auto device_entry = x3::rule<struct device_tag, DeviceEntry>{"device table entry"} =
    x3::little_qword[device];
const auto translation_entry =
    x3::rule<struct translation_tag, TranslationEntry>{"interrupt translation entry"} =
        x3::little_qword[translation];
const auto collection_entry =
    x3::rule<struct collection_tag, CollectionEntry>{"collection table entry"} =
        x3::little_qword[collection];

template <class Entry, class Grammar>
std::optional<Entry> read(std::span<const std::uint8_t> bytes, const Grammar& grammar) {
  Entry entry;
  auto first = bytes.begin();
  if (!x3::parse(first, bytes.end(), grammar, entry) || first != bytes.end()) return std::nullopt;
  return entry;
}

}  // namespace

std::optional<DeviceEntry> read_device(std::span<const std::uint8_t> bytes) {
  return read<DeviceEntry>(bytes, device_entry);
}
std::optional<TranslationEntry> read_translation(std::span<const std::uint8_t> bytes) {
  return read<TranslationEntry>(bytes, translation_entry);
}
std::optional<CollectionEntry> read_collection(std::span<const std::uint8_t> bytes) {
  return read<CollectionEntry>(bytes, collection_entry);
}

std::uint64_t bits_of(const DeviceEntry& e) {
  return std::uint64_t{1} << valid | std::uint64_t{e.next} << 49 | e.table >> 8 << 5 |
         (e.event_bits - 1);
}
std::uint64_t bits_of(const TranslationEntry& e) {
  return std::uint64_t{e.next} << 48 | std::uint64_t{e.lpi} << 16 | e.collection;
}
std::uint64_t bits_of(const CollectionEntry& e) {
  return std::uint64_t{1} << valid | e.vcpu << 16 | e.id;
}

}  // namespace assay::traces::its

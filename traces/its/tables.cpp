#include "traces/its/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "traces/its/entries.hpp"

namespace assay::traces::its {
namespace {

// Reads an image table by table, in the order of RESTORE_TABLES.
class Reader {
 public:
  explicit Reader(const Image& image) : image_(image) {}

  Reading all() {
    collections();
    devices();
    return std::move(out_);
  }

 private:
  void problem(std::uint64_t address, Errno code, std::string what) {
    out_.problems.push_back({address, code, std::move(what)});
  }
  // The eight bytes at a guest address; empty where the image has none.
  std::span<const std::uint8_t> bytes_at(std::uint64_t address) const {
    if (address < image_.base || address - image_.base > image_.memory.size() ||
        image_.memory.size() - (address - image_.base) < entry_bytes)
      return {};
    return image_.memory.subspan(address - image_.base, entry_bytes);
  }

  void collections() {
    for (std::uint64_t i = 0; i < image_.collections.entries(); ++i) {
      const std::uint64_t at = image_.collections.address + i * entry_bytes;
      const auto bytes = bytes_at(at);
      if (bytes.empty()) return problem(at, Errno::fault, "the image has no such memory");
      const auto entry = read_collection(bytes);
      if (!entry) return;
      if (entry->vcpu >= image_.vcpus)
        problem(at, Errno::inval,
                fmt::format("collection {} is of vCPU {}, there are {}", entry->id, entry->vcpu,
                            image_.vcpus));
      else if (has_collection(entry->id))
        problem(at, Errno::exist, fmt::format("collection {} is there twice", entry->id));
      else out_.tables.collections.push_back({entry->id, entry->vcpu});
    }
  }
  bool has_collection(std::uint16_t id) const {
    const auto& all = out_.tables.collections;
    return std::any_of(all.begin(), all.end(), [&](const Collection& c) { return c.id == id; });
  }

  void devices() {
    const std::uint64_t count = image_.devices.entries();
    for (std::uint64_t id = 0; id < count;) {
      const std::uint64_t at = image_.devices.address + id * entry_bytes;
      const auto bytes = bytes_at(at);
      if (bytes.empty()) return problem(at, Errno::fault, "the image has no such memory");
      const auto entry = read_device(bytes);
      if (!entry) {
        ++id;
        continue;
      }
      device(static_cast<std::uint32_t>(id), *entry, at);
      if (entry->next == 0) return;
      id += entry->next;
      if (id >= count)
        problem(at, Errno::ok, fmt::format("the next device {} is beyond the table", id));
    }
  }

  void device(std::uint32_t id, const DeviceEntry& entry, std::uint64_t at) {
    Device device{id, entry.table, entry.event_bits, {}};
    if (entry.event_bits > event_bits_max)
      return problem(at, Errno::inval,
                     fmt::format("device {} has {} bits of events", id, entry.event_bits));
    const std::uint64_t events = std::uint64_t{1} << entry.event_bits;
    for (std::uint64_t event = 0; event < events;) {
      const std::uint64_t where = entry.table + event * entry_bytes;
      const auto bytes = bytes_at(where);
      if (bytes.empty()) {
        problem(where, Errno::fault, "the image has no such memory");
        break;
      }
      const auto translation = read_translation(bytes);
      if (!translation) {
        ++event;
        continue;
      }
      if (!take(device, static_cast<std::uint32_t>(event), *translation, where)) break;
      if (translation->next == 0) break;
      event += translation->next;
    }
    out_.tables.devices.push_back(std::move(device));
  }

  // False: RESTORE_TABLES cannot tell where the next entry lies.
  bool take(Device& device, std::uint32_t event, const TranslationEntry& entry, std::uint64_t at) {
    const std::string name = fmt::format("event {} of device {}", event, device.id);
    if (entry.lpi < first_lpi) {
      problem(at, Errno::inval, fmt::format("{} is no LPI but {}", name, entry.lpi));
      return true;
    }
    if (std::uint64_t{event} + entry.next >= std::uint64_t{1} << device.event_bits) {
      problem(at, Errno::inval,
              fmt::format("the next event of device {}, {}, is beyond its {} bits", device.id,
                          event + entry.next, device.event_bits));
      return false;
    }
    if (!has_collection(entry.collection)) {
      problem(at, Errno::inval,
              fmt::format("{} is of collection {}, which there is not", name, entry.collection));
      return true;
    }
    device.translations.push_back({event, entry.lpi, entry.collection});
    return true;
  }

  const Image& image_;
  Reading out_;
};

// Writes eight bytes at guest addresses.
class Writer {
 public:
  Writer(std::span<std::uint8_t> memory, std::uint64_t base) : memory_(memory), base_(base) {}

  bool put(std::uint64_t address, std::uint64_t word) {
    if (address < base_ || address - base_ > memory_.size() ||
        memory_.size() - (address - base_) < entry_bytes)
      return false;
    for (unsigned i = 0; i < entry_bytes; ++i)
      memory_[address - base_ + i] = static_cast<std::uint8_t>(word >> 8 * i);
    return true;
  }

 private:
  std::span<std::uint8_t> memory_;
  std::uint64_t base_;
};

// How far it is from one id to the next, of at most so many bits; a longer way is found entry by
// entry.
template <class List, class Id>
std::uint32_t distance(const List& list, std::size_t i, unsigned bits, Id id) {
  if (i + 1 == list.size()) return 0;
  const std::uint32_t most = (1u << bits) - 1;
  return std::min(list[i + 1].*id - list[i].*id, most);
}

}  // namespace

Errno Reading::answer() const {
  for (const Problem& p : problems)
    if (p.code != Errno::ok) return p.code;
  return Errno::ok;
}

Reading read_tables(const Image& image) { return Reader(image).all(); }

std::string write_tables(const Tables& tables, std::span<std::uint8_t> memory, std::uint64_t base,
                         const TableAt& devices, const TableAt& collections) {
  Writer out(memory, base);
  if (tables.collections.size() > collections.entries()) return "too many collections";
  for (std::size_t i = 0; i < tables.collections.size(); ++i) {
    const Collection& c = tables.collections[i];
    if (!out.put(collections.address + i * entry_bytes, bits_of(CollectionEntry{c.vcpu, c.id})))
      return "a collection lies outside of the memory";
  }
  if (tables.collections.size() < collections.entries() &&
      !out.put(collections.address + tables.collections.size() * entry_bytes, 0))
    return "the end of the collections lies outside of the memory";
  for (std::size_t d = 0; d < tables.devices.size(); ++d) {
    const Device& device = tables.devices[d];
    if (device.id >= devices.entries()) return "a device does not fit the table";
    for (std::size_t e = 0; e < device.translations.size(); ++e) {
      const Translation& t = device.translations[e];
      const std::uint32_t next = distance(device.translations, e, 16, &Translation::event);
      if (!out.put(device.table + std::uint64_t{t.event} * entry_bytes,
                   bits_of(TranslationEntry{next, t.lpi, t.collection})))
        return "a translation lies outside of the memory";
    }
    const std::uint32_t next = distance(tables.devices, d, 14, &Device::id);
    if (!out.put(devices.address + std::uint64_t{device.id} * entry_bytes,
                 bits_of(DeviceEntry{device.table, next, device.event_bits})))
      return "a device lies outside of the memory";
  }
  return "";
}

}  // namespace assay::traces::its

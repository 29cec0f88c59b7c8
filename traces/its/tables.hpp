// The tables of an ITS as KVM leaves them in guest memory (arm-vgic-its.rst, ABI revision 0), read
// from an image of that memory and judged as KVM_DEV_ARM_ITS_RESTORE_TABLES does.
//
//   device table       an entry of eight bytes for each DeviceID:
//                      valid [63], next [62:49], bits [51:8] of the address of its interrupt
//                      translation table [48:5], number of EventID bits minus one [4:0]
//   translation table  an entry of eight bytes for each EventID of a device:
//                      next [63:48], LPI [47:16], collection [15:0]; LPI 0: there is none
//   collection table   entries of eight bytes, one behind the other, up to one that is not valid:
//                      valid [63], vCPU [51:16], collection [15:0]
//
// `next` is how many ids further the next valid entry lies, 0 for the last one.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/errno.hpp"

namespace assay::traces::its {

inline constexpr unsigned entry_bytes = 8;
inline constexpr std::uint32_t first_lpi = 8192;
inline constexpr unsigned event_bits_max = 16;  // GITS_TYPER.ID_bits of KVM's ITS

// Where a table lies in guest memory (GITS_BASERn).
struct TableAt {
  std::uint64_t address = 0, bytes = 0;
  std::uint64_t entries() const { return bytes / entry_bytes; }
};

// Guest memory from `base` on.
struct Image {
  std::span<const std::uint8_t> memory;
  std::uint64_t base = 0;
  TableAt devices, collections;
  std::uint64_t vcpus = 1;
};

struct Collection {
  std::uint16_t id = 0;
  std::uint64_t vcpu = 0;
  friend bool operator==(const Collection&, const Collection&) = default;
};
struct Translation {
  std::uint32_t event = 0, lpi = 0;
  std::uint16_t collection = 0;
  friend bool operator==(const Translation&, const Translation&) = default;
};
struct Device {
  std::uint32_t id = 0;
  std::uint64_t table = 0;  // address of its translation table
  unsigned event_bits = 1;
  std::vector<Translation> translations;  // in the order of events
  friend bool operator==(const Device&, const Device&) = default;
};
struct Tables {
  std::vector<Device> devices;  // in the order of ids
  std::vector<Collection> collections;
  friend bool operator==(const Tables&, const Tables&) = default;
};

// Why an entry is not as SAVE_TABLES writes it.
struct Problem {
  std::uint64_t address = 0;  // of the entry
  Errno code = Errno::ok;     // what RESTORE_TABLES answers; ok: it does not notice
  std::string what;
};

struct Reading {
  Tables tables;                  // what could be read
  std::vector<Problem> problems;  // in the order in which RESTORE_TABLES meets them
  // The answer of RESTORE_TABLES: collections are read first, and the first problem ends it.
  Errno answer() const;
};
// Reads on behind a problem where it is clear where the next entry lies.
Reading read_tables(const Image& image);

// Writes the tables as SAVE_TABLES does; entries that belong to none are left as they are. Empty
// when all went well, else why the tables do not fit.
std::string write_tables(const Tables& tables, std::span<std::uint8_t> memory, std::uint64_t base,
                         const TableAt& devices, const TableAt& collections);

}  // namespace assay::traces::its

// Packets and records as text, for people who know `perf report -D`.
//
// One packet is a few words, lower case, numbers in hexadecimal where they are addresses:
//   "pc 0xff80001029d3f4 el1 non-secure", "latency issue 11", "events retired l1d-access".
// A line for a packet has its offset and bytes in front, a line for a record all its packets.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "traces/spe/packet.hpp"

namespace assay::traces::spe {

std::string describe(const Body& body);

// "00000009: 99 0b 00                      latency issue 11". `bytes` is the stream from offset
// `base` on; of a packet that is not within it only the text is shown.
std::string packet_line(const Packet& packet, std::span<const std::uint8_t> bytes,
                        std::uint64_t base = 0);

// "0x9..0x2c: latency issue 11; events retired; ...", without padding.
std::string record_line(std::span<const Packet> packets);

// The names of the events whose bits are set, each after a blank: " retired l1d-access event-12".
std::string event_names(std::uint64_t bits);

}  // namespace assay::traces::spe

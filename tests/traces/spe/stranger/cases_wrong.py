"""Files in which exactly one thing is wrong, and where."""

import struct

import perf_file as perf
import spe_record as spe
from case import Place, case
from perf_file import Recording


def sound_cpu(r, cpu=0):
    """Whole records of another CPU, so that a message must say which one it means."""
    end = r.chunk(cpu, 0, spe.loads(0, 4))
    r.round().chunk(cpu, end, spe.loads(4, 1))


@case("violates", "0x02 is the header of no packet", "DDI 0487 D18.2: headers 0x02 to 0x1f")
def reserved_packet_header():
    r = Recording().start()
    sound_cpu(r)
    end = r.chunk(1, 0, spe.loads(0, 3))
    spoilt = spe.load(3)
    spoilt = spoilt[:9] + spe.RESERVED_WITHOUT_PAYLOAD + spoilt[9:]
    r.chunk(1, end, spe.loads(9, 1) + spe.aligned(spoilt))
    return r.file(), Place(cpu=1, aux=end + 64 + 9)


@case("violates", "bits 3:0 of byte 7 of an instruction's address are reserved",
      "DDI 0487 D18.2.1, Address packet")
def reserved_bits_of_a_pc():
    r = Recording().start()
    sound_cpu(r, 1)
    spoilt = spe.load(1).replace(spe.pc(0x4000_1004), spe.pc(0x4000_1004 | 1 << 57))
    r.chunk(0, 0, spe.loads(0, 1) + spe.aligned(spoilt) + spe.loads(2, 1))
    return r.file(), Place(cpu=0, aux=64)


@case("violates", "without DL the pointer stands behind a whole record",
      "DDI 0487 D17.7 and D17.8: PTR differs from the end of the last record only with DL")
def cut_without_truncated():
    r = Recording().start()
    sound_cpu(r)
    r.chunk(1, 0, spe.loads(0, 2) + spe.load(2)[:40], perf.COLLISION)
    return r.file(), Place(cpu=1, aux=128)


@case("violates", "the last whole record ends at most 2048 bytes below the pointer, DL or not",
      "DDI 0487 D17.8; PMSIDR_EL1.MaxSize is at most 2 KB")
def more_lost_than_a_record_can_be():
    r = Recording().start()
    sound_cpu(r)
    r.chunk(1, 0, spe.loads(0, 2) + b"\x02" * 2304, perf.DATA_LOST)
    return r.file(), Place(cpu=1, aux=128)


@case("violates", "the SPU starts again with a new record; the rest of the old one is lost",
      "DDI 0487 D17.7.4: no restart from a pointer with DL set")
def chunk_that_begins_within_a_record():
    r = Recording().start()
    sound_cpu(r)
    record = spe.load(7)
    cut = record.index(spe.LOAD) - 3  # within the payload of the Context packet: 0x12 follows
    end = r.chunk(1, 0, spe.loads(0, 2) + record[:cut], perf.DATA_LOST)
    r.round().chunk(1, end, record[cut:] + spe.loads(8, 1))
    return r.file(), Place(cpu=1, aux=end)


@case("inconclusive", "nobody can judge bytes that the file does not have",
      "perf_event.h, PERF_RECORD_AUX: aux_size bytes landed in the AUX area")
def aux_of_absent_bytes():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 256)
    r.auxtrace(1, 0, spe.loads(0, 2))
    return r.file(), Place(cpu=1, aux=128)


@case("malformed", "each AUX record tells of new data: two of them cannot tell of the same bytes",
      "kernel/events/ring_buffer.c, perf_aux_output_end: rb->aux_head grows by size")
def overlapping_aux_records():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 128)
    at = r.aux(1, 64, 128)
    r.auxtrace(1, 0, spe.loads(0, 3))
    return r.file(), Place(cpu=1, aux=64, file=r.data_at() + at)


@case("malformed", "the payload of the AUXTRACE record runs over the end of the data",
      "perf.data-file-format.txt, PERF_RECORD_AUXTRACE: followed by size bytes")
def auxtrace_size_over_the_end():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 128)
    at = r.auxtrace(1, 0, spe.loads(0, 2), claimed=1 << 20)
    return r.file(), Place(file=r.data_at() + at)


@case("malformed", "the header speaks of more data than the file has",
      "perf.data-file-format.txt, perf_file_section")
def file_cut_short():
    r = Recording().start()
    sound_cpu(r)
    end = r.chunk(1, 0, spe.loads(0, 4))
    whole = r.file()
    return whole[: r.data_at() + len(r.data) - end // 2], Place(file=r.data_at() + r.index[-1][0])


@case("malformed", "a record has at least its header, 8 bytes",
      "perf_event.h, perf_event_header.size")
def record_smaller_than_its_header():
    r = Recording().start()
    sound_cpu(r)
    at = r.append(struct.pack("<IHH", perf.COMM, 0, 4))
    r.chunk(1, 0, spe.loads(0, 2))
    return r.file(), Place(file=r.data_at() + at)


@case("inconclusive", "no AUX record speaks of this CPU's bytes: nothing says whether DL was set",
      "perf_event.h, PERF_RECORD_AUX; D17.8: DL decides where the last record ends")
def auxtrace_of_an_unknown_cpu():
    r = Recording(info=perf.info_of_version_2((0, 1))).start()
    sound_cpu(r)
    r.chunk(1, 0, spe.loads(0, 2))
    r.auxtrace(9, 0, spe.loads(0, 2), index=2)
    return r.file(), Place(cpu=9, aux=0)


@case("malformed", "the AUX record ends before its sample_id does",
      "perf_event.h, sample_id: the fields that sample_type selects, at the end of the record")
def sample_id_too_short():
    r = Recording().start()
    sound_cpu(r)
    at = r.append(perf.record(perf.AUX, struct.pack("<QQQ", 0, 128, 0) + r.sample_id(1)[:16]))
    r.auxtrace(1, 0, spe.loads(0, 2))
    return r.file(), Place(file=r.data_at() + at)


@case("violates", "each record has an Events packet",
      "DDI 0487 D18.1: the Events packet is always present")
def record_without_events():
    r = Recording().start()
    sound_cpu(r)
    without = spe.load(1).replace(spe.events(spe.RETIRED | spe.L1_ACCESS | spe.TLB_ACCESS), b"")
    r.chunk(1, 0, spe.loads(0, 1) + spe.aligned(without) + spe.loads(2, 1))
    return r.file(), Place(cpu=1, aux=64)


@case("inconclusive", "the file is sound, but written by a machine of the other byte order",
      "perf.data-file-format.txt: the magic number also identifies the endian")
def big_endian():
    r = Recording().start()
    sound_cpu(r)
    whole = r.file()
    words = b"".join(whole[i : i + 8][::-1] for i in range(0, 104, 8))
    return words + whole[104:], Place(says="recorded on a big-endian machine")


@case("malformed", "what is in a COMPRESSED record is no zstd frame",
      "perf.data-file-format.txt, PERF_RECORD_COMPRESSED; RFC 8878, 3.1.1: magic number")
def compressed_that_is_no_zstd():
    r = Recording(features={perf.ZSTD: struct.pack("<IIIII", 1, 1, 1, 1, 528384)}).start()
    sound_cpu(r)
    at = r.append(perf.record(perf.COMPRESSED, b"this is not the beginning of a frame"))
    r.chunk(1, 0, spe.loads(0, 2))
    return r.file(), Place(file=r.data_at() + at)

"""Files for which the reader was once wrong, or could be: each is named after the mistake."""

import struct

import perf_file as perf
import spe_record as spe
from case import Place, case
from cases_lawful import compressed
from cases_wrong import sound_cpu
from perf_file import Recording

PACKED = {perf.ZSTD: struct.pack("<IIIII", 1, 1, 1, 1, 528384)}


@case("violates", "an AUX record of no bytes speaks of no bytes, so its TRUNCATED excuses none",
      "drivers/perf/arm_spe_pmu.c, no_space: TRUNCATED and perf_aux_output_end(handle, 0)")
def empty_aux_excuses_what_follows():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 0, perf.TRUNCATED)
    r.chunk(1, 0, spe.loads(0, 1) + spe.load(1)[:40])
    return r.file(), Place(cpu=1, aux=64)


@case("violates", "a hundred cut records that are announced do not hide one that is not",
      "DDI 0487 D17.8")
def announced_cuts_hide_one_that_is_not():
    r = Recording().start()
    sound_cpu(r)
    cut, area = spe.load(0)[:32], b""
    for _ in range(100):
        r.aux(1, len(area), len(cut), perf.DATA_LOST)
        area += cut
    r.aux(1, len(area), len(cut))
    r.auxtrace(1, 0, area + cut)
    return r.file(), Place(cpu=1, aux=len(area))


@case("violates", "bytes that no AUX record covers do not hide a cut record that one covers",
      "DDI 0487 D17.8")
def unheard_bytes_hide_a_cut():
    r = Recording().start()
    sound_cpu(r)
    first = spe.loads(0, 2) + spe.load(2)[:40]
    r.aux(1, 0, len(first))
    r.auxtrace(1, 0, first + spe.load(3)[:40])
    return r.file(), Place(cpu=1, aux=128)


@case("conforms", "the padding of the last whole record belongs to it, not to what was lost",
      "DDI 0487 D17.8: the last byte of the last record, with its padding, is near the pointer",
      records=1)
def padding_counted_as_lost():
    r = Recording(cpus=(0,)).start()
    r.chunk(0, 0, spe.aligned(spe.load(0)) + b"\x20\x20" + bytes(2045), perf.DATA_LOST)
    return r.file()


@case("violates", "loss excuses the last 2048 bytes of a stretch, not what stands before them",
      "DDI 0487 D17.8")
def loss_excuses_a_reserved_packet_far_before():
    r = Recording().start()
    sound_cpu(r)
    spoilt = spe.aligned(spe.RESERVED_WITHOUT_PAYLOAD + spe.load(1))
    r.chunk(1, 0, spe.loads(0, 1) + spoilt + spe.loads(2, 32) + spe.load(40)[:9], perf.DATA_LOST)
    return r.file(), Place(cpu=1, aux=64)


@case("inconclusive", "AUX records were lost, so nothing tells what became of the bytes between",
      "perf_event.h, PERF_RECORD_LOST")
def lost_aux_record():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 128)
    r.append(perf.record(perf.LOST, struct.pack("<QQ", r.spe_id(1), 1) + r.sample_id(1)))
    r.aux(1, 256, 64)
    r.auxtrace(1, 0, spe.loads(0, 5))
    return r.file(), Place(cpu=1, aux=128)


@case("inconclusive", "of two areas, AUX records that name neither CPU nor thread mean neither",
      "perf_event.h, sample_id")
def aux_records_of_nobody():
    r = Recording(sample_type=perf.IDENTIFIER | perf.TIME).start()
    r.chunk(0, 0, spe.loads(0, 3))
    r.chunk(1, 0, spe.loads(0, 2) + spe.load(2)[:40])
    return r.file(), Place(cpu=0, aux=0)


@case("conforms", "a snapshot's area is written over and over: old offsets come again",
      "kernel/events/ring_buffer.c, perf_aux_output_end: with OVERWRITE the head is the driver's",
      records=4)
def snapshot_rewritten():
    r = Recording(cpus=(0,)).start()
    for _ in range(3):
        r.aux(0, 128, 128, perf.OVERWRITE)
        r.aux(0, 256, 128, perf.OVERWRITE)
    r.auxtrace(0, 0, spe.loads(0, 4))
    return r.file()


@case("violates", "a stretch that goes on in a second AUXTRACE record ends there within a record",
      "DDI 0487 D17.8")
def cut_in_the_second_auxtrace():
    r = Recording().start()
    sound_cpu(r)
    payload = spe.loads(0, 3) + spe.load(3)[:40]
    r.aux(1, 0, len(payload))
    r.auxtrace(1, 0, payload[:80])
    r.auxtrace(1, 80, payload[80:])
    return r.file(), Place(cpu=1, aux=192)


@case("violates", "a record that begins in one AUXTRACE record and ends in the next is judged",
      "DDI 0487 D18.2")
def reserved_packet_behind_the_seam():
    r = Recording().start()
    sound_cpu(r)
    spoilt = spe.load(1)[:39] + spe.RESERVED_WITHOUT_PAYLOAD + spe.load(1)[39:]
    payload = spe.loads(0, 1) + spe.aligned(spoilt) + spe.loads(2, 1)
    r.aux(1, 0, len(payload))
    r.auxtrace(1, 0, payload[:80])
    r.auxtrace(1, 80, payload[80:])
    return r.file(), Place(cpu=1, aux=64 + 39)


@case("inconclusive", "the rest of the record is in bytes that the file does not have",
      "perf_event.h, PERF_RECORD_AUX")
def second_auxtrace_absent():
    r = Recording().start()
    sound_cpu(r)
    payload = spe.loads(0, 4)
    r.aux(1, 0, len(payload))
    r.auxtrace(1, 0, payload[:80])
    return r.file(), Place(cpu=1, aux=80)


@case("inconclusive", "AUX records of a CPU of which the file has no AUXTRACE record at all",
      "perf_event.h, PERF_RECORD_AUX")
def area_absent():
    r = Recording().start()
    sound_cpu(r)
    r.aux(1, 0, 128)
    return r.file(), Place(cpu=1, aux=0)


@case("conforms", "an event in COMPRESSED records may be long, and its zeros a run",
      "RFC 8878, 3.1.1.2.2: RLE_Block", records=4)
def packed_run_of_zeros():
    r = Recording(cpus=(0,), features=PACKED).start()
    long = struct.pack("<IHH", 99, 0, 8 + 40000)
    run = (40000 << 3 | 1 << 1).to_bytes(3, "little") + b"\x00"
    r.append(compressed(long, first=True))
    body = run + perf.zstd_raw(r.aux_record(0, 0, 256), first=False)
    r.append(struct.pack("<IHH", perf.COMPRESSED, 0, 8 + len(body)) + body)
    r.auxtrace(0, 0, spe.loads(0, 4))
    return r.file()


@case("violates", "AUX records in COMPRESSED2 records count, whose size is followed by padding",
      "tools/lib/perf/include/perf/event.h, perf_record_compressed2")
def cut_announced_in_compressed2():
    r = Recording(features=PACKED).start()
    sound_cpu(r)
    payload = spe.loads(0, 1) + spe.load(1)[:40]
    packed = perf.zstd_raw(r.aux_record(1, 0, len(payload)), first=True)
    r.append(perf.record(83, struct.pack("<Q", len(packed)) + packed))
    r.auxtrace(1, 0, payload)
    return r.file(), Place(cpu=1, aux=64)


@case("malformed", "the last packed event has no end",
      "perf.data-file-format.txt, PERF_RECORD_COMPRESSED")
def packed_event_without_end():
    r = Recording(features=PACKED).start()
    sound_cpu(r)
    at = r.append(compressed(r.aux_record(1, 0, 128)[:40], first=True))
    r.auxtrace(1, 0, spe.loads(0, 2))
    return r.file(), Place(file=r.data_at() + at)


@case("malformed", "AUX data follows its record in the file, so the record cannot be packed",
      "perf.data-file-format.txt, PERF_RECORD_AUXTRACE")
def packed_auxtrace():
    r = Recording(features=PACKED).start()
    sound_cpu(r)
    body = struct.pack("<QQQIIII", 128, 0, 77, 1, perf.NO_CPU, 1, 0)
    at = r.append(compressed(perf.record(perf.AUXTRACE, body), first=True))
    r.append(spe.loads(0, 2))
    return r.file(), Place(file=r.data_at() + at)

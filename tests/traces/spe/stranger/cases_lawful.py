"""Files in which nothing is wrong: fifteen ways to say that a PE wrote whole records."""

import struct

import perf_file as perf
import spe_record as spe
from case import case
from perf_file import Recording


@case("conforms", "whole records, each covered by an AUX record of its CPU",
      "perf_event.h, PERF_RECORD_AUX; DDI 0487 D18.1", records=12)
def two_cpus_old_info():
    r = Recording().start()
    for cpu in (0, 1):
        end = r.chunk(cpu, 0, spe.loads(0, 4))
        r.round().chunk(cpu, end, spe.loads(4, 2))
    return r.round().file()


@case("conforms", "AUXTRACE_INFO with a version; collisions lose samples, never parts of a record",
      "arm-spe.h, ARM_SPE_HEADER_VERSION; DDI 0487 D17.3.7 and PMBSR_EL1.COLL", records=36)
def three_cpus_versioned_info():
    cpus = (0, 2, 3)
    r = Recording(cpus=cpus, info=perf.info_of_version_2(cpus)).start()
    for cpu in cpus:
        at = 0
        for number, flags in enumerate((0, perf.COLLISION, 0, perf.COLLISION)):
            payload = spe.loads(number, 2) + spe.aligned(spe.branch(number))
            at = r.chunk(cpu, at, payload, flags)
        r.round()
    return r.file()


@case("conforms", "a buffer that follows a thread has no CPU: its AUX records come from any CPU",
      "perf_event.h, sample_id; auxtrace_event.cpu is -1 in tools/perf/util/auxtrace.c", records=9)
def threads_that_migrate():
    r = Recording(cpus=(0, 1)).start()
    first, second = spe.loads(0, 6), spe.loads(50, 3)
    # Thread 4242 (SPE's id 101) ran on CPU 3 and then on CPU 5; thread 4343 (id 102) on CPU 3.
    r.append(migrated(r, 3, 4242, 101, 0, 128))
    r.append(migrated(r, 3, 4343, 102, 0, 192))
    r.append(migrated(r, 5, 4242, 101, 128, 256))
    r.auxtrace(perf.NO_CPU, 0, first, index=0, tid=4242)
    r.auxtrace(perf.NO_CPU, 0, second, index=1, tid=4343)
    return r.file()


def migrated(r, cpu, tid, identifier, offset, size):
    """An AUX record of a thread's buffer, written while the thread ran on this CPU."""
    body = struct.pack("<QQQ", offset, size, 0)
    return perf.record(perf.AUX, body + r.sample_id(cpu, tid, identifier))


@case("conforms", "perf copies the AUX area when it wakes up, not where records end",
      "perf.data-file-format.txt, PERF_RECORD_AUXTRACE: offset and size say which bytes", records=5)
def record_over_two_auxtraces():
    r = Recording(cpus=(0,)).start()
    payload = spe.loads(0, 5)
    r.aux(0, 0, len(payload))
    r.auxtrace(0, 0, payload[:104])  # the second record has 40 bytes here
    r.round().auxtrace(0, 104, payload[104:])
    return r.file()


@case("conforms", "perf fills a copy up to 8 bytes; the next copy begins where the data ended",
      "tools/perf/util/auxtrace.c, __auxtrace_mmap__read: size is the data's and the padding's",
      records=5)
def copy_filled_to_eight_bytes():
    r = Recording(cpus=(0,)).start()
    first, second = spe.load(0) + spe.branch(0), spe.load(1) + spe.branch(1) + spe.branch(2)
    assert len(first) % 8 and len(second) % 8
    end = r.chunk(0, 0, first)
    r.chunk(0, end, second)
    return r.file()


@case("conforms", "with DL the bytes behind the last whole record are not specified",
      "DDI 0487 D17.7; drivers/perf/arm_spe_pmu.c: DL becomes TRUNCATED and PARTIAL", records=6)
def truncated_within_a_record():
    r = Recording().start()
    end = r.chunk(0, 0, spe.loads(0, 3) + spe.load(3)[:29], perf.DATA_LOST)
    end += -end % 64  # the driver aligns the pointer before it starts again
    r.round().chunk(0, end, spe.loads(4, 2))
    r.chunk(1, 0, spe.loads(0, 1))
    return r.file()


@case("conforms", "DL does not say that a record was cut: samples may be lost between records",
      "DDI 0487 D17.8 (access not allowed sets DL; RYZJQX: a fault at a boundary may)", records=6)
def truncated_between_records():
    r = Recording().start()
    end = r.chunk(0, 0, spe.loads(0, 3), perf.DATA_LOST | perf.COLLISION)
    r.round().chunk(0, end, spe.loads(4, 2))
    r.chunk(1, 0, spe.loads(0, 1), perf.DATA_LOST)
    return r.file()


@case("conforms", "no room: the driver pads what is left, skips it and reports no bytes",
      "drivers/perf/arm_spe_pmu.c, __arm_spe_pmu_next_off: perf_aux_output_skip, no_space",
      records=4)
def empty_aux_and_skipped_padding():
    r = Recording(cpus=(0,)).start()
    first, second = spe.loads(0, 2), spe.loads(2, 2)
    r.aux(0, 0, len(first))
    r.aux(0, 192, 0, perf.TRUNCATED)
    r.aux(0, 192, len(second))
    r.auxtrace(0, 0, first + bytes(64) + second)
    return r.file()


@case("conforms", "in a snapshot aux_offset is where the data ends",
      "kernel/events/ring_buffer.c, perf_aux_output_end: aux_head is handle->head with OVERWRITE",
      records=8)
def snapshot():
    r = Recording().start()
    for cpu in (0, 1):
        payload = spe.loads(10 * cpu, 4)
        r.aux(cpu, len(payload), len(payload), perf.OVERWRITE)
        r.auxtrace(cpu, 0, payload)
    return r.file()


@case("conforms", "a pipe has its attributes and features as records",
      "perf.data-file-format.txt, Pipe-mode data", records=8)
def pipe():
    r = Recording().start()
    for cpu in (0, 1):
        r.chunk(cpu, 0, spe.loads(0, 4) + spe.load(4)[:20], perf.DATA_LOST)
    return r.round().pipe()


@case("conforms", "records that nobody knows are skipped by their size",
      "perf_event.h: newer perf.data files are read by older tools", records=8)
def unknown_records():
    r = Recording().start()
    r.append(perf.record(63, b"from a kernel of tomorrow" + r.sample_id(0)))
    r.append(perf.record(200, b"from a perf of tomorrow"))
    r.append(perf.record(perf.TIME_CONV, struct.pack("<QQQ", 0, 1, 0)))
    for cpu in (0, 1):
        r.chunk(cpu, 0, spe.loads(0, 4))
        r.append(perf.record(99, b""))
        r.round()
    return r.file()


@case("conforms", "perf -z packs the kernel's records, cut anywhere, and leaves AUX data as it is",
      "perf.data-file-format.txt, PERF_RECORD_COMPRESSED; RFC 8878", records=8)
def aux_records_in_compressed():
    r = Recording(features={perf.ZSTD: struct.pack("<IIIII", 1, 1, 1, 1, 528384)}).start()
    packed = b"".join(r.aux_record(cpu, 0, 256) for cpu in (0, 1))
    r.append(compressed(packed[:70], first=True))
    r.append(compressed(packed[70:], first=False))
    for cpu in (0, 1):
        r.auxtrace(cpu, 0, spe.loads(0, 4))
    return r.file()


def compressed(data, first):
    """A COMPRESSED record; its size is not filled up, for zeros would be data of the frame."""
    body = perf.zstd_raw(data, first)
    return struct.pack("<IHH", perf.COMPRESSED, 0, 8 + len(body)) + body


@case("conforms", "without PERF_SAMPLE_CPU the id of the event tells the buffer",
      "perf.data-file-format.txt, PERF_RECORD_ID_INDEX: ids to CPUs and TIDs", records=7)
def id_index_instead_of_cpu():
    r = Recording(sample_type=perf.IDENTIFIER | perf.TID | perf.TIME).start()
    entries = struct.pack("<Q", 2)
    for cpu in (0, 1):
        entries += struct.pack("<QQQQ", r.spe_id(cpu), cpu, cpu, 0xFFFF_FFFF_FFFF_FFFF)
    r.append(perf.record(perf.ID_INDEX, entries))
    r.chunk(0, 0, spe.loads(0, 2) + spe.load(2)[:9], perf.DATA_LOST)
    r.chunk(1, 0, spe.loads(0, 5))
    return r.file()


@case("conforms", "without sample_id_all a single buffer is the only one that can be meant",
      "perf_event.h: sample_id is there if perf_event_attr::sample_id_all is set", records=4)
def no_sample_ids():
    r = Recording(cpus=(1,), sample_id_all=False).start()
    end = r.chunk(1, 0, spe.loads(0, 2))
    r.chunk(1, end, spe.loads(2, 2))
    return r.file()


@case("conforms", "every packet of the tables, with every size of payload that they permit",
      "DDI 0487 D18.2", records=4)
def every_packet():
    r = Recording(cpus=(0,)).start()
    everything = spe.events(spe.RETIRED, 8) + spe.context(2, 7) + spe.context(1, 9) + spe.STORE
    everything += spe.pc(0x4000, spe.EL2) + spe.address(2, 0x7F00_0000_4000)
    everything += spe.address(3, 1 << 63 | 0x8000_4000) + spe.data_source(0x0102, 2)
    everything += spe.counter(0, 0xFFF) + spe.counter(1, 0) + spe.counter(2, 1)
    everything += spe.timestamp(0)
    branched = spe.events(spe.RETIRED, 1) + spe.pc(0x5000, spe.EL1) + spe.BRANCH
    branched += spe.address(1, 0x6000 | spe.NON_SECURE) + spe.address(4, 0x7000 | spe.NON_SECURE)
    branched += spe.extended(0, spe.counter(0, 5)) + spe.counter(1, 2) + spe.END
    other = spe.OTHER + spe.events(1, 4) + spe.pc(0x9000) + spe.counter(0, 2) + spe.END
    r.chunk(0, 0, b"".join(map(spe.aligned, (everything, branched, other, everything))))
    return r.file()

"""perf.data files, written from the documents of the format.

Sources, in Linux: tools/perf/Documentation/perf.data-file-format.txt for the file, the pipe and the
records of perf; include/uapi/linux/perf_event.h for the records of the kernel and for what follows
each of them (sample_id); tools/perf/util/arm-spe.h for the two forms of AUXTRACE_INFO.
"""

import struct
from dataclasses import dataclass, field

# What a sample_id holds: bits of perf_event_attr.sample_type.
IP, TID, TIME, CPU, PERIOD, IDENTIFIER = 1 << 0, 1 << 1, 1 << 2, 1 << 7, 1 << 8, 1 << 16
USUAL_SAMPLE = IDENTIFIER | IP | TID | TIME | CPU | PERIOD

# Types of records: the kernel's, and from 64 on perf's.
MMAP, LOST, COMM, AUX, ITRACE_START = 1, 2, 3, 11, 12
HEADER_ATTR, FINISHED_ROUND, ID_INDEX, AUXTRACE_INFO, AUXTRACE = 64, 68, 69, 70, 71
TIME_CONV, HEADER_FEATURE, COMPRESSED, FINISHED_INIT = 79, 80, 81, 82

# perf_event_attr: type 8 is the number that sysfs gave the SPE PMU.
SPE_PMU, SOFTWARE, DUMMY = 8, 1, 9
ATTR_SIZE = 128
ENABLED_MMAP_COMM, SAMPLE_ID_ALL = 1 << 8 | 1 << 9, 1 << 18

TRUNCATED, OVERWRITE, PARTIAL, COLLISION = 1, 2, 4, 8
DATA_LOST = TRUNCATED | PARTIAL  # what drivers/perf/arm_spe_pmu.c makes of PMBSR_EL1.DL

ARM_SPE = 4  # auxtrace_info_event.type
NO_CPU = 0xFFFF_FFFF  # auxtrace_event.cpu of a buffer that follows a thread
CPU_MAGIC = 0x1010_1010_1010_1010

HOSTNAME, OSRELEASE, VERSION, ARCH, NRCPUS, CPUDESC, CPUID = 3, 4, 5, 6, 7, 8, 9
TOTAL_MEM, CMDLINE, EVENT_DESC, PMU_MAPPINGS, AUXTRACE_INDEX, ZSTD = 10, 11, 12, 16, 18, 27


def record(kind, body, misc=0):
    """A record: its header (type, misc, size) and the body, filled up to a multiple of 8 bytes."""
    body += bytes(-len(body) % 8)
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def text(value):
    """perf_header_string: length, then the characters, ended by zeros up to a multiple of 64."""
    raw = value.encode() + b"\x00"
    raw += bytes(-len(raw) % 64)
    return struct.pack("<I", len(raw)) + raw


def attr(kind, config, sample_type, flags):
    """struct perf_event_attr: type, size, config, period, sample_type, read_format, flags, ..."""
    head = struct.pack("<IIQQQQQ", kind, ATTR_SIZE, config, 4096, sample_type, 0, flags)
    return head + bytes(ATTR_SIZE - len(head))


def info_of_version_1():
    """The older AUXTRACE_INFO, without a version: the PMU, and whether buffers belong to CPUs."""
    return record(AUXTRACE_INFO, struct.pack("<IIQQ", ARM_SPE, 0, SPE_PMU, 1))


def info_of_version_2(cpus):
    """The newer AUXTRACE_INFO: version, words of the header, PMU, then a block for each CPU."""
    body = struct.pack("<IIQQQQ", ARM_SPE, 0, 2, 4, SPE_PMU, len(cpus))
    for cpu in cpus:
        body += struct.pack("<QQQQQQ", CPU_MAGIC, cpu, 3, 0x410F_D0C0, SPE_PMU, 1024)
    return record(AUXTRACE_INFO, body)


def zstd_raw(data, first, last=False):
    """A piece of a zstd frame that stores its data as it is (RFC 8878, 3.1.1.2.2 Raw_Block).

    perf compresses one frame piece by piece, so only the first piece has the frame's header.
    """
    header = struct.pack("<IBB", 0xFD2F_B528, 0, 0x38) if first else b""  # window of 128 KiB
    return header + (len(data) << 3 | int(last)).to_bytes(3, "little") + data


@dataclass
class Recording:
    """A recording in the making: what belongs in the header, and the records in their order."""

    cpus: tuple = (0, 1)
    sample_type: int = USUAL_SAMPLE
    sample_id_all: bool = True
    info: bytes = b""
    data: bytearray = field(default_factory=bytearray)
    clock: int = 5_000_000
    index: list = field(default_factory=list)  # (offset in data, bytes) of each AUXTRACE record
    features: dict = field(default_factory=dict)

    def __post_init__(self):
        self.append(self.info or info_of_version_1())

    def spe_id(self, cpu):
        """The id of the SPE event of a CPU (or of the thread with that index)."""
        return 101 + list(self.cpus).index(cpu)

    def sample_id(self, cpu, tid=4242, identifier=None):
        """The sample_id at the end of a kernel's record, as sample_type says."""
        if not self.sample_id_all:
            return b""
        self.clock += 1000
        identifier = self.spe_id(cpu) if identifier is None else identifier
        out = b""
        if self.sample_type & TID:
            out += struct.pack("<II", 4242, tid)
        if self.sample_type & TIME:
            out += struct.pack("<Q", self.clock)
        if self.sample_type & CPU:
            out += struct.pack("<II", cpu, 0)
        if self.sample_type & IDENTIFIER:
            out += struct.pack("<Q", identifier)
        return out

    def append(self, raw):
        """Appends bytes to the data; where they stand in the data."""
        self.data += raw
        return len(self.data) - len(raw)

    def start(self):
        """The records that open a recording: who runs, what is mapped, that tracing started."""
        cpu = self.cpus[0]
        comm = struct.pack("<II", 4242, 4242) + b"stranger".ljust(16, b"\x00")
        self.append(record(COMM, comm + self.sample_id(cpu)))
        mapped = struct.pack("<IIQQQ", 4242, 4242, 0x4000_0000, 0x10000, 0)
        mapped += b"/usr/bin/stranger".ljust(24, b"\x00")
        self.append(record(MMAP, mapped + self.sample_id(cpu), misc=2))
        for cpu in self.cpus:
            body = struct.pack("<II", 4242, 4242)
            self.append(record(ITRACE_START, body + self.sample_id(cpu)))
        self.append(record(FINISHED_INIT, b""))
        return self

    def aux_record(self, cpu, offset, size, flags=0, **sample):
        """The record of the kernel that says: so many bytes landed in the AUX area."""
        body = struct.pack("<QQQ", offset, size, flags)
        return record(AUX, body + self.sample_id(cpu, **sample))

    def aux(self, cpu, offset, size, flags=0, **sample):
        return self.append(self.aux_record(cpu, offset, size, flags, **sample))

    def auxtrace(self, cpu, offset, payload, *, index=None, tid=NO_CPU, claimed=None):
        """Bytes of the AUX area, filled up to a multiple of 8 as perf does.

        Where the record stands in the data. `claimed` is a size that is not the payload's.
        """
        index = list(self.cpus).index(cpu) if index is None else index
        payload += bytes(-len(payload) % 8)
        size = len(payload) if claimed is None else claimed
        body = struct.pack("<QQQIIII", size, offset, 77, index, tid, cpu, 0)
        at = self.append(record(AUXTRACE, body) + payload)
        self.index.append((at, 48))
        return at

    def chunk(self, cpu, offset, payload, flags=0):
        """Bytes of the AUX area and the record that covers them; where they end in the area."""
        self.aux(cpu, offset, len(payload), flags)
        self.auxtrace(cpu, offset, payload)
        return offset + len(payload)

    def round(self):
        self.append(record(FINISHED_ROUND, b""))
        return self

    def attrs(self):
        """The two events of the recording and their ids: SPE, and the one that tracks threads."""
        everywhere = SAMPLE_ID_ALL if self.sample_id_all else 0
        spe = attr(SPE_PMU, 0x1_0000_0001, self.sample_type, everywhere)
        track = attr(SOFTWARE, DUMMY, self.sample_type, everywhere | ENABLED_MMAP_COMM)
        ids = [self.spe_id(cpu) for cpu in self.cpus]
        return [(spe, ids), (track, [number + 100 for number in ids])]

    def feature_sections(self, data_at):
        """The optional sections that every perf of today writes, and those asked for."""
        described = struct.pack("<II", 2, ATTR_SIZE)
        for (event, ids), name in zip(self.attrs(), ("arm_spe_0/ts_enable=1/", "dummy:u")):
            described += event + struct.pack("<I", len(ids)) + text(name)
            described += b"".join(struct.pack("<Q", number) for number in ids)
        index = struct.pack("<Q", len(self.index))
        index += b"".join(struct.pack("<QQ", data_at + at, size) for at, size in self.index)
        return {
            HOSTNAME: text("stranger"), OSRELEASE: text("6.12.0"), VERSION: text("6.12"),
            ARCH: text("aarch64"), NRCPUS: struct.pack("<II", 4, 4), CPUDESC: text("Neoverse"),
            CPUID: text("0x00000000410fd0c0"), TOTAL_MEM: struct.pack("<Q", 1 << 24),
            CMDLINE: struct.pack("<I", 2) + text("perf") + text("record"),
            EVENT_DESC: described, PMU_MAPPINGS: struct.pack("<II", 1, SPE_PMU) + text("arm_spe_0"),
            AUXTRACE_INDEX: index, **self.features,
        }

    def data_at(self):
        """Where the data section begins in the file."""
        attrs = self.attrs()
        return 104 + sum(8 * len(ids) for _, ids in attrs) + len(attrs) * (ATTR_SIZE + 16)

    def file(self):
        """The whole file: header, ids, attributes, data, table of the features, the features."""
        ids, attrs = b"", b""
        for event, numbers in self.attrs():
            attrs += event + struct.pack("<QQ", 104 + len(ids), 8 * len(numbers))
            ids += b"".join(struct.pack("<Q", number) for number in numbers)
        attrs_at = 104 + len(ids)
        data_at = attrs_at + len(attrs)
        features = self.feature_sections(data_at)
        bits = sum(1 << bit for bit in features)
        header = b"PERFILE2" + struct.pack("<QQ", 104, ATTR_SIZE + 16)
        header += struct.pack("<QQQQQQ", attrs_at, len(attrs), data_at, len(self.data), 0, 0)
        header += struct.pack("<QQQQ", bits, 0, 0, 0)
        table, sections = b"", b""
        at = data_at + len(self.data) + 16 * len(features)
        for bit in sorted(features):
            table += struct.pack("<QQ", at + len(sections), len(features[bit]))
            sections += features[bit]
        return header + ids + attrs + bytes(self.data) + table + sections

    def pipe(self):
        """The recording as perf writes it to a pipe: attributes and features are records too."""
        out = b"PERFILE2" + struct.pack("<Q", 16)
        for event, numbers in self.attrs():
            body = event + b"".join(struct.pack("<Q", number) for number in numbers)
            out += record(HEADER_ATTR, body)
        for bit, section in sorted(self.feature_sections(0).items()):
            if bit != AUXTRACE_INDEX:  # speaks of offsets in a file
                out += record(HEADER_FEATURE, struct.pack("<Q", bit) + section)
        return out + bytes(self.data)

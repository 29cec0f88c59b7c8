// System calls as other tracers print them, spelt as strace does:
//
//   perf trace     12.345 ( 0.003 ms): qemu/96 ioctl(fd: 13<anon_inode:kvm-vcpu:0>, cmd: KVM_RUN) =
//   0 trace-cmd      qemu-96 [001] 100.000001: sys_enter_ioctl: fd: 0x0000000d, cmd: 0x0000ae80,
//   ...
//                  qemu-96 [001] 100.000009: sys_exit_ioctl:  0x0
//   trace_pipe     qemu-96 [001] ..... 100.000001: sys_ioctl(fd: d, cmd: ae80, arg: 0)
//                  qemu-96 [001] ..... 100.000009: sys_ioctl -> 0x0
//
// None of them shows what a pointer leads to: such arguments count as not told.
#pragma once
#include <string>
#include <string_view>

namespace assay::traces {

// False: the line is of no such form, and `out` is not to be used.
bool spelt_as_strace(std::string_view line, std::string& out);

}  // namespace assay::traces

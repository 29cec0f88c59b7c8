/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of vmm.sh: as little as shows a VMM at work on QEMU's virt machine. It takes memory
 * faults, leaves for the console (MMIO), brings up the other CPUs and stops by PSCI. MODE decides
 * what the first CPU does in the end:
 *
 *   0  SYSTEM_OFF
 *   1  SYSTEM_RESET once, then SYSTEM_OFF
 *   2  writes to the console for ever: what happens to it is the monitor's doing
 *
 * Position independent, without a stack; runs from RAM (-kernel) and from flash (-bios).
 */
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xc4000003
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define UART 0x09000000
#define RAM_MARK 0x41000000 /* survives a reset: nothing is loaded there */
#define MAGIC 0x7e57

  .text
  .globl _start
_start:
  mrs x0, mpidr_el1
  tst x0, #0xff
  b.ne secondary

  mov x19, #1
1:                            /* the other CPUs, as many as there are */
  ldr x0, =PSCI_CPU_ON
  mov x1, x19
  adr x2, secondary
  mov x3, #0
  hvc #0
  add x19, x19, #1
  cmp x19, #8
  b.lo 1b

  ldr x20, =UART
  mov w21, #'A'
  mov x22, #200
2:
  str w21, [x20]
  subs x22, x22, #1
  b.ne 2b

  ldr x23, =RAM_MARK          /* faults in pages beyond the one it runs from */
  mov x22, #64
3:
  ldr x24, [x23]
  str x24, [x23, #8]
  add x23, x23, #4096
  subs x22, x22, #1
  b.ne 3b

#if MODE == 1
  ldr x23, =RAM_MARK
  ldr x24, [x23]
  mov x25, #MAGIC
  str x25, [x23]
  cmp x24, x25
  ldr x0, =PSCI_SYSTEM_RESET
  b.eq off
  hvc #0
#endif
#if MODE == 2
4:
  mov w21, #'.'
  str w21, [x20]
  mov x22, #0x400000
5:
  subs x22, x22, #1
  b.ne 5b
  b 4b
#endif
off:
  ldr x0, =PSCI_SYSTEM_OFF
  hvc #0
  b .

secondary:
  ldr x20, =UART
  mov w21, #'s'
  str w21, [x20]
  ldr x0, =PSCI_CPU_OFF
  hvc #0
  b .

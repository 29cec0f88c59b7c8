/* SPDX-License-Identifier: Apache-2.0
 *
 * How a guest of the laboratory reaches the folder of its job on the host. guest_host_arm64.c does
 * it by semihosting, guest_host_amd64.c through a folder that guest_init mounted.
 *
 * host_prepare must come first. Data travel through `host_chunk` only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_CHUNK = 1 << 20, HOST_PATH_BYTES = 4096 };
extern uint8_t host_chunk[HOST_CHUNK];

/* NULL, or what went wrong. */
const char* host_prepare(void);
/* The name of the job's folder, as the other calls take it; NULL if nobody told. */
const char* host_job(void);
/* A handle, negative where there is no such file. */
int64_t host_open_to_read(const char* path);
int64_t host_open_to_write(const char* path);
void host_close(int64_t handle);
/* What is in host_chunk goes to the host; false when the host did not take all of it. */
bool host_write(int64_t handle, size_t bytes);
/* The number of bytes that came to host_chunk; 0 at the end. */
size_t host_read(int64_t handle);
void host_remove(const char* path);
bool host_rename(const char* from, const char* to);
/* Ends the machine. */
void host_exit(uint64_t status);

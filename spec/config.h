/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of the OCI runtime specification 1.3, for Linux: structs named as its sections are
 * (config.md, config-linux.md), members as its properties. Filled by decode() from the tables in
 * config.c; strings point into the text of the file.
 */
#ifndef PROA_SPEC_CONFIG_H
#define PROA_SPEC_CONFIG_H

#include "decode.h"

#define OCI_VERSION "1.3.0"
#define OCI_VERSION_MIN "1.0.0"

struct user {
	struct opt_u32 uid, gid, umask;
	struct u32s additionalGids;
	const char *username;
};

struct box {
	struct opt_u64 height, width;
};

struct rlimit_config {
	const char *type;
	struct opt_u64 soft, hard;
};

struct capabilities {
	struct strs bounding, effective, permitted, inheritable, ambient;
};

struct scheduler {
	const struct name *policy;
	struct opt_i64 nice, priority;
	struct list flags; /* struct name, enum_scheduler_flags */
	struct opt_u64 runtime, deadline, period;
};

struct io_priority {
	const struct name *class;
	struct opt_i64 priority;
};

struct cpu_affinity {
	const char *initial, *final;
};

struct process {
	struct opt_bool terminal;
	struct box *consoleSize;
	struct user *user;
	const char *cwd;
	struct strs args, env;
	const char *commandLine;
	struct capabilities *capabilities;
	struct list rlimits; /* struct rlimit_config */
	bool noNewPrivileges;
	struct opt_i64 oomScoreAdj;
	struct scheduler *scheduler;
	struct io_priority *ioPriority;
	struct cpu_affinity *execCPUAffinity;
	const char *apparmorProfile, *selinuxLabel;
};

struct root {
	const char *path;
	bool readonly;
};

struct id_mapping {
	struct opt_u32 containerID, hostID, size;
};

struct mount {
	const char *destination, *type, *source;
	struct strs options;
	struct list uidMappings, gidMappings; /* struct id_mapping */
};

struct hook {
	const char *path;
	struct strs args, env;
	struct opt_i64 timeout; /* seconds */
};

struct hooks {
	struct list prestart, createRuntime, createContainer, startContainer, poststart, poststop;
};

struct namespace
{
	const struct name *type; /* value: CLONE_NEW* */
	const char *path;
};

struct time_offset {
	struct opt_i64 secs;
	struct opt_u32 nanosecs;
};

struct time_offsets {
	struct time_offset *monotonic, *boottime;
};

struct device {
	const char *path;
	const struct name *type; /* value: S_IFCHR, S_IFBLK, S_IFIFO */
	struct opt_i64 major, minor;
	struct opt_u32 fileMode, uid, gid;
};

struct net_device {
	const char *key; /* the name outside */
	const char *name;
};

struct device_rule {
	bool allow;
	const char *type, *access;
	struct opt_i64 major, minor;
};

struct memory {
	struct opt_i64 limit, reservation, swap, kernel, kernelTCP;
	struct opt_u64 swappiness;
	struct opt_bool disableOOMKiller, useHierarchy, checkBeforeUpdate;
};

struct cpu {
	struct opt_u64 shares, period, burst, realtimePeriod;
	struct opt_i64 quota, realtimeRuntime, idle;
	const char *cpus, *mems;
};

struct pids {
	struct opt_i64 limit;
};

struct weight_device {
	struct opt_i64 major, minor;
	struct opt_u32 weight, leafWeight;
};

struct throttle_device {
	struct opt_i64 major, minor;
	struct opt_u64 rate;
};

struct block_io {
	struct opt_u32 weight, leafWeight;
	struct list weightDevice; /* struct weight_device */
	struct list throttleReadBpsDevice, throttleWriteBpsDevice;
	struct list throttleReadIOPSDevice, throttleWriteIOPSDevice;
};

struct hugepage_limit {
	const char *pageSize;
	struct opt_u64 limit;
};

struct rdma {
	const char *key;
	struct opt_u32 hcaHandles, hcaObjects;
};

struct resources {
	struct list devices; /* struct device_rule */
	struct memory *memory;
	struct cpu *cpu;
	struct pids *pids;
	struct block_io *blockIO;
	struct list hugepageLimits;
	struct list rdma;
	struct pairs unified;
};

struct seccomp_arg {
	struct opt_u32 index;
	struct opt_u64 value, valueTwo;
	const struct name *op; /* value: enum seccomp_op */
};

enum seccomp_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

struct seccomp_rule {
	struct strs names;
	const struct name *action; /* value: SECCOMP_RET_* */
	struct opt_u32 errnoRet;
	struct list args;
};

struct seccomp {
	const struct name *defaultAction;
	struct opt_u32 defaultErrnoRet;
	struct strs architectures;
	struct list flags; /* struct name; value: SECCOMP_FILTER_FLAG_* */
	const char *listenerPath, *listenerMetadata;
	struct list syscalls; /* struct seccomp_rule */
};

struct intel_rdt {
	const char *closID, *l3CacheSchema, *memBwSchema;
	struct strs schemata;
	bool enableCMT, enableMBM, enableMonitoring;
};

struct memory_policy {
	const struct name *mode; /* value: MPOL_* */
	const char *nodes;
	struct list flags;
};

struct personality {
	const struct name *domain;
	struct strs flags;
};

struct linux_config {
	struct list namespaces; /* struct namespace */
	struct list uidMappings, gidMappings;
	struct time_offsets *timeOffsets;
	struct list devices;	/* struct device */
	struct list netDevices; /* struct net_device */
	const char *cgroupsPath;
	struct resources *resources;
	const struct name *rootfsPropagation; /* value: MS_* */
	struct strs maskedPaths, readonlyPaths;
	struct seccomp *seccomp;
	struct pairs sysctl;
	const char *mountLabel;
	struct intel_rdt *intelRdt;
	struct memory_policy *memoryPolicy;
	struct personality *personality;
};

struct config {
	const char *ociVersion;
	struct root *root;
	struct process *process;
	const char *hostname, *domainname;
	struct pairs annotations;
	struct list mounts; /* struct mount */
	struct hooks *hooks;
	struct linux_config *linux;
};

extern const struct fields config_fields;
extern const struct fields mounts_fields; /* struct config's mounts alone */
extern const struct fields process_fields;
extern const struct fields resources_fields;
extern const struct fields seccomp_fields;

extern const struct name namespace_names[]; /* value: CLONE_NEW* */
extern const struct name rlimit_names[];
extern const struct name action_names[];
extern const struct name operator_names[];
extern const struct name seccomp_flag_names[];
extern const struct name memory_policy_modes[];
extern const struct name memory_policy_flags[];

/* Reads and decodes a file below dirfd; the sentence names the file. */
int config_load(int dirfd, const char *path, const struct fields *t, void *out, struct arena *a,
		struct err *err) must_check;
/* A value in annotations (or any string map); NULL if absent. */
const char *pairs_get(const struct pairs *p, const char *key);

#endif

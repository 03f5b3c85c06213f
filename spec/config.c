// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fd.h"
#include "json.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SCHED_FLAG_UTIL_CLAMP_MIN
#define SCHED_FLAG_UTIL_CLAMP_MIN 0x20
#define SCHED_FLAG_UTIL_CLAMP_MAX 0x40
#endif

const struct name namespace_names[] = {
	{"pid", CLONE_NEWPID},	     {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
	{"ipc", CLONE_NEWIPC},	     {"uts", CLONE_NEWUTS},	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},	{NULL, 0},
};

const struct name rlimit_names[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{NULL, 0},
};

const struct name action_names[] = {
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
	{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
	{NULL, 0},
};

const struct name operator_names[] = {
	{"SCMP_CMP_NE", OP_NE},
	{"SCMP_CMP_LT", OP_LT},
	{"SCMP_CMP_LE", OP_LE},
	{"SCMP_CMP_EQ", OP_EQ},
	{"SCMP_CMP_GE", OP_GE},
	{"SCMP_CMP_GT", OP_GT},
	{"SCMP_CMP_MASKED_EQ", OP_MASKED_EQ},
	{NULL, 0},
};

const struct name seccomp_flag_names[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
	{NULL, 0},
};

const struct name memory_policy_modes[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},	 {"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND},	 {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},	 {"MPOL_PREFERRED_MANY", 5},
	{"MPOL_WEIGHTED_INTERLEAVE", 6}, {NULL, 0},
};

const struct name memory_policy_flags[] = {
	{"MPOL_F_NUMA_BALANCING", 1 << 13},
	{"MPOL_F_RELATIVE_NODES", 1 << 14},
	{"MPOL_F_STATIC_NODES", 1 << 15},
	{NULL, 0},
};

static const struct name scheduler_policies[] = {
	{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},	      {"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}, {NULL, 0},
};

static const struct name scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},
	{"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},
	{"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
	{NULL, 0},
};

static const struct name ioprio_classes[] = {
	{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	{NULL, 0},
};

static const struct name device_types[] = {
	{"c", S_IFCHR}, {"u", S_IFCHR}, {"b", S_IFBLK}, {"p", S_IFIFO}, {NULL, 0},
};

static const struct name propagations[] = {
	{"shared", MS_SHARED},
	{"rshared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE},
	{"rslave", MS_SLAVE | MS_REC},
	{"private", MS_PRIVATE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"unbindable", MS_UNBINDABLE},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{NULL, 0},
};

static const struct name personality_domains[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};

#define T struct user
static const struct field user_rows[] = {F(T, uid), F(T, gid), F(T, umask), F(T, additionalGids),
					 F(T, username)};
static const struct fields user_fields = FIELDS(T, user_rows);
#undef T

#define T struct box
static const struct field box_rows[] = {F_REQ(T, height), F_REQ(T, width)};
static const struct fields box_fields = FIELDS(T, box_rows);
#undef T

#define T struct rlimit_config
static const struct field rlimit_rows[] = {F_REQ(T, type), F_REQ(T, soft), F_REQ(T, hard)};
static const struct fields rlimit_fields = FIELDS(T, rlimit_rows);
#undef T

#define T struct capabilities
static const struct field capabilities_rows[] = {F(T, bounding), F(T, effective), F(T, permitted),
						 F(T, inheritable), F(T, ambient)};
static const struct fields capabilities_fields = FIELDS(T, capabilities_rows);
#undef T

#define T struct scheduler
static const struct field scheduler_rows[] = {
	F_ENUM_REQ(T, policy, scheduler_policies),
	F(T, nice),
	F(T, priority),
	F_ENUMS(T, flags, scheduler_flags),
	F(T, runtime),
	F(T, deadline),
	F(T, period),
};
static const struct fields scheduler_fields = FIELDS(T, scheduler_rows);
#undef T

#define T struct io_priority
static const struct field io_priority_rows[] = {F_ENUM_REQ(T, class, ioprio_classes),
						F(T, priority)};
static const struct fields io_priority_fields = FIELDS(T, io_priority_rows);
#undef T

#define T struct cpu_affinity
static const struct field cpu_affinity_rows[] = {F(T, initial), F(T, final)};
static const struct fields cpu_affinity_fields = FIELDS(T, cpu_affinity_rows);
#undef T

#define T struct process
static const struct field process_rows[] = {
	F(T, terminal),
	F_OBJ(T, consoleSize, &box_fields),
	F_OBJ(T, user, &user_fields),
	F(T, cwd),
	F(T, args),
	F(T, env),
	F(T, commandLine),
	F_OBJ(T, capabilities, &capabilities_fields),
	F_OBJS(T, rlimits, &rlimit_fields),
	F(T, noNewPrivileges),
	F(T, oomScoreAdj),
	F_OBJ(T, scheduler, &scheduler_fields),
	F_OBJ(T, ioPriority, &io_priority_fields),
	F_OBJ(T, execCPUAffinity, &cpu_affinity_fields),
	F(T, apparmorProfile),
	F(T, selinuxLabel),
};
const struct fields process_fields = FIELDS(T, process_rows);
#undef T

#define T struct root
static const struct field root_rows[] = {F_REQ(T, path), F(T, readonly)};
static const struct fields root_fields = FIELDS(T, root_rows);
#undef T

#define T struct id_mapping
static const struct field id_mapping_rows[] = {F_REQ(T, containerID), F_REQ(T, hostID),
					       F_REQ(T, size)};
static const struct fields id_mapping_fields = FIELDS(T, id_mapping_rows);
#undef T

#define T struct mount
static const struct field mount_rows[] = {
	F_REQ(T, destination),
	F(T, type),
	F(T, source),
	F(T, options),
	F_OBJS(T, uidMappings, &id_mapping_fields),
	F_OBJS(T, gidMappings, &id_mapping_fields),
};
static const struct fields mount_fields = FIELDS(T, mount_rows);
#undef T

#define T struct hook
static const struct field hook_rows[] = {F_REQ(T, path), F(T, args), F(T, env), F(T, timeout)};
static const struct fields hook_fields = FIELDS(T, hook_rows);
#undef T

#define T struct hooks
static const struct field hooks_rows[] = {
	F_OBJS(T, prestart, &hook_fields),	  F_OBJS(T, createRuntime, &hook_fields),
	F_OBJS(T, createContainer, &hook_fields), F_OBJS(T, startContainer, &hook_fields),
	F_OBJS(T, poststart, &hook_fields),	  F_OBJS(T, poststop, &hook_fields),
};
static const struct fields hooks_fields = FIELDS(T, hooks_rows);
#undef T

#define T struct namespace
static const struct field namespace_rows[] = {F_ENUM_REQ(T, type, namespace_names), F(T, path)};
static const struct fields namespace_fields = FIELDS(T, namespace_rows);
#undef T

#define T struct time_offset
static const struct field time_offset_rows[] = {F(T, secs), F(T, nanosecs)};
static const struct fields time_offset_fields = FIELDS(T, time_offset_rows);
#undef T

#define T struct time_offsets
static const struct field time_offsets_rows[] = {F_OBJ(T, monotonic, &time_offset_fields),
						 F_OBJ(T, boottime, &time_offset_fields)};
static const struct fields time_offsets_fields = FIELDS(T, time_offsets_rows);
#undef T

#define T struct device
static const struct field device_rows[] = {
	F_REQ(T, path), F_ENUM_REQ(T, type, device_types),
	F(T, major),	F(T, minor),
	F(T, fileMode), F(T, uid),
	F(T, gid),
};
static const struct fields device_fields = FIELDS(T, device_rows);
#undef T

#define T struct net_device
static const struct field net_device_rows[] = {F(T, name)};
static const struct fields net_device_fields = FIELDS(T, net_device_rows);
#undef T

#define T struct device_rule
static const struct field device_rule_rows[] = {F_REQ(T, allow), F(T, type), F(T, access),
						F(T, major), F(T, minor)};
static const struct fields device_rule_fields = FIELDS(T, device_rule_rows);
#undef T

#define T struct memory
static const struct field memory_rows[] = {
	F(T, limit),
	F(T, reservation),
	F(T, swap),
	F(T, kernel),
	F(T, kernelTCP),
	F(T, swappiness),
	F(T, disableOOMKiller),
	F(T, useHierarchy),
	F(T, checkBeforeUpdate),
};
static const struct fields memory_fields = FIELDS(T, memory_rows);
#undef T

#define T struct cpu
static const struct field cpu_rows[] = {
	F(T, shares),	       F(T, period), F(T, burst), F(T, realtimePeriod), F(T, quota),
	F(T, realtimeRuntime), F(T, idle),   F(T, cpus),  F(T, mems),
};
static const struct fields cpu_fields = FIELDS(T, cpu_rows);
#undef T

#define T struct pids
static const struct field pids_rows[] = {F(T, limit)};
static const struct fields pids_fields = FIELDS(T, pids_rows);
#undef T

#define T struct weight_device
static const struct field weight_device_rows[] = {F_REQ(T, major), F_REQ(T, minor), F(T, weight),
						  F(T, leafWeight)};
static const struct fields weight_device_fields = FIELDS(T, weight_device_rows);
#undef T

#define T struct throttle_device
static const struct field throttle_device_rows[] = {F_REQ(T, major), F_REQ(T, minor),
						    F_REQ(T, rate)};
static const struct fields throttle_device_fields = FIELDS(T, throttle_device_rows);
#undef T

#define T struct block_io
static const struct field block_io_rows[] = {
	F(T, weight),
	F(T, leafWeight),
	F_OBJS(T, weightDevice, &weight_device_fields),
	F_OBJS(T, throttleReadBpsDevice, &throttle_device_fields),
	F_OBJS(T, throttleWriteBpsDevice, &throttle_device_fields),
	F_OBJS(T, throttleReadIOPSDevice, &throttle_device_fields),
	F_OBJS(T, throttleWriteIOPSDevice, &throttle_device_fields),
};
static const struct fields block_io_fields = FIELDS(T, block_io_rows);
#undef T

#define T struct hugepage_limit
static const struct field hugepage_limit_rows[] = {F_REQ(T, pageSize), F_REQ(T, limit)};
static const struct fields hugepage_limit_fields = FIELDS(T, hugepage_limit_rows);
#undef T

#define T struct rdma
static const struct field rdma_rows[] = {F(T, hcaHandles), F(T, hcaObjects)};
static const struct fields rdma_fields = FIELDS(T, rdma_rows);
#undef T

#define T struct resources
static const struct field resources_rows[] = {
	F_OBJS(T, devices, &device_rule_fields),
	F_OBJ(T, memory, &memory_fields),
	F_OBJ(T, cpu, &cpu_fields),
	F_OBJ(T, pids, &pids_fields),
	F_OBJ(T, blockIO, &block_io_fields),
	F_OBJS(T, hugepageLimits, &hugepage_limit_fields),
	F_MAP(T, rdma, &rdma_fields),
	F(T, unified),
};
const struct fields resources_fields = FIELDS(T, resources_rows);
#undef T

#define T struct seccomp_arg
static const struct field seccomp_arg_rows[] = {F_REQ(T, index), F_REQ(T, value), F(T, valueTwo),
						F_ENUM_REQ(T, op, operator_names)};
static const struct fields seccomp_arg_fields = FIELDS(T, seccomp_arg_rows);
#undef T

#define T struct seccomp_rule
static const struct field seccomp_rule_rows[] = {
	F_REQ(T, names), F_ENUM_REQ(T, action, action_names), F(T, errnoRet),
	F_OBJS(T, args, &seccomp_arg_fields)};
static const struct fields seccomp_rule_fields = FIELDS(T, seccomp_rule_rows);
#undef T

#define T struct seccomp
static const struct field seccomp_rows[] = {
	F_ENUM_REQ(T, defaultAction, action_names), F(T, defaultErrnoRet), F(T, architectures),
	F_ENUMS(T, flags, seccomp_flag_names),	    F(T, listenerPath),	   F(T, listenerMetadata),
	F_OBJS(T, syscalls, &seccomp_rule_fields),
};
const struct fields seccomp_fields = FIELDS(T, seccomp_rows);
#undef T

#define T struct intel_rdt
static const struct field intel_rdt_rows[] = {
	F(T, closID),	 F(T, l3CacheSchema), F(T, memBwSchema),      F(T, schemata),
	F(T, enableCMT), F(T, enableMBM),     F(T, enableMonitoring),
};
static const struct fields intel_rdt_fields = FIELDS(T, intel_rdt_rows);
#undef T

#define T struct memory_policy
static const struct field memory_policy_rows[] = {F_ENUM_REQ(T, mode, memory_policy_modes),
						  F(T, nodes),
						  F_ENUMS(T, flags, memory_policy_flags)};
static const struct fields memory_policy_fields = FIELDS(T, memory_policy_rows);
#undef T

#define T struct personality
static const struct field personality_rows[] = {F_ENUM_REQ(T, domain, personality_domains),
						F(T, flags)};
static const struct fields personality_fields = FIELDS(T, personality_rows);
#undef T

#define T struct linux_config
static const struct field linux_rows[] = {
	F_OBJS(T, namespaces, &namespace_fields),
	F_OBJS(T, uidMappings, &id_mapping_fields),
	F_OBJS(T, gidMappings, &id_mapping_fields),
	F_OBJ(T, timeOffsets, &time_offsets_fields),
	F_OBJS(T, devices, &device_fields),
	F_MAP(T, netDevices, &net_device_fields),
	F(T, cgroupsPath),
	F_OBJ(T, resources, &resources_fields),
	F_ENUM(T, rootfsPropagation, propagations),
	F(T, maskedPaths),
	F(T, readonlyPaths),
	F_OBJ(T, seccomp, &seccomp_fields),
	F(T, sysctl),
	F(T, mountLabel),
	F_OBJ(T, intelRdt, &intel_rdt_fields),
	F_OBJ(T, memoryPolicy, &memory_policy_fields),
	F_OBJ(T, personality, &personality_fields),
};
static const struct fields linux_fields = FIELDS(T, linux_rows);
#undef T

#define T struct config
static const struct field config_rows[] = {
	F_REQ(T, ociVersion),
	F_OBJ(T, root, &root_fields),
	F_OBJ(T, process, &process_fields),
	F(T, hostname),
	F(T, domainname),
	F(T, annotations),
	F_OBJS(T, mounts, &mount_fields),
	F_OBJ(T, hooks, &hooks_fields),
	F_OBJ(T, linux, &linux_fields),
};
const struct fields config_fields = FIELDS(T, config_rows);
static const struct field mounts_rows[] = {F_OBJS(T, mounts, &mount_fields)};
const struct fields mounts_fields = FIELDS(T, mounts_rows);
#undef T

int config_load(int dirfd, const char *path, const struct fields *t, void *out, struct arena *a,
		struct err *err)
{
	size_t len = 0;
	char *text = fd_read_file(dirfd, path, JSON_MAX_BYTES, a, &len, err);

	if (!text)
		return -1;
	if (decode(t, out, text, len, 0, a, err) < 0)
		return err_ctx(err, "%s", path);
	return 0;
}

const char *pairs_get(const struct pairs *p, const char *key)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].key, key) == 0)
			return p->v[i].value;
	return NULL;
}

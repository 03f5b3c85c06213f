// SPDX-License-Identifier: Apache-2.0
/* features: what this runtime can do (features.md, features-linux.md). */
#include <string.h>

#include "caps.h"
#include "cmd.h"
#include "config.h"
#include "mount_options.h"
#include "seccomp_profile.h"

static void put_names(struct buf *b, const struct name *t)
{
	for (const struct name *n = t; n->name; n++)
		buf_fmt(b, "%s\"%s\"", n == t ? "" : ",", n->name);
}

static void put_mount_options(struct buf *b)
{
	for (const struct mount_option *o = mount_options; o->name; o++)
		buf_fmt(b, "%s\"%s\"", o == mount_options ? "" : ",", o->name);
}

static void put_capabilities(struct buf *b)
{
	for (int i = 0; caps_name(i); i++)
		buf_fmt(b, "%s\"%s\"", i ? "," : "", caps_name(i));
}

static void put_seccomp(struct buf *b)
{
	buf_str(b, "\"seccomp\":{\"enabled\":true,\"actions\":[");
	put_names(b, action_names);
	buf_str(b, "],\"operators\":[");
	put_names(b, operator_names);
	buf_str(b, "],\"archs\":[");
	for (int i = 0; seccomp_arch_names[i]; i++)
		buf_fmt(b, "%s\"%s\"", i ? "," : "", seccomp_arch_names[i]);
	buf_str(b, "],\"knownFlags\":[");
	put_names(b, seccomp_flag_names);
	buf_str(b, "],\"supportedFlags\":[");
	put_names(b, seccomp_flag_names);
	buf_str(b, "]}");
}

int cmd_features(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct buf b = BUF_INIT(x->arena);

	(void)opts;
	(void)args;
	buf_str(&b, "{\"ociVersionMin\":\"" OCI_VERSION_MIN "\",\"ociVersionMax\":\"" OCI_VERSION
		    "\",\"hooks\":[\"prestart\",\"createRuntime\",\"createContainer\","
		    "\"startContainer\",\"poststart\",\"poststop\"],\"mountOptions\":[");
	put_mount_options(&b);
	buf_str(&b, "],\"linux\":{\"namespaces\":[");
	put_names(&b, namespace_names);
	buf_str(&b, "],\"capabilities\":[");
	put_capabilities(&b);
	buf_str(&b, "],\"cgroup\":{\"v1\":false,\"v2\":true,\"systemd\":true,\"systemdUser\":true,"
		    "\"rdma\":true},");
	put_seccomp(&b);
	buf_str(&b, ",\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
		    "\"intelRdt\":{\"enabled\":true,\"schemata\":true,\"monitoring\":true},"
		    "\"memoryPolicy\":{\"modes\":[");
	put_names(&b, memory_policy_modes);
	buf_str(&b, "],\"flags\":[");
	put_names(&b, memory_policy_flags);
	buf_str(&b, "]},\"mountExtensions\":{\"idmap\":{\"enabled\":true}},"
		    "\"netDevices\":{\"enabled\":true}},"
		    "\"annotations\":{\"io.github.seccomp.libseccomp.version\":");
	buf_json_str(&b, seccomp_library_version);
	buf_str(&b, ",\"org.opencontainers.runc.checkpoint.enabled\":\"true\","
		    "\"org.proa.version\":\"" PROA_VERSION "\"},"
		    "\"potentiallyUnsafeConfigAnnotations\":[\"org.criu.config\","
		    "\"org.systemd.property.\",\"run.oci.\"]}\n");
	return cmd_print(&b, err);
}

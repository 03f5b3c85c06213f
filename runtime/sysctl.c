// SPDX-License-Identifier: Apache-2.0
#include "sysctl.h"

#include <limits.h>
#include <linux/sched.h>
#include <string.h>

#include "fd.h"

static const struct {
	const char *name; /* a trailing dot: all that begins so */
	uint64_t ns;
} namespaced[] = {
	{"net.", CLONE_NEWNET},
	{"fs.mqueue.", CLONE_NEWIPC},
	{"kernel.msgmax", CLONE_NEWIPC},
	{"kernel.msgmnb", CLONE_NEWIPC},
	{"kernel.msgmni", CLONE_NEWIPC},
	{"kernel.msg_next_id", CLONE_NEWIPC},
	{"kernel.sem", CLONE_NEWIPC},
	{"kernel.sem_next_id", CLONE_NEWIPC},
	{"kernel.shmall", CLONE_NEWIPC},
	{"kernel.shmmax", CLONE_NEWIPC},
	{"kernel.shmmni", CLONE_NEWIPC},
	{"kernel.shm_rmid_forced", CLONE_NEWIPC},
	{"kernel.shm_next_id", CLONE_NEWIPC},
	{"kernel.domainname", CLONE_NEWUTS},
	{"kernel.hostname", CLONE_NEWUTS},
	{"user.", CLONE_NEWUSER},
};

int sysctl_check(const struct pairs *s, uint64_t ns, struct err *err)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const char *key = s->v[i].key;
		char dotted[256];
		const char *need = NULL;
		bool known = false;

		if (fmt(dotted, sizeof(dotted), "%s", key) >= sizeof(dotted) || strstr(key, ".."))
			return err_set(err, ERR_CONFIG, "/linux/sysctl: \"%s\" is not a sysctl",
				       key);
		/* sysctl(8): if the first separator is a slash, slashes part and dots are letters
		 */
		if (strcspn(dotted, "/") < strcspn(dotted, "."))
			for (char *p = dotted; *p; p++)
				*p = (char)(*p == '/' ? '.' : *p == '.' ? '/' : *p);
		for (size_t n = 0; n < sizeof(namespaced) / sizeof(namespaced[0]); n++) {
			size_t len = strlen(namespaced[n].name);

			if (strncmp(dotted, namespaced[n].name, len) != 0 ||
			    (namespaced[n].name[len - 1] != '.' && dotted[len]))
				continue;
			known = true;
			if (!(ns & namespaced[n].ns))
				need = name_of(namespace_names, (int64_t)namespaced[n].ns);
		}
		if (strcmp(dotted, "kernel.hostname") == 0)
			return err_set(
				err, ERR_CONFIG,
				"/linux/sysctl: kernel.hostname is set by the property hostname");
		if (!known)
			return err_set(
				err, ERR_CONFIG,
				"/linux/sysctl: \"%s\" is not in a namespace: it would change the "
				"host",
				key);
		if (need)
			return err_set(
				err, ERR_CONFIG,
				"/linux/sysctl: \"%s\" needs a %s namespace in linux.namespaces",
				key, need);
	}
	return 0;
}

int sysctl_apply(const struct pairs *s, int proc, struct err *err)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct open_how how = {.flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
				       .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
						  RESOLVE_BENEATH};
		const char *key = s->v[i].key;
		bool slashes = strcspn(key, "/") < strcspn(key, ".");
		char path[PATH_MAX];
		auto_fd fd = -1;
		ssize_t n;

		fmt(path, sizeof(path), "sys/%s", key);
		for (char *p = path + 4; *p && !slashes; p++)
			*p = (char)(*p == '.' ? '/' : *p == '/' ? '.' : *p);
		fd = sys_openat2(proc, path, &how);
		if (fd == -ENOSYS)
			fd = sys_openat(proc, path, O_WRONLY | O_NOFOLLOW, 0);
		if (fd < 0)
			return err_sys(err, fd, "sysctl %s: open /proc/%s", key, path);
		n = sys_write(fd, s->v[i].value, strlen(s->v[i].value));
		if (n < 0)
			return err_sys(err, n, "sysctl %s: write \"%s\"", key, s->v[i].value);
	}
	return 0;
}

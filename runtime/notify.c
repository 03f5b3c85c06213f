// SPDX-License-Identifier: Apache-2.0
#include "notify.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "fd.h"
#include "hooks.h"
#include "proc.h"
#include "sock.h"

const char *notify_path(const struct config *c, char *const *environ)
{
	const char *path = c->linux && c->linux->seccomp ? c->linux->seccomp->listenerPath : NULL;

	if (!path)
		path = pairs_get(&c->annotations, "run.oci.seccomp.receiver");
	return path ? path : env_get(environ, "RUN_OCI_SECCOMP_RECEIVER");
}

int notify_connect(const char *path, struct err *err)
{
	int fd = sock_connect(AT_FDCWD, path, SOCK_STREAM);

	return fd < 0 ? err_sys(err, fd, "failed to connect with seccomp agent %s", path) : fd;
}

void *notify_shared(size_t size)
{
	long r = SYS(mmap, NULL, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);

	return r < 0 && r > -4096 ? NULL : (void *)r;
}

char *notify_state_json(const char *id, const char *bundle, const struct pairs *annotations,
			const char *metadata, const char *status, pid_t init, pid_t pid,
			struct arena *a)
{
	struct buf b = BUF_INIT(a);

	buf_fmt(&b, "{\"ociVersion\":\"" OCI_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":%d", pid);
	if (metadata) {
		buf_str(&b, ",\"metadata\":");
		buf_json_str(&b, metadata);
	}
	buf_fmt(&b, ",\"state\":%s,\"status\":\"%s\",\"pid\":%d}}",
		hooks_state_head(id, bundle, annotations, a), status, init);
	return b.data;
}

char *notify_state_text(const struct plan *p, pid_t pid, struct arena *a)
{
	return notify_state_json(p->id, p->bundle, &p->config->annotations,
				 p->proc.listener_metadata, "creating", pid, pid, a);
}

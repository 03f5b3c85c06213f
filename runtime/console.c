// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <asm/termbits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "fd.h"
#include "mount_exec.h"
#include "path.h"
#include "sock.h"

static int open_ptmx(int root, struct err *err)
{
	struct statfs fs;
	struct stat st;
	int fd = path_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(
			err, fd,
			"process.terminal: open /dev/pts/ptmx (is devpts among the mounts?)");
	/* CVE-2025-52565: what the image has there is not a terminal until the kernel says so */
	if (SYS(fstat, fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) ||
	    SYS(fstatfs, fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC) {
		sys_close(fd);
		return err_set(
			err, ENODEV,
			"process.terminal: /dev/pts/ptmx is not a pty multiplexer on devpts");
	}
	return fd;
}

int console_make(int root, const struct proc_plan *p, int *ret_master, int *ret_slave,
		 struct err *err)
{
	auto_fd master = open_ptmx(root, err);
	struct termios t;
	int unlock = 0;
	int slave;
	int r;

	if (master < 0)
		return -1;
	r = sys_ioctl(master, TIOCSPTLCK, &unlock);
	if (r < 0)
		return err_sys(err, r, "process.terminal: unlock the pty");
	/* by descriptor: the name in /dev/pts could be anything by now */
	slave = (int)SYS(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(err, slave, "process.terminal: open the pty's other end");
	if (p->rows || p->columns) {
		struct winsize size = {.ws_row = p->rows, .ws_col = p->columns};

		sys_ioctl(slave, TIOCSWINSZ, &size);
	}
	if (p->bare_newlines && sys_ioctl(slave, TCGETS, &t) == 0) {
		t.c_oflag &= ~(tcflag_t)ONLCR;
		sys_ioctl(slave, TCSETS, &t);
	}
	*ret_master = fd_steal(&master);
	*ret_slave = slave;
	return 0;
}

int console_bind(int root, int slave, struct err *err)
{
	auto_fd tree = sys_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	auto_fd dest = -1;
	int r;

	dest = path_make(root, "/dev/console", PATH_FILE, NULL);
	if (dest < 0)
		return dest == -EROFS ? 0
				      : err_sys(err, dest, "process.terminal: make /dev/console");
	if (tree == -ENOSYS) {
		char from[32];
		char to[32];

		fmt(from, sizeof(from), "/proc/self/fd/%d", slave);
		fmt(to, sizeof(to), "/proc/self/fd/%d", dest);
		r = sys_mount(from, to, NULL, 4096 /* MS_BIND */, NULL);
	} else {
		r = tree < 0 ? tree : mount_attach(tree, dest);
	}
	return r < 0 ? err_sys(err, r, "process.terminal: bind /dev/console") : 0;
}

int console_use(int slave, const struct proc_plan *p, struct err *err)
{
	long r = sys_ioctl(slave, TIOCSCTTY, NULL);

	if (r < 0)
		return err_sys(err, r, "process.terminal: make it the controlling terminal");
	for (int fd = 0; fd < 3; fd++) {
		r = SYS(dup3, slave, fd, 0);
		if (r < 0)
			return err_sys(err, r, "process.terminal: dup");
	}
	/* the user may reopen /dev/stdout; group tty (5) is what grantpt gives */
	r = SYS(fchown, 0, p->uid, (uint32_t)-1);
	if (r < 0 && r != -EINVAL && r != -EPERM && r != -EROFS)
		return err_sys(err, r, "process.terminal: chown to the user");
	return 0;
}

int console_send(int sock, int master, struct err *err)
{
	/* containerd and conmon read a name, and do nothing with it */
	static const char name[] = "/dev/ptmx";
	ssize_t n = sock_send(sock, name, sizeof(name) - 1, master);

	return n < 0 ? err_sys(err, n, "--console-socket: send the terminal") : 0;
}

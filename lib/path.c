// SPDX-License-Identifier: Apache-2.0
#include "path.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "fd.h"

enum { MAX_LINKS = 40 };

static bool force_walk;

void path_force_walk(bool on)
{
	force_walk = on;
}

bool path_clean(const char *path, char *out, size_t size)
{
	size_t len = 0;

	while (*path) {
		size_t n = (size_t)(strchrnul(path, '/') - path);

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (len + n + 2 > size)
				return false;
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
		path += *path == '/';
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return true;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return n == 1 || (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* State of a walk: `done` is the part that is resolved and free of symlinks, `rest` is to come. */
struct walk {
	int root;
	int fd; /* O_PATH of done; owned */
	size_t done_len;
	int links;
	char done[PATH_MAX];
	char rest[PATH_MAX];
};

static int walk_reopen(struct walk *w)
{
	const char *p = w->done;
	int fd = sys_openat(w->root, ".", O_PATH | O_DIRECTORY, 0);

	/* ".." is never asked of the kernel: a directory moved meanwhile would lead out of the root
	 */
	while (fd >= 0 && *p) {
		char name[NAME_MAX + 1];
		size_t n = strcspn(++p, "/");
		int next;

		memcpy(name, p, n);
		name[n] = '\0';
		next = sys_openat(fd, name, O_PATH | O_NOFOLLOW, 0);
		sys_close(fd);
		fd = next;
		p += n;
	}
	fd_drop(&w->fd);
	w->fd = fd;
	return fd < 0 ? fd : 0;
}

static int walk_up(struct walk *w)
{
	while (w->done_len > 0 && w->done[--w->done_len] != '/')
		;
	w->done[w->done_len] = '\0';
	return walk_reopen(w);
}

static int walk_link(struct walk *w, int link)
{
	char target[PATH_MAX];
	size_t rest = strlen(w->rest);
	ssize_t n = sys_readlinkat(link, "", target, sizeof(target) - 1);

	if (n < 0)
		return (int)n;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if ((size_t)n + 1 + rest + 1 > sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	if (target[0] != '/')
		return 0;
	w->done_len = 0;
	w->done[0] = '\0';
	return walk_reopen(w);
}

/* Takes the next component from rest. Its length; 0 at the end. */
static size_t walk_next(struct walk *w, char name[static NAME_MAX + 1], bool *ret_last)
{
	size_t lead = strspn(w->rest, "/");
	size_t n = strcspn(w->rest + lead, "/");
	size_t tail = lead + n;

	if (n > NAME_MAX)
		return n;
	memcpy(name, w->rest + lead, n);
	name[n] = '\0';
	tail += strspn(w->rest + tail, "/");
	memmove(w->rest, w->rest + tail, strlen(w->rest + tail) + 1);
	*ret_last = w->rest[0] == '\0';
	return n;
}

static int make_one(int dir, const char *name, bool last, enum path_kind kind)
{
	int fd;

	if (!last || kind == PATH_DIR)
		return sys_mkdirat(dir, name, 0755);
	fd = sys_openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY, 0644);
	if (fd >= 0)
		sys_close(fd);
	return fd < 0 ? fd : 0;
}

struct walk_want {
	bool make;
	bool no_symlinks;
	bool follow_last;
	enum path_kind kind;
	bool *ret_made;
};

/* One component. 1 = more to come, 0 = the end, -errno. */
static int walk_step(struct walk *w, const struct walk_want *want)
{
	char name[NAME_MAX + 1];
	bool last = false;
	size_t n = walk_next(w, name, &last);
	struct stat st;
	int fd;

	if (n == 0)
		return 0;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	if (strcmp(name, ".") == 0)
		return 1;
	if (strcmp(name, "..") == 0) {
		int r = walk_up(w);

		return r < 0 ? r : 1;
	}
	fd = sys_openat(w->fd, name, O_PATH | O_NOFOLLOW, 0);
	if (fd == -ENOENT && want->make) {
		int r = make_one(w->fd, name, last, want->kind);

		if (r < 0 && r != -EEXIST)
			return r;
		if (last && want->ret_made)
			*want->ret_made = r == 0;
		fd = sys_openat(w->fd, name, O_PATH | O_NOFOLLOW, 0);
	}
	if (fd < 0)
		return fd;
	if (SYS(fstat, fd, &st) < 0)
		st.st_mode = 0;
	if (S_ISLNK(st.st_mode) && (!last || want->follow_last)) {
		int r = want->no_symlinks ? -ELOOP : walk_link(w, fd);

		sys_close(fd);
		return r < 0 ? r : 1;
	}
	fd_drop(&w->fd);
	w->fd = fd;
	if (w->done_len + n + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	w->done[w->done_len++] = '/';
	memcpy(w->done + w->done_len, name, n + 1);
	w->done_len += n;
	return 1;
}

/* O_PATH descriptor of path below root, or -errno. */
static int walk(int root, const char *path, const struct walk_want *want)
{
	struct walk w;
	int r;

	w.root = root;
	w.done_len = 0;
	w.done[0] = '\0';
	w.links = 0;
	w.fd = sys_openat(root, ".", O_PATH | O_DIRECTORY, 0);
	if (w.fd < 0)
		return w.fd;
	if (strlen(path) >= sizeof(w.rest)) {
		fd_drop(&w.fd);
		return -ENAMETOOLONG;
	}
	memcpy(w.rest, path, strlen(path) + 1);
	do
		r = walk_step(&w, want);
	while (r > 0);
	if (r < 0)
		fd_drop(&w.fd);
	return r < 0 ? r : w.fd;
}

/* From an O_PATH descriptor to one opened with `flags`, without another look-up by name. */
static int reopen(int fd, int flags)
{
	char self[32];
	struct stat st;
	int r;

	if (flags & O_PATH) {
		if ((flags & O_DIRECTORY) && SYS(fstat, fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
			sys_close(fd);
			return -ENOTDIR;
		}
		return fd;
	}
	if (SYS(fstat, fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		r = sys_openat(fd, ".", flags & ~O_NOFOLLOW, 0);
	} else {
		fmt(self, sizeof(self), "/proc/self/fd/%d", fd);
		r = sys_openat(AT_FDCWD, self, flags & ~O_NOFOLLOW, 0);
	}
	sys_close(fd);
	return r;
}

static int open_how(int root, const char *path, int flags, bool no_symlinks)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
			   (no_symlinks ? RESOLVE_NO_SYMLINKS : 0),
	};
	struct walk_want want = {.no_symlinks = no_symlinks, .follow_last = !(flags & O_NOFOLLOW)};
	int fd;

	if (!*path)
		path = "/";
	fd = force_walk ? -ENOSYS : sys_openat2(root, path, &how);
	if (fd != -ENOSYS && fd != -EPERM)
		return fd;
	fd = walk(root, path, &want);
	return fd < 0 ? fd : reopen(fd, flags);
}

int path_open(int root, const char *path, int flags)
{
	return open_how(root, path, flags, false);
}

int path_open_no_symlinks(int root, const char *path, int flags)
{
	return open_how(root, path, flags, true);
}

int path_make(int root, const char *path, enum path_kind kind, bool *ret_made)
{
	struct walk_want want = {
		.make = true, .follow_last = true, .kind = kind, .ret_made = ret_made};
	int fd = path_open(root, path, O_PATH);

	if (ret_made)
		*ret_made = false;
	return fd == -ENOENT ? walk(root, path, &want) : fd;
}

int path_make_at(int dir, const char *name, enum path_kind kind, bool *ret_made)
{
	int r = make_one(dir, name, true, kind);
	struct stat st;
	int fd;

	if (r < 0 && r != -EEXIST)
		return r;
	*ret_made = r == 0;
	fd = sys_openat(dir, name, O_PATH | O_NOFOLLOW | (kind == PATH_DIR ? O_DIRECTORY : 0), 0);
	if (fd == -ENOTDIR)
		return -ELOOP;
	if (fd >= 0 && kind == PATH_FILE && (SYS(fstat, fd, &st) < 0 || S_ISLNK(st.st_mode))) {
		sys_close(fd);
		return -ELOOP;
	}
	return fd;
}

int path_parent(int root, const char *path, bool make, const char **ret_name)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);
	const char *slash;

	while (len > 0 && path[len - 1] == '/')
		return -EINVAL;
	slash = memrchr(path, '/', len);
	*ret_name = slash ? slash + 1 : path;
	len = slash ? (size_t)(slash - path) : 0;
	if (len + 2 > sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, len);
	dir[len] = '\0';
	if (len == 0)
		memcpy(dir, "/", 2);
	if (strcmp(*ret_name, "..") == 0 || strcmp(*ret_name, ".") == 0 || !**ret_name)
		return -EINVAL;
	return make ? path_make(root, dir, PATH_DIR, NULL) : path_open(root, dir, O_PATH);
}

// SPDX-License-Identifier: Apache-2.0
// floor: the least work the kernel allows for the container that `runc spec`
// describes. No libc, no JSON, no state, no checks: a yardstick, not a runtime.
//   cc -O2 -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -o floor floor.c
//   floor [-t] [-s FILTER.bpf] [-b SRCDIR -m N] [-e N] [-D] [-P] run ROOTFS ID CMD [ARG..]
//   floor [-t] [-s FILTER.bpf] [-e N] exec PID CGROUP-ID CMD [ARG..]
// -t microseconds per step on stderr; -s raw struct sock_filter[] to load;
// -m N bind mounts SRCDIR/0..N-1 -> /mnt/0.. (odd ones read-only); -e N env vars;
// -D no device-cgroup eBPF; -P fork by copying the page tables instead of CLONE_VM.
#define _GNU_SOURCE
#include <stdint.h>
#include <stddef.h>
#include <fcntl.h>
#include <errno.h>
#include <linux/sched.h>
#include <linux/mount.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/futex.h>
#include <linux/capability.h>
#include <asm/unistd.h>
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
typedef long L;
static inline L sc(L n, L a, L b, L c, L d, L e, L f) {
  L r; register L r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return r;
}
#define S(n, ...) S_(__NR_##n, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define S_(n, a, b, c, d, e, f, ...) sc(n, (L)(a), (L)(b), (L)(c), (L)(d), (L)(e), (L)(f))
void *memset(void *p, int c, size_t n) { char *q = p; while (n--) *q++ = c; return p; }
void *memcpy(void *p, const void *s, size_t n) { char *q = p; const char *t = s; while (n--) *q++ = *t++; return p; }
static size_t len(const char *s) { size_t n = 0; while (s[n]) n++; return n; }
static int eq(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }
static L num(const char *s) { L n = 0; while (*s >= '0' && *s <= '9') n = n * 10 + *s++ - '0'; return n; }
static char *put(char *p, const char *s) { while (*s) *p++ = *s++; *p = 0; return p; }
static char *putn(char *p, L n) { char b[24]; int i = 0; if (n < 0) { *p++ = '-'; n = -n; } do b[i++] = '0' + n % 10; while (n /= 10); while (i) *p++ = b[--i]; *p = 0; return p; }
static void die(const char *what, L r) { char b[256], *p = put(b, "floor: "); p = put(p, what); p = put(p, ": "); p = putn(p, r); *p++ = '\n'; S(write, 2, b, p - b); S(exit_group, 125); }
static L ck(const char *what, L r) { if (r < 0) die(what, r); return r; }

static struct { const char *n; L t; } ev[2][96]; static int nev[2]; static int timing;
static L now(void) { L ts[2]; S(clock_gettime, 1, ts); return ts[0] * 1000000000L + ts[1]; }
static void tick(int w, const char *n) { if (timing && nev[w] < 96) { ev[w][nev[w]].n = n; ev[w][nev[w]++].t = now(); } }

static uint32_t go;                    // child waits on it for the parent's eBPF attach
static char **envv, *rootfs, *id, *srcdir, **cmd;
static int nmnt, share_vm = 1;
static struct sock_filter filt[16384]; static struct sock_fprog prog = { 0, filt };
static char stk[65536] __attribute__((aligned(16)));
static char buf[512];

static int tree(int dfd, const char *src, L flags, L attr) {        // detached clone of a mount, with attributes
  struct mount_attr a = { .attr_set = attr, .propagation = 0 };
  L f = attr ? S(open_tree_attr, dfd, src, flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, &a, sizeof a) : S(open_tree, dfd, src, flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (f == -ENOSYS) {                  // before Linux 6.15
    f = S(open_tree, dfd, src, flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (f >= 0) ck("mount_setattr", S(mount_setattr, f, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE), &a, sizeof a));
  }
  return f;
}
#define MV(fd, to) S(move_mount, fd, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH)

static void confine(void) {            // caps, no_new_privs, seccomp
  for (int c = 0; c <= 40; c++) if (c != 29 && c != 5 && c != 10) S(prctl, 24 /*CAPBSET_DROP*/, c);
  struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
  uint32_t m = 1u << 29 | 1u << 5 | 1u << 10; struct __user_cap_data_struct d[2] = { { m, m, 0 }, { 0 } };   // no inheritable in the config, so no ambient either
  ck("capset", S(capset, &h, d));
  ck("nnp", S(prctl, 38, 1));
  tick(1, "caps+nnp");
  if (prog.len) { ck("seccomp", S(seccomp, 1, 0, &prog)); tick(1, "seccomp load"); }
}
static void child(void) {
  tick(1, "child starts");
  S(keyctl, 1, id);
  ck("private", S(mount, 0, "/", 0, 0x4000 | 0x40000, 0));            // MS_REC|MS_PRIVATE
  tick(1, "/ private");
  int null = S(open, "/dev/null", O_RDONLY | O_CLOEXEC | O_PATH), empty = S(open, "/run/floor-empty", O_PATH | O_CLOEXEC | O_DIRECTORY);
  int r = ck("rootfs", tree(AT_FDCWD, rootfs, AT_RECURSIVE, MOUNT_ATTR_RDONLY));
  ck("attach rootfs", MV(r, rootfs)); ck("fchdir", S(fchdir, r));
  tick(1, "rootfs bind ro");
  ck("proc", S(mount, "proc", "proc", "proc", 0, 0));
  tick(1, "mount proc");
  ck("dev", S(mount, "tmpfs", "dev", "tmpfs", 2 | 0x1000000, "mode=755,size=65536k"));
  tick(1, "mount dev tmpfs");
  S(mkdir, "dev/pts", 0755); S(mkdir, "dev/shm", 0755); S(mkdir, "dev/mqueue", 0755);
  ck("pts", S(mount, "devpts", "dev/pts", "devpts", 2 | 8, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
  tick(1, "mount devpts");
  ck("shm", S(mount, "shm", "dev/shm", "tmpfs", 2 | 4 | 8, "mode=1777,size=65536k"));
  tick(1, "mount shm");
  ck("mqueue", S(mount, "mqueue", "dev/mqueue", "mqueue", 2 | 4 | 8, 0));
  tick(1, "mount mqueue");
  ck("sys", S(mount, "sysfs", "sys", "sysfs", 1 | 2 | 4 | 8, 0));
  tick(1, "mount sysfs");
  ck("cgroup", S(mount, "cgroup2", "sys/fs/cgroup", "cgroup2", 2 | 4 | 8 | 0x200000, 0));
  struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
  S(mount_setattr, AT_FDCWD, "sys/fs/cgroup", 0, &ro, sizeof ro);
  tick(1, "mount cgroup2");
  for (int i = 0; i < nmnt; i++) {
    char *p = put(buf, srcdir); p = put(p, "/"); putn(p, i);
    int f = ck("bind src", tree(AT_FDCWD, buf, AT_RECURSIVE, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (i & 1 ? MOUNT_ATTR_RDONLY : 0)));
    p = put(buf, "mnt/"); putn(p, i);
    ck("bind", MV(f, buf)); S(close, f);
  }
  if (nmnt) tick(1, "bind mounts");
  S(umask, 0);
  static const struct { const char *p; int d; } nd[] = { { "dev/null", 0x103 }, { "dev/zero", 0x105 }, { "dev/full", 0x107 }, { "dev/tty", 0x500 }, { "dev/random", 0x108 }, { "dev/urandom", 0x109 } };
  for (int i = 0; i < 6; i++) ck("mknod", S(mknod, nd[i].p, 020666, nd[i].d));
  static const char *const ln[][2] = { { "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" }, { "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" }, { "/proc/kcore", "dev/core" }, { "pts/ptmx", "dev/ptmx" } };
  for (int i = 0; i < 6; i++) S(symlink, ln[i][0], ln[i][1]);
  tick(1, "device nodes");
  static const char *const mask[] = { "proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug", "sys/firmware", "proc/scsi" };
  static const char *const rop[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
  int f = -1, d = -1;                  // a clone not used up serves the next path
  for (int i = 0; i < 10; i++) {
    if (f < 0) f = tree(null, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY);
    L e = MV(f, mask[i]);
    if (!e) { S(close, f); f = -1; }
    else if (e != -ENOENT) {           // a directory: ENOTDIR
      if (d < 0) d = tree(empty, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY);
      if (!MV(d, mask[i])) { S(close, d); d = -1; }
    }
  }
  tick(1, "masked paths");
  for (int i = 0; i < 5; i++) { int g = tree(AT_FDCWD, rop[i], AT_RECURSIVE, MOUNT_ATTR_RDONLY); if (g >= 0) { MV(g, rop[i]); S(close, g); } }
  tick(1, "readonly paths");
  ck("pivot", S(pivot_root, ".", "."));
  tick(1, "pivot_root");
  ck("umount", S(umount2, ".", 2)); S(chdir, "/");
  tick(1, "umount old root");
  int s = S(socket, 2, 2 | 02000000, 0); struct { char n[16]; short fl; char pad[22]; } ifr = { "lo", 0x41, { 0 } };
  S(ioctl, s, 0x8914, &ifr); S(close, s);
  tick(1, "lo up");
  S(sethostname, "runc", 4); S(setsid); S(setgroups, 0, 0); S(umask, 022);
  uint64_t rl[2] = { 1024, 1024 }; S(prlimit64, 0, 7, rl, 0);
  S(close_range, 3, ~0u, 4);
  tick(1, "hostname, rlimit, setsid..");
  confine();
  while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE)) S(futex, &go, FUTEX_WAIT, 0, 0);
  tick(1, "wait for parent's eBPF");
  ck("exec", S(execve, cmd[0], cmd, envv));
}
static void child_exec(void) { S(keyctl, 1, id); S(setsid); confine(); ck("exec", S(execve, cmd[0], cmd, envv)); }

static L start(uint64_t flags, int cg, void (*fn)(void)) {
  struct clone_args a = { .flags = flags | CLONE_INTO_CGROUP | (share_vm ? CLONE_VM : 0), .exit_signal = 17, .cgroup = cg, .stack = share_vm ? (uint64_t)stk : 0, .stack_size = share_vm ? sizeof stk : 0 };
  L r; register void (*g)(void) __asm__("r12") = fn;
  __asm__ volatile("syscall\n test %%rax,%%rax\n jnz 1f\n xor %%ebp,%%ebp\n and $-16,%%rsp\n call *%%r12\n 1:" : "=a"(r) : "a"(__NR_clone3), "D"(&a), "S"(sizeof a), "r"(g) : "rcx", "r11", "memory");
  return r;
}
static void devices(int cg) {          // allow mknod of anything and the usual nodes, refuse the rest: one compare each
  struct bpf_insn p[64]; int n = 0;
#define I(c, dst, src, o, im) p[n++] = (struct bpf_insn){ .code = c, .dst_reg = dst, .src_reg = src, .off = o, .imm = im }
  I(0x61, 2, 1, 0, 0); I(0xbc, 5, 2, 0, 0); I(0x74, 5, 0, 0, 16); I(0x54, 2, 0, 0, 0xffff); I(0x61, 3, 1, 4, 0); I(0x61, 4, 1, 8, 0);
  I(0x55, 5, 0, 2, 1); I(0xb7, 0, 0, 0, 1); I(0x95, 0, 0, 0, 0);        // mknod only
  I(0x55, 2, 0, 15, 2);                                                 // not a char device -> deny (jumps to the end)
  int j = n - 1;
  static const short dv[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 2 }, { 136, -1 } };
  for (int i = 0; i < 8; i++) { I(0x55, 3, 0, dv[i][1] < 0 ? 2 : 3, dv[i][0]); if (dv[i][1] >= 0) I(0x55, 4, 0, 2, dv[i][1]); I(0xb7, 0, 0, 0, 1); I(0x95, 0, 0, 0, 0); }
  p[j].off = n - j - 1; I(0xb7, 0, 0, 0, 0); I(0x95, 0, 0, 0, 0);
  union bpf_attr a; memset(&a, 0, sizeof a); a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE; a.insn_cnt = n; a.insns = (L)p; a.license = (L)"GPL";
  L fd = ck("BPF_PROG_LOAD", S(bpf, BPF_PROG_LOAD, &a, 128));
  tick(0, "eBPF load");
  memset(&a, 0, sizeof a); a.target_fd = cg; a.attach_bpf_fd = fd; a.attach_type = BPF_CGROUP_DEVICE; a.attach_flags = BPF_F_ALLOW_MULTI;
  ck("BPF_PROG_ATTACH", S(bpf, BPF_PROG_ATTACH, &a, 128));
  tick(0, "eBPF attach");
}
static void report(L t0) {
  if (!timing) return;
  static char o[16384]; char *p = o; L end = now();
  for (int w = 0; w < 2; w++) { p = put(p, w ? "child:\n" : "parent:\n"); L last = t0; for (int i = 0; i < nev[w]; i++) { p = put(p, "  +"); p = putn(p, (ev[w][i].t - last) / 1000); p = put(p, " us  @"); p = putn(p, (ev[w][i].t - t0) / 1000); p = put(p, "  "); p = put(p, ev[w][i].n); p = put(p, "\n"); last = ev[w][i].t; } }
  p = put(p, "total "); p = putn(p, (end - t0) / 1000); p = put(p, " us\n"); S(write, 2, o, p - o);
}
__attribute__((used)) static void start_c(L *sp) {
  int argc = *sp, nodev = 0, nenv = 2; char **av = (char **)(sp + 1); char **a = av + 1; L t0 = now();
  static char *env[512]; static char es[512][64]; envv = env;
  for (; *a && **a == '-'; a++) switch ((*a)[1]) {
    case 't': timing = 1; break; case 'D': nodev = 1; break; case 'P': share_vm = 0; break;
    case 'm': nmnt = num(*++a); break; case 'b': srcdir = *++a; break; case 'e': nenv = num(*++a); break;
    case 's': { int f = ck("filter", S(open, *++a, O_RDONLY)); prog.len = ck("read", S(read, f, filt, sizeof filt)) / 8; S(close, f); break; }
  }
  (void)argc;
  for (int i = 0; i < nenv && i < 500; i++) { char *p = put(es[i], i ? "VARIABLE_NUMBER_" : "PATH=/usr/sbin:/usr/bin:/sbin:/bin"); if (i) { p = putn(p, i); put(p, "=some-value"); } env[i] = es[i]; }
  L st[2] = { 0 }, pid; int ex = eq(a[0], "exec");
  rootfs = a[1]; id = a[2]; cmd = a + 3;
  put(put(buf, "/sys/fs/cgroup/"), id);
  if (!ex) { ck("mkdir cgroup", S(mkdir, buf, 0755)); S(mkdir, "/run/floor-empty", 0555); }
  int cg = ck("open cgroup", S(open, buf, O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  tick(0, "cgroup made");
  const L ns = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
  if (ex) {
    int pf = ck("pidfd_open", S(pidfd_open, num(a[1]), 0)); ck("setns", S(setns, pf, ns));
    pid = ck("clone3", start(CLONE_VFORK, cg, child_exec));
  } else {
    if (!share_vm) { if (!nodev) devices(cg); go = 1; }
    pid = ck("clone3", start(ns, cg, child));
    tick(0, "clone3");
    if (share_vm) { if (!nodev) devices(cg); __atomic_store_n(&go, 1, __ATOMIC_RELEASE); S(futex, &go, FUTEX_WAKE, 1); }
  }
  int status = 0; ck("wait4", S(wait4, pid, &status, 0, 0));
  tick(0, "container gone");
  if (!ex) { put(put(buf, "/sys/fs/cgroup/"), id); ck("rmdir", S(rmdir, buf)); tick(0, "cgroup removed"); }
  report(t0); (void)st; (void)len;
  S(exit_group, status & 0x7f ? 128 + (status & 0x7f) : status >> 8);
}
__asm__(".globl _start\n_start: xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call start_c\n");

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state root: one directory a container, made by mkdir (which decides who of several creators
 * of one id has won) and locked with flock by whoever changes it. In it: state.json, config.json
 * as it was at create, and start.sock while the container waits to be started.
 */
#ifndef PROA_RUNTIME_STORE_H
#define PROA_RUNTIME_STORE_H

#include "facts.h"
#include "state.h"

#define START_SOCKET "start.sock"

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
extern const char *const status_names[];

struct store {
	int root; /* directory; -1 if it does not exist */
	const char *path;
	bool is_default;
};

struct container {
	int dir; /* locked if asked for */
	struct state s;
	enum status status;
	int pidfd; /* of init; -1 when it is dead */
};

int id_check(const char *id, struct err *err) must_check;
/* `path`: --root, or NULL. Makes the directory if `make`. */
int store_open(const char *path, const struct facts *f, bool make, struct arena *a,
	       struct store *ret, struct err *err) must_check;
/* A new container's directory, locked. ENOENT-free: loses with EEXIST and the engines' words. */
int store_make(const struct store *s, const char *id, struct err *err) must_check;
/* The first one, into a new directory that is locked. */
int store_save_first(int dir, const struct state *s, struct arena *a, struct err *err) must_check;
int store_save(int dir, const struct state *s, struct arena *a, struct err *err) must_check;
/* Reads it and finds out how it is. `lock`: waits for other changes to end. */
int store_get(const struct store *s, const char *id, const struct facts *f, bool lock,
	      struct arena *a, struct container *ret, struct err *err) must_check;
/* Removes the directory and all in it. */
int store_remove(const struct store *s, const char *id, int dir, struct err *err) must_check;
/* Ids, sorted. */
int store_list(const struct store *s, struct arena *a, struct strs *ret,
	       struct err *err) must_check;

#endif

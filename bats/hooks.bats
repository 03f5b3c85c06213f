#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hooks: when, where, with what on stdin, and what a failure does.
load helpers

@test "all six, in order, each with the state on stdin" {
	cat >"$TMP/hook" <<-EOF
		#!/bin/sh
		echo "\$1 \$(jq -r '.id + " " + .status + " " + .bundle')" >>$TMP/order
	EOF
	chmod +x "$TMP/hook"
	config '.hooks = ([["prestart","createRuntime","createContainer","poststart","poststop"][] | {key:., value:[{path:$h,args:["hook",.],env:[$p]}]}] | from_entries)' --arg h "$TMP/hook" --arg p "PATH=$PATH"
	args sleep 1000
	proa create c
	ok
	is "$(cat "$TMP/order")" "prestart c creating $BUNDLE
createRuntime c creating $BUNDLE
createContainer c creating $BUNDLE"
	proa start c
	ok
	is "$(tail -1 "$TMP/order")" "poststart c running $BUNDLE"
	proa delete -f c
	ok
	is "$(tail -1 "$TMP/order")" "poststop c stopped $BUNDLE"
}

@test "startContainer runs inside, with the program's environment" {
	config '.root.readonly = false | .hooks = {startContainer:[{path:"/bin/sh",args:["sh","-c","echo $FOO $(pwd) >/hooked; cat >>/hooked"]}]} | .process.env += ["FOO=bar"]'
	args cat /hooked
	proa run c
	ok
	says "bar /"
	says '"status":"created"'
}

@test "startContainer runs under the container's seccomp filter, which refuses clone3" {
	config '.root.readonly = false | .linux.seccomp = $s[0] | .hooks = {startContainer:[{path:"/bin/sh",args:["sh","-c","grep Seccomp: /proc/self/status >/hooked"]}]}' --slurpfile s "$TOP/seccomp-profiles/default.json"
	args cat /hooked
	proa run c
	ok
	says "Seccomp:	2"
}

@test "a hook that fails: named, with its own words, and nothing is left" {
	for h in prestart createRuntime createContainer startContainer poststart; do
		config '.hooks = {($h):[{path:"/bin/true"},{path:"/bin/sh",args:["sh","-c","echo because >&2; exit 3"]}]}' --arg h "$h"
		args sleep 1000
		proa run -d c
		fails 1
		says "error running $h hook #1: /bin/sh: exit status 3: because"
		proa delete --force c
	done
}

@test "a hook that takes too long is killed" {
	config '.hooks = {createRuntime:[{path:"/bin/sleep",args:["sleep","100"],timeout:1}]}'
	proa run c
	fails 1
	says "killed after its timeout of 1 s"
}

@test "a hook that is not there, a relative path, a wrong timeout" {
	config '.hooks = {prestart:[{path:"/no/such"}]}'
	proa run c
	fails 1
	says "exec /no/such: no such file or directory"
	config '.hooks = {prestart:[{path:"bin/true"}]}'
	proa run c
	fails 1
	says "not an absolute path"
	config '.hooks = {prestart:[{path:"/bin/true",timeout:0}]}'
	proa run c
	fails 1
	says "timeout: must be above 0"
}

@test "a failing poststop hook is a warning" {
	config '.hooks = {poststop:[{path:"/bin/false"}]}'
	proa run c
	ok
	says "error running poststop hook #0"
}

@test "a hook has no environment but its own, and does not block on its stdin" {
	config '.hooks = {createRuntime:[{path:"/bin/sh",args:["sh","-c","[ \"$(/usr/bin/env | grep -v -E \"^(PWD|SHLVL|_)=\" | wc -l)\" = 0 ]"]}]} | .annotations = {big: ("x" * 200000)}'
	proa run c
	ok
}

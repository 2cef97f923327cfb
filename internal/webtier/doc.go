// Package webtier is a tier of Apache servers with PHP-FPM that serve one
// document root, usually on a volume that all of them mount.
//
// # What it is on a machine
//
// A mount unit (proved by real I/O, mounted again by a timer), a probe that asks
// the mount's servers something every second and leaves its answer on local
// memory, two pools of PHP-FPM (one for the site, one that only answers the
// health check), and one virtual host. Apache and PHP-FPM require the mount, so
// they never serve the empty directory underneath.
//
// # Invariants
//
// One machine belongs to one web tier. Apache and PHP-FPM load a configuration
// only after their own test accepted it; the files of one that was refused are
// put back. A machine that serves is changed only while enough others serve,
// one at a time, drained first and back in service before the next.
//
// Below the document root the site's own user is master, or another one owns what
// pages are not to change, and root does nothing there that a planted link could turn
// against the machine: what it has to write or read, one of the two writes and reads
// for it. What root has to rely on lies in a directory of its own beside it. A site that
// was served is never begun again: a sentinel that is missing or another one's is
// refused.
//
// # Failure model
//
// The health endpoint says what a probe beside it last found, and touches
// neither the mount nor PHP: a reader that blocks in FUSE cannot be interrupted,
// not even by SIGKILL, so it must not be a worker that answers requests, and
// Apache was seen to wait for a stopped PHP-FPM far beyond the limit it was given.
// A mount that does not answer makes the endpoint say 503 within three seconds;
// so do a stopped probe, a lost mount, a hung PHP-FPM and a drained machine.
package webtier

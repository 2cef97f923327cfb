// Package galeratest simulates Galera clusters on the machines of package
// hosttest: servers that start, join, crash and form views, and the SQL that
// package galera sends them. It knows paths, labels and statements by their
// spelling, so that the tests of package galera itself can import it.
package galeratest

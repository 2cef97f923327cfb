// Package webtiertest simulates the machines of a web tier on those of package
// hosttest: Apache, PHP-FPM, a mounted volume and WordPress on it. It knows paths
// and labels by their spelling, so that the tests of package webtier itself can
// import it.
package webtiertest

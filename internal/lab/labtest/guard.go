package labtest

import (
	"os"
	"testing"
)

// NeedsDocker skips a test or benchmark that boots machines, unless it is asked for. It fails
// where "make test" runs the tests of tiers without those named TestLab: it would run this one
// nowhere.
func NeedsDocker(t testing.TB) {
	t.Helper()
	if os.Getenv("LAB_TESTS") == "named" {
		t.Fatal("a test of a tier that boots machines has to be named TestLab")
	}
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("needs Docker: set LAB_TESTS=1")
	}
}

// Long skips a part of a lab test that "make test" has no time for, unless it is asked for.
// "make test-tiers" runs these tests whole.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("LONG_TESTS") != "1" {
		t.Skip("belongs to make test-tiers")
	}
	NeedsDocker(t)
}

// SecondDay skips a test that boots machines and takes minutes, unless it is asked for. Such
// tests have SecondDay in their names, by which "make test-second-day" finds them.
func SecondDay(t testing.TB) {
	t.Helper()
	if os.Getenv("LONG_TESTS") != "1" {
		t.Skip("takes minutes: run make test-second-day")
	}
	NeedsDocker(t)
}

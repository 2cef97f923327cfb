package labtest

import (
	"os"
	"testing"
)

// NeedsDocker skips a test or benchmark that boots machines, unless it is asked for.
func NeedsDocker(t testing.TB) {
	t.Helper()
	if os.Getenv("LAB_TESTS") != "1" {
		t.Skip("needs Docker: set LAB_TESTS=1")
	}
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

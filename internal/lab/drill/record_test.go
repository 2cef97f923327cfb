package drill

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at is so many seconds after the begin of all tests.
func at(seconds float64) time.Time { return time.Unix(1_700_000_000, 0).Add(duration(seconds)) }

func attempt(end float64, failure string) Attempt {
	return Attempt{Start: at(end - 0.1), End: at(end), Failure: failure}
}

func TestLongestGap(t *testing.T) {
	for name, test := range map[string]struct {
		attempts []Attempt
		want     float64
		failed   int
	}{
		"no attempt":          {nil, 10, 0},
		"steady":              {[]Attempt{attempt(2, ""), attempt(4, ""), attempt(6, ""), attempt(8, "")}, 2, 0},
		"a failure is no end": {[]Attempt{attempt(1, ""), attempt(3, "no"), attempt(5, "no"), attempt(7, ""), attempt(9, "")}, 6, 2},
		"late begin":          {[]Attempt{attempt(7, ""), attempt(9, "")}, 7, 0},
		"early end":           {[]Attempt{attempt(1, ""), attempt(2, ""), attempt(9, "no")}, 8, 1},
		"all fail":            {[]Attempt{attempt(1, "no"), attempt(9, "no")}, 10, 2},
	} {
		if got := LongestGap(test.attempts, at(0), at(10)).Seconds(); got != test.want {
			t.Errorf("%s: the longest gap is %.1f s, want %.1f", name, got, test.want)
		}
		if got := Failed(test.attempts); got != test.failed {
			t.Errorf("%s: %d failed, want %d", name, got, test.failed)
		}
	}
}

func TestRecorder(t *testing.T) {
	var recorder Recorder
	pages, files := Client{Kind: Pages}, Client{FilesKind, "web1"}
	for _, end := range []float64{9, 3, 1, 5} {
		recorder.Add(files, attempt(end, ""))
		recorder.Add(pages, attempt(end, ""))
	}
	if diff := cmp.Diff([]Client{pages, files}, recorder.Clients()); diff != "" {
		t.Errorf("clients (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]Attempt{attempt(3, ""), attempt(5, "")}, recorder.Between(pages, at(2), at(5))); diff != "" {
		t.Errorf("attempts (-want +got)\n%s", diff)
	}
}

func TestParseAttempt(t *testing.T) {
	got, kept, err := parseAttempt("1700000001.000000 1700000001.500000 ok web1-new 17")
	if err != nil || kept != "web1-new 17" || got.Failure != "" || got.End.Sub(got.Start) != 500*time.Millisecond || !got.Start.Equal(at(1)) {
		t.Errorf("%+v, %q, %v", got, kept, err)
	}
	if got, kept, err = parseAttempt("1 2 failed Connection refused"); err != nil || kept != "" || got.Failure != "failed: Connection refused" {
		t.Errorf("%+v, %q, %v", got, kept, err)
	}
	if got, _, err = parseAttempt("1 2 failed"); err != nil || got.OK() {
		t.Errorf("a failure without a word is %+v, %v", got, err)
	}
	for _, line := range []string{"", "PHP Warning: x", "1 x ok 3"} {
		if _, _, err := parseAttempt(line); err == nil {
			t.Errorf("%q is an attempt", line)
		}
	}
}

func TestSpans(t *testing.T) {
	var watched Watched
	for _, s := range []sample{{at(1), true, "serves"}, {at(2), true, "serves"}, {at(3), false, "no answer"}, {at(20), true, "serves"}} {
		watched.add("db1", s)
	}
	want := []Span{
		{0, 1, "silent", "nothing is heard"}, {1, 3, "good", "serves"}, {3, 7, "bad", "no answer"},
		{7, 20, "silent", "nothing is heard"}, {20, 22, "good", "serves"},
	}
	if diff := cmp.Diff(want, watched.Spans("db1", at(0), at(22))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]Span{{0, 1, "good", "serves"}, {1, 2, "bad", "no answer"}}, watched.Spans("db1", at(2), at(4))); diff != "" {
		t.Errorf("from 2 s (-want +got)\n%s", diff)
	}
}

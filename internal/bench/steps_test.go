package bench

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// done is a step as the provider's log tells it.
type done struct {
	// At is when it ended, after the first line of the log.
	At time.Duration
	// Took is how long it took.
	Took                 time.Duration
	Resource, Node, Step string
}

var logField = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|\S+)`)

// entry is a line of Terraform's log.
type entry struct {
	// at is when, after the first line.
	at     time.Duration
	text   string
	fields map[string]string
}

func readLog(log io.Reader) ([]entry, error) {
	var entries []entry
	var first time.Time
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		stamp, text, _ := strings.Cut(lines.Text(), " ")
		at, err := time.Parse("2006-01-02T15:04:05.000Z0700", stamp)
		if err != nil {
			continue
		}
		if first.IsZero() {
			first = at
		}
		fields := map[string]string{}
		for _, match := range logField.FindAllStringSubmatch(text, -1) {
			fields[match[1]] = match[2]
			if plain, err := strconv.Unquote(match[2]); err == nil {
				fields[match[1]] = plain
			}
		}
		entries = append(entries, entry{at.Sub(first), text, fields})
	}
	return entries, lines.Err()
}

// readSteps finds the provider's steps in Terraform's log.
func readSteps(log io.Reader) ([]done, error) {
	entries, err := readLog(log)
	if err != nil {
		return nil, err
	}
	var steps []done
	for _, e := range entries {
		if !strings.Contains(e.text, ": step done:") {
			continue
		}
		seconds, err := strconv.ParseFloat(e.fields["seconds"], 64)
		if err != nil {
			return nil, err
		}
		steps = append(steps, done{At: e.at, Took: time.Duration(seconds * float64(time.Second)),
			Resource: e.fields["resource"], Node: e.fields["node"], Step: e.fields["step"]})
	}
	return steps, nil
}

// readReads finds the times in which resources were read.
func readReads(log io.Reader) ([]done, error) {
	entries, err := readLog(log)
	if err != nil {
		return nil, err
	}
	var reads []done
	for _, e := range entries {
		if !strings.Contains(e.text, ": Received downstream response:") || e.fields["tf_rpc"] != "ReadResource" {
			continue
		}
		milliseconds, err := strconv.Atoi(e.fields["tf_req_duration_ms"])
		if err != nil {
			return nil, err
		}
		reads = append(reads, done{At: e.at, Took: time.Duration(milliseconds) * time.Millisecond, Resource: e.fields["tf_resource_type"], Step: "read"})
	}
	return reads, nil
}

// sayReads prints how long each resource was read.
func (s *site) sayReads() {
	s.Helper()
	log, err := os.Open(s.logFile())
	s.must(err)
	defer log.Close()
	reads, err := readReads(log)
	s.must(err)
	for _, read := range reads {
		if !strings.HasPrefix(read.Resource, "ha_") {
			continue
		}
		s.say("site: until %5.2fs, for %5.2fs: %s is read", read.At.Seconds(), read.Took.Seconds(), read.Resource)
	}
}

// sayWhatTook prints every step that took a while, in the order of their ends.
func (s *site) sayWhatTook() {
	s.Helper()
	log, err := os.Open(s.logFile())
	s.must(err)
	defer log.Close()
	steps, err := readSteps(log)
	s.must(err)
	slices.SortStableFunc(steps, func(a, b done) int { return int(a.At - b.At) })
	for _, step := range steps {
		if step.Took >= time.Second/2 {
			s.say("site: until %5.1fs, for %5.1fs: %s %s: %s", step.At.Seconds(), step.Took.Seconds(), step.Resource, step.Node, step.Step)
		}
	}
}

func TestReadSteps(t *testing.T) {
	const log = `2026-11-22T22:31:00.000Z [INFO]  provider: configuring client automatic mTLS
2026-11-22T22:31:04.500+0000 [INFO]  provider.terraform-provider-ha_v0.1.0: step done: tf_resource_type=ha_galera_cluster node=db1 resource=galera_cluster.website seconds=1.25 skipped=false step="write \"70-ha.cnf\"" @module=ha timestamp=2026-11-22T22:31:04.500Z
no line of the log
2026-11-22T22:31:05.000Z [INFO]  provider.terraform-provider-ha_v0.1.0: step done: node="" resource=gluster_volume.content seconds=0.5 skipped=false step="start the volume"
`
	got, err := readSteps(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	want := []done{
		{At: 4500 * time.Millisecond, Took: 1250 * time.Millisecond, Resource: "galera_cluster.website", Node: "db1", Step: `write "70-ha.cnf"`},
		{At: 5 * time.Second, Took: time.Second / 2, Resource: "gluster_volume.content", Step: "start the volume"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadReads(t *testing.T) {
	const log = `2026-11-22T22:31:00.000Z [TRACE] provider.terraform-provider-ha_v0.1.0: Received downstream response: @module=sdk.proto tf_rpc=ValidateResourceConfig tf_req_duration_ms=3 tf_resource_type=ha_web_tier timestamp=2026-11-22T22:31:00.000Z
2026-11-22T22:31:01.000Z [TRACE] provider.terraform-provider-ha_v0.1.0: Received downstream response: diagnostic_error_count=0 tf_req_duration_ms=812 tf_resource_type=ha_web_tier tf_rpc=ReadResource @module=sdk.proto
`
	got, err := readReads(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	want := []done{{At: time.Second, Took: 812 * time.Millisecond, Resource: "ha_web_tier", Step: "read"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

package bench

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var logField = regexp.MustCompile(`(\w+)=("(?:[^"\\]|\\.)*"|\S+)`)

// entry is a line of Terraform's log.
type entry struct {
	// time is when, to the millisecond.
	time   time.Time
	text   string
	fields map[string]string
}

func readLog(log io.Reader) ([]entry, error) {
	var entries []entry
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		stamp, text, _ := strings.Cut(lines.Text(), " ")
		at, err := time.Parse("2006-01-02T15:04:05.000Z0700", stamp)
		if err != nil {
			continue
		}
		fields := map[string]string{}
		for _, match := range logField.FindAllStringSubmatch(text, -1) {
			fields[match[1]] = match[2]
			if plain, err := strconv.Unquote(match[2]); err == nil {
				fields[match[1]] = plain
			}
		}
		entries = append(entries, entry{at, text, fields})
	}
	return entries, lines.Err()
}

// span is a time in which something was done.
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return s.to.Sub(s.from) }

// before is the span that ended at a time, by how many seconds the log says that it took.
func before(end time.Time, seconds string) (span, error) {
	took, err := strconv.ParseFloat(seconds, 64)
	return span{end.Add(-time.Duration(took * float64(time.Second))), end}, err
}

// call is one of Terraform's calls of a provider.
type call struct {
	span
	provider, name, resource string
}

// command is a command on a machine, as the provider waited for it.
type command struct {
	span
	connecting           time.Duration
	bytes                int
	node, name, resource string
	// call is the name of the call that it was part of.
	call string
}

// waited is a wait of a step.
type waited struct {
	span
	node, what string
}

// events are what the provider's log has of a run.
type events struct {
	// starts are when processes of providers began to be started and could be called.
	starts   []span
	calls    []call
	commands []command
	steps    []stepped
	waits    []waited
}

// stepped is a step of a change.
type stepped struct {
	span
	resource, node, title string
}

// readEvents sorts the entries of a log.
func readEvents(entries []entry) (events, error) {
	var found events
	var starting []time.Time
	for _, e := range entries {
		event, seconds := "", e.fields["seconds"]
		switch {
		case strings.Contains(e.text, "provider: starting plugin:"):
			starting = append(starting, e.time)
			continue
		case strings.Contains(e.text, "provider: using plugin:") && len(starting) > 0:
			found.starts = append(found.starts, span{starting[0], e.time})
			starting = starting[1:]
			continue
		case strings.Contains(e.text, ": Received downstream response:"):
			milliseconds, err := strconv.ParseFloat(e.fields["tf_req_duration_ms"], 64)
			if err != nil {
				return found, err
			}
			event, seconds = "call", strconv.FormatFloat(milliseconds/1000, 'f', 3, 64)
		case strings.Contains(e.text, ": command ended:"):
			event = "command"
		case strings.Contains(e.text, ": wait ended:"):
			event = "wait"
		case strings.Contains(e.text, ": step done:"):
			event = "step"
		default:
			continue
		}
		of, err := before(e.time, seconds)
		if err != nil {
			return found, err
		}
		switch event {
		case "call":
			_, provider, _ := strings.Cut(e.text, "terraform-provider-")
			provider, _, _ = strings.Cut(provider, "_")
			found.calls = append(found.calls, call{of, provider, e.fields["tf_rpc"], e.fields["tf_resource_type"] + e.fields["tf_data_source_type"]})
		case "command":
			connecting, err := strconv.ParseFloat(e.fields["connect_seconds"], 64)
			if err != nil {
				return found, err
			}
			bytes, err := strconv.Atoi(e.fields["bytes"])
			if err != nil {
				return found, err
			}
			found.commands = append(found.commands, command{span: of, connecting: time.Duration(connecting * float64(time.Second)), bytes: bytes,
				node: e.fields["node"], name: e.fields["command"], resource: e.fields["tf_resource_type"], call: e.fields["tf_rpc"]})
		case "wait":
			found.waits = append(found.waits, waited{of, e.fields["node"], e.fields["what"]})
		case "step":
			found.steps = append(found.steps, stepped{of, e.fields["resource"], e.fields["node"], e.fields["step"]})
		}
	}
	return found, nil
}

// events reads the log of the last run of Terraform.
func (s *site) events() events {
	s.Helper()
	return s.eventsIn(s.logFile())
}

func (b bench) eventsIn(file string) events {
	b.Helper()
	log, err := os.Open(file)
	b.must(err)
	defer log.Close()
	entries, err := readLog(log)
	b.must(err)
	found, err := readEvents(entries)
	b.must(err)
	return found
}

func TestReadEvents(t *testing.T) {
	const log = `2026-11-22T22:31:00.000Z [DEBUG] provider: starting plugin: path=.terraform/providers/terraform-provider-ha_v0.1.0
2026-11-22T22:31:00.150Z [DEBUG] provider: using plugin: version=6
2026-11-22T22:31:01.000Z [DEBUG] provider.terraform-provider-ha_v0.1.0: command ended: node=db1 command=batch bytes=10 seconds=0.25 connect_seconds=0.125 tf_resource_type=ha_galera_cluster tf_rpc=ReadResource
no line of the log
2026-11-22T22:31:02.000+0000 [TRACE] provider.terraform-provider-ha_v0.1.0: Received downstream response: tf_req_duration_ms=500 tf_resource_type=ha_galera_cluster tf_rpc=ReadResource
2026-11-22T22:31:03.000Z [DEBUG] provider.terraform-provider-ha_v0.1.0: wait ended: node=web1 step=drain what="visitors to leave web1" resource=web_tier.website seconds=1
2026-11-22T22:31:03.500Z [INFO]  provider.terraform-provider-ha_v0.1.0: step done: node=web1 resource=web_tier.website seconds=2 skipped=false step="write \"70-ha.cnf\""
`
	entries, err := readLog(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readEvents(entries)
	if err != nil {
		t.Fatal(err)
	}
	at := func(milliseconds int) time.Time {
		return time.Date(2026, 11, 22, 22, 31, 0, 0, time.UTC).Add(time.Duration(milliseconds) * time.Millisecond)
	}
	want := events{
		starts:   []span{{at(0), at(150)}},
		calls:    []call{{span{at(1500), at(2000)}, "ha", "ReadResource", "ha_galera_cluster"}},
		commands: []command{{span{at(750), at(1000)}, 125 * time.Millisecond, 10, "db1", "batch", "ha_galera_cluster", "ReadResource"}},
		waits:    []waited{{span{at(2000), at(3000)}, "web1", "visitors to leave web1"}},
		steps:    []stepped{{span{at(1500), at(3500)}, "web_tier.website", "web1", `write "70-ha.cnf"`}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(events{}, span{}, call{}, command{}, waited{}, stepped{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

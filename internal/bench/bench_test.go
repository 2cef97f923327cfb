package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/docker"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/machine"
	"github.com/terraform-ha/terraform-provider-ha/internal/lab/region"
)

const (
	siteLab = "bench-site"
	// serveVariable turns this program into the lab's API.
	serveVariable = "BENCH_SERVE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(serveVariable); path != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		ctx, cancel := labtest.ServeContext(ctx, false)
		defer cancel()
		if err := region.Serve(ctx, docker.CLI{}, region.Folder{Path: path, Name: siteLab}, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// bench is what every part of a run needs.
type bench struct {
	*testing.B
	// progress takes lines at once; what a benchmark logs comes at its end.
	progress io.Writer
}

func newBench(b *testing.B) bench {
	b.Helper()
	labtest.NeedsDocker(b)
	return bench{b, os.Stderr}
}

func (b bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", args...)
}

func (b bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// measured does something and says how long it took, and how busy the computer
// was with other work when it began.
func (b bench) measured(what string, action func() error) time.Duration {
	b.Helper()
	b.say("%s (load %s, %d cores)", what, load(), runtime.NumCPU())
	begun := time.Now()
	b.must(action())
	took := time.Since(begun)
	b.say("%s took %.1f s", what, took.Seconds())
	return took
}

// goal fails the benchmark where a figure is above what is promised. The load says whether the
// computer had other work.
func (b bench) goal(what string, got, most float64, unit string) {
	b.Helper()
	b.say("goal: %s: %.2f of at most %g %s", what, got, most, unit)
	if got > most {
		b.Errorf("%s: %.2f %s, and at most %g are the goal (load %s on %d cores)", what, got, unit, most, load(), runtime.NumCPU())
	}
}

// load is the computer's load over the last minute.
func load() string {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.Fields(string(content))[0]
}

// BenchmarkSite builds the site twice, by hand and with Terraform, and then
// plans it again and again. LAB_KEEP=1 leaves the second one running.
func BenchmarkSite(b *testing.B) {
	all := newBench(b)
	base := all.floor()
	site := newSite(all)
	all.ReportMetric(site.binaryMegabytes(), "provider-MB")
	all.measured("site: making and booting nine machines", func() error { return site.apply(site.ground()...) })
	built := all.measured("site: terraform apply of the tiers", func() error { return site.apply() })
	site.sayWhatTook()
	all.say("site: %.1f s, floor: %.1f s, ratio %.2f", built.Seconds(), base.Seconds(), built.Seconds()/base.Seconds())
	all.goal("the site compared with a shell script", built.Seconds()/base.Seconds(), 1.3, "times its time")
	all.ReportMetric(base.Seconds(), "floor-s")
	all.ReportMetric(built.Seconds(), "site-s")
	all.ReportMetric(built.Seconds()/base.Seconds(), "site/floor")
	all.ReportMetric(0, "ns/op")

	plan := site.plans("site: empty plan", 5)
	all.say("site: empty plan, median %.2f s", plan.Seconds())
	all.goal("an empty plan of the site", plan.Seconds(), 1.5, "s")
	all.ReportMetric(plan.Seconds(), "plan-s")
	// What is left when no machine and no API is asked.
	all.ReportMetric(site.plans("site: plan without a look at anything", 3, "-refresh=false").Seconds(), "plan-unrefreshed-s")
	site.trips()
	site.rolled()
	site.distant()
}

// floor measures the floor and takes it down again, so that both sites have the
// computer for themselves.
func (b bench) floor() time.Duration {
	f := &floor{bench: b}
	defer func() {
		b.must(machine.Down(context.WithoutCancel(b.Context()), docker.CLI{}, floorLab))
	}()
	b.measured("floor: making and booting nine machines", func() error { return f.boot(b.Context()) })
	took := b.measured("floor: raw parallel shell", func() error { return f.build(b.Context()) })
	if err := f.check(b.Context()); err != nil {
		b.Error(err)
		b.say("%v", err)
	}
	return took
}

// root is the checkout.
func root(b bench) string {
	b.Helper()
	path, err := filepath.Abs(filepath.Join("..", ".."))
	b.must(err)
	return path
}

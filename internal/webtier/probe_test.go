package webtier

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// probing runs a probe until the test ends, with programs of a directory before others, and
// returns the context of a time in which it has said something.
func probing(t *testing.T, directory, script string) context.Context {
	t.Helper()
	program := filepath.Join(directory, "probe")
	must(t, os.WriteFile(program, []byte(script), 0o755))
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	probe := exec.CommandContext(ctx, "/bin/sh", program)
	probe.Env = append(os.Environ(), "PATH="+directory+":"+os.Getenv("PATH"))
	must(t, probe.Start())
	t.Cleanup(func() { stop(); _ = probe.Wait() })
	return ctx
}

// TestTheProbeKnowsItsSite runs the probe itself, with a stand-in for the servers that
// it asks.
func TestTheProbeKnowsItsSite(t *testing.T) {
	const site, other = "terraform-ha web tier shop\nsite 1\nvolume -\n", "terraform-ha web tier shop\nsite 2\nvolume -\n"
	for name, test := range map[string]struct {
		sentinel, known string
		want            bool
	}{
		"first time":     {site, "", true},
		"the site":       {site, site, true},
		"now with an id": {site, strings.Replace(site, "-\n", "v1\n", 1), true},
		"another site":   {other, site, false},
		"no sentinel":    {"", site, false},
		"nothing at all": {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			put := func(name, content string) string {
				file := filepath.Join(directory, name)
				if content != "" {
					must(t, os.WriteFile(file, []byte(content), 0o755))
				}
				return file
			}
			spec := good().Defaulted()
			ok := put("ok", "left from before")
			script := string(probePrograms(spec, "web1")[0].Content)
			for from, to := range map[string]string{
				spec.sentinel(): put("sentinel", test.sentinel), spec.siteRecord(): put("known", test.known), okFile: ok,
			} {
				script = strings.ReplaceAll(script, from, to)
			}
			put("curl", "#!/bin/sh\nprintf '204 200 '\n")
			ctx := probing(t, directory, script)
			for ctx.Err() == nil {
				content, err := os.ReadFile(ok)
				if err == nil && strings.HasPrefix(string(content), "ok web1") {
					if !test.want {
						t.Error("it is content")
					}
					return
				}
				if os.IsNotExist(err) {
					if test.want {
						t.Error("it is not content")
					}
					return
				}
			}
			t.Error("it says nothing")
		})
	}
}

// TestAVanishedFileServerStallsEverybody has the mount hang, with packets to a brick that are
// sent again and again, and without: that is a client that hangs.
func TestAVanishedFileServerStallsEverybody(t *testing.T) {
	for name, test := range map[string]struct {
		seen        string
		least, most time.Duration
	}{
		"a client hangs":         {"0 0 10.0.0.5:1021 10.0.0.7:49152 timer:(keepalive,9.1sec,0)", time.Second, 5 * time.Second},
		"packets are on the way": {"0 52 10.0.0.5:1021 10.0.0.7:49152 timer:(on,190ms,0)", time.Second, 5 * time.Second},
		"a file server vanished": {"0 52 10.0.0.5:1021 10.0.0.7:49152 timer:(on,3.2sec,4)", 5 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			put := func(name, content string) string {
				file := filepath.Join(directory, name)
				must(t, os.WriteFile(file, []byte(content), 0o755))
				return file
			}
			spec := good().Defaulted()
			ok := put("ok", "ok web1\n")
			script := string(probePrograms(spec, "web1")[0].Content)
			const limit = "-lt 12 ] && vanished"
			if !strings.Contains(script, limit) {
				t.Fatal("the script has another limit")
			}
			script = strings.NewReplacer(okFile, ok, limit, "-lt 6 ] && vanished").Replace(script)
			put("stat", "#!/bin/sh\nexec sleep 20\n")
			put("ss", "#!/bin/sh\necho '"+test.seen+"'\n")
			ctx := probing(t, directory, script)
			begin := time.Now()
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for ctx.Err() == nil {
				if _, err := os.Stat(ok); os.IsNotExist(err) {
					break
				}
				<-tick.C
			}
			if took := time.Since(begin); took < test.least || took > test.most {
				t.Errorf("it is unhealthy after %s", took)
			}
		})
	}
}

// TestProgramsAreAsWritten has somebody change those of the tier.
func TestProgramsAreAsWritten(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"probe":   {func(s *webtiertest.Server) { s.Machine.WriteFile(good().library()+"/probe", "x") }, "probe differs"},
		"remount": {func(s *webtiertest.Server) { s.Machine.RemoveAll(good().library() + "/remount") }, "remount is missing"},
	})
}

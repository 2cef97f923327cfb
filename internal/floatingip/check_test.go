package floatingip

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/floatingip/floatingiptest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// member is what a node of a cluster of three answers, and changed some of it.
func member(changed ...string) string {
	values := map[string]string{
		"wsrep_local_state": "4", "wsrep_local_state_comment": "Synced", "wsrep_cluster_status": "Primary", "wsrep_cluster_size": "3", "wsrep_ready": "ON",
		"wsrep_desync": "OFF", "wsrep_sst_method": "mariabackup", "read_only": "OFF", "query": "1",
	}
	for i := 0; i < len(changed); i += 2 {
		values[changed[i]] = changed[i+1]
	}
	var out strings.Builder
	for _, name := range []string{"wsrep_local_state", "wsrep_local_state_comment", "wsrep_cluster_status", "wsrep_cluster_size", "wsrep_ready", "wsrep_desync", "wsrep_sst_method", "wsrep_reject_queries", "wsrep_sst_donor_rejects_queries", "read_only", "super_read_only", "pxc_maint_mode", "query"} {
		if values[name] != "" {
			out.WriteString(name + "\t" + values[name] + "\n")
		}
	}
	return out.String()
}

// donor is a node that another one takes its data from.
func donor(changed ...string) string {
	return member(append([]string{"wsrep_local_state", "2", "wsrep_local_state_comment", "Donor/Desynced"}, changed...)...)
}

// The errors are what the client printed to a node of MariaDB 10.11.
const (
	tooMany  = "ERROR 1040 (08004): Too many connections\n"
	notReady = "ERROR 1047 (08S01) at line 5: WSREP has not yet prepared node for application use\n"
	noSocket = "ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)\n"
)

func TestGaleraCheck(t *testing.T) {
	tests := map[string]struct {
		check  Check
		answer string
		// want is a part of the reason; empty where the node is fit.
		want string
	}{
		"synced":                            {Check{}, member(), ""},
		"not primary":                       {Check{}, member("wsrep_cluster_status", "non-Primary", "wsrep_ready", "OFF", "query", "") + notReady, "is non-Primary, not Primary"},
		"joining":                           {Check{}, member("wsrep_local_state", "1", "wsrep_local_state_comment", "Joining: receiving State Transfer"), "neither Synced nor a donor"},
		"not ready":                         {Check{}, member("wsrep_ready", "OFF"), "not ready"},
		"maintenance":                       {Check{}, member("pxc_maint_mode", "MAINTENANCE"), "in maintenance"},
		"down":                              {Check{}, noSocket, "error 2002"},
		"no Galera":                         {Check{}, "query\t4\n", "not a Galera node"},
		"full":                              {Check{}, tooMany, ""},
		"refuses queries":                   {Check{}, member("query", "") + notReady, "refuses queries: error 1047"},
		"told to refuse queries":            {Check{}, member("wsrep_reject_queries", "ALL_KILL"), "wsrep_reject_queries is ALL_KILL"},
		"takes no writes":                   {Check{}, member("read_only", "ON"), "takes no writes"},
		"takes nobody's writes":             {Check{}, member("super_read_only", "ON"), "takes no writes"},
		"may be read only":                  {Check{AllowReadOnly: true}, member("read_only", "ON"), ""},
		"donor":                             {Check{}, donor(), ""},
		"donor of Percona":                  {Check{}, donor("wsrep_sst_method", "xtrabackup-v2"), ""},
		"donor that is blocked":             {Check{}, donor("wsrep_sst_method", "rsync"), "blocks it: wsrep_sst_method is rsync"},
		"blocked donor that is the last":    {Check{}, donor("wsrep_sst_method", "rsync", "wsrep_cluster_size", "2"), ""},
		"donor that is told to refuse":      {Check{}, donor("wsrep_sst_donor_rejects_queries", "ON"), "wsrep_sst_donor_rejects_queries is ON"},
		"donor that refuses queries":        {Check{}, donor("query", "") + notReady, "refuses queries"},
		"donor where none is wanted":        {Check{RefuseDonor: true}, donor(), "not Synced"},
		"taken out of step by an operator":  {Check{}, donor("wsrep_desync", "ON"), "wsrep_desync is ON"},
		"error before the answers are read": {Check{}, notReady + member("query", ""), "refuses queries: error 1047"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.write("answer", test.answer)
			s.program("mariadb", `cat "$STAGE/answer"; ! grep -q ^ERROR "$STAGE/answer"`)
			spec := simSpec()
			spec.Check = test.check
			spec.Check.Kind = CheckGalera
			file := checkFiles(spec.Defaulted(), simNodes[0])[0]
			out, err := s.run(file.Content)
			if fit := err == nil; fit != (test.want == "") || !strings.Contains(strings.ToLower(out), strings.ToLower(test.want)) {
				t.Errorf("fit %t, %q instead of %q", fit, out, test.want)
			}
		})
	}
}

// TestAStarvedDatabaseHasMoreTime asks a database that does not answer. Its check gives up
// before Keepalived asks again, unless the server waits for a CPU like many others.
func TestAStarvedDatabaseHasMoreTime(t *testing.T) {
	for name, test := range map[string]struct {
		check   Check
		running int
		state   string
		limits  string
	}{
		"idle":                        {Check{}, 1, "S", "0.9"},
		"busy":                        {Check{}, 8, "R", "0.9"},
		"it hangs":                    {Check{}, 9, "S", "0.9"},
		"it is stopped":               {Check{}, 90, "T", "0.9"},
		"it waits for a disk":         {Check{}, 90, "D", "0.9"},
		"it has died":                 {Check{}, 90, "", "0.9"},
		"starved":                     {Check{}, 9, "R", "0.9 4.9"},
		"starved, and a long timeout": {Check{TimeoutSeconds: 10}, 30, "R", "0.9 8.9"},
		"slow checks":                 {Check{IntervalSeconds: 15}, 1, "R", "5.8"},
		"the shortest times":          {Check{TimeoutSeconds: 1}, 30, "R", "0.9 0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.write("loadavg", fmt.Sprintf("0.50 0.40 0.30 %d/512 4711\n", test.running))
			s.program("nproc", "echo 2")
			s.program("mariadb", "")
			s.program("timeout", `echo "$1" >>"$STAGE/limits"; exit 124`)
			s.program("pidof", "[ ! -e \"$STAGE/77\" ] || echo 77")
			if test.state != "" {
				for thread, state := range []string{"S", test.state} {
					if err := os.MkdirAll(s.path(fmt.Sprint("77/task/", thread)), 0o755); err != nil {
						t.Fatal(err)
					}
					s.write(fmt.Sprint("77/task/", thread, "/stat"), fmt.Sprintf("%d (mariadbd) %s 1 77\n", thread, state))
				}
			}
			spec := simSpec()
			spec.Check = test.check
			spec.Check.Kind = CheckGalera
			spec = spec.Defaulted()
			if problems := spec.Validate(); len(problems) > 0 {
				t.Fatal(problems)
			}
			script := strings.ReplaceAll(string(checkFiles(spec, simNodes[0])[0].Content), `/proc/"$server"`, s.folder+`/"$server"`)
			out, err := s.run([]byte(script))
			limits := strings.Fields(s.read("limits"))
			want := "the database does not answer within " + limits[len(limits)-1] + " s"
			if err == nil || out != want || strings.Join(limits, " ") != test.limits {
				t.Errorf("%q after %v s: %v", out, limits, err)
			}
		})
	}
}

func checks() map[string]Check {
	return map[string]Check{
		"galera":        {Kind: CheckGalera},
		"galera-strict": {Kind: CheckGalera, RefuseDonor: true, AllowReadOnly: true, TimeoutSeconds: 4},
		"tcp":           {Kind: CheckTCP, Port: 3306},
		"http":          {Kind: CheckHTTP, Port: 8080, Path: "/health?a='b'&c=$(d)"},
		"command":       {Kind: CheckCommand, Command: "/usr/local/bin/check-app"},
	}
}

func TestParseCheck(t *testing.T) {
	tests := map[string]CheckResult{
		"":                        {},
		"0\n":                     {Ran: true, Passed: true},
		"1\nthe node is Joined\n": {Ran: true, Output: "the node is Joined"},
		"124\n":                   {Ran: true, Output: "the check does not end in time"},
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, parseCheck(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// FuzzHTTPPath lets the check ask for any path that validation lets through; a
// stand-in for curl shows what the shell made of it.
func FuzzHTTPPath(f *testing.F) {
	for _, path := range []string{"/", "/a'b", "/$(touch pwned)", "/`id`", `/"x"`, "/a;b&c|d", `/\`} {
		f.Add(path)
	}
	bin := f.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "curl"), []byte("#!/bin/sh\nfor last; do :; done\nprintf %s \"$last\"\nexit 1\n"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		spec := simSpec()
		spec.Check = Check{Kind: CheckHTTP, Port: 80, Path: path}
		if len(spec.Validate()) > 0 {
			t.Skip("refused")
		}
		program := checkFiles(spec.Defaulted(), host.Node{Name: "db1", Address: "10.0.0.11"})[0]
		text := strings.Replace(string(program.Content), "PATH=", "PATH="+bin+":", 1)
		command := exec.Command("sh")
		command.Stdin = strings.NewReader(text)
		out, _ := command.Output()
		want := "http://10.0.0.11:80" + spec.Defaulted().Check.Path + "\n"
		if string(out) != want {
			t.Errorf("asked for %q instead of %q", out, want)
		}
	})
}

// TestAnEditedCheckIsWrittenAgain has one that always passes.
func TestAnEditedCheckIsWrittenAgain(t *testing.T) {
	driftIsRepaired(t, map[string]drifted{
		"edited": {func(_ *network, m *hosttest.Machine, _ *floatingiptest.Daemon) {
			m.WriteFile(checkPath("db"), "exit 0")
		}, "check-db differs"},
	})
}

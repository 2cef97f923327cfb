package ssh_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func TestRun(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	client := newPool(t, ssh.Options{}).Client(target(server))
	if client.LearnedHostKey() != "" || client.Dials() != 0 {
		t.Error("dialed before the first command")
	}
	command := shell.Script(`cat; printf '%s' "$1"; echo oops >&2`, "it's").WithStdin([]byte("in "))
	want := shell.Result{Stdout: []byte("in it's"), Stderr: []byte("oops\n")}
	if diff := cmp.Diff(want, mustRun(t, client, command)); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	mustRun(t, client, nothing)
	if client.Dials() != 1 || client.Commands() != 2 || server.Connections() != 1 {
		t.Errorf("%d dials, %d commands, %d connections", client.Dials(), client.Commands(), server.Connections())
	}
	if client.LearnedHostKey() != server.HostKeyLine() {
		t.Errorf("learned %q", client.LearnedHostKey())
	}
}

// TestCommandsAreHeard has one that connects, and one that fails.
func TestCommandsAreHeard(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	var heard []ssh.Exchange
	client := newPool(t, ssh.Options{Heard: func(_ context.Context, exchange ssh.Exchange) { heard = append(heard, exchange) }}).Client(target(server))
	mustRun(t, client, shell.Script(": speak\nprintf '%s' \"$1\"", "a secret"))
	if _, err := client.Run(t.Context(), shell.New("false")); err == nil {
		t.Error("false has succeeded")
	}
	if len(heard) != 2 || heard[0].Connecting <= 0 || heard[0].Took < heard[0].Connecting || heard[1].Connecting > heard[1].Took {
		t.Fatalf("%+v", heard)
	}
	for i := range heard {
		heard[i].Took, heard[i].Connecting = 0, 0
	}
	if diff := cmp.Diff([]ssh.Exchange{{Node: "db1", Command: "speak", Read: 8}, {Node: "db1", Command: "false"}}, heard); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExitStatus(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	client := newPool(t, ssh.Options{}).Client(target(server))
	for text, want := range map[shell.Text]int{
		"exit 3": 3, "exit 255": 255, "kill -TERM $$": 143, "kill -KILL $$": 137, "no-such-program": 127,
	} {
		command := shell.Script("echo why >&2; " + text).WithStdin([]byte("hunter2"))
		_, err := client.Run(t.Context(), command)
		exit := as[*shell.ExitError](t, err)
		if exit.Status != want || exit.Node != "db1" || !strings.HasPrefix(string(exit.Stderr), "why\n") || exit.Command.Text() != command.Text() {
			t.Errorf("%s: got %d on %s: %q", text, exit.Status, exit.Node, exit.Stderr)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q shows the standard input", err)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{Handler: says(strings.Repeat("x", 3<<20))})
	client := newPool(t, ssh.Options{MaxOutput: 1 << 20}).Client(target(server))
	result := mustRun(t, client, nothing)
	if len(result.Stdout) != 1<<20 || !result.Truncated {
		t.Errorf("kept %d bytes, truncated %v", len(result.Stdout), result.Truncated)
	}
}

func TestBigStdinThatNobodyReads(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	client := newPool(t, ssh.Options{}).Client(target(server))
	mustRun(t, client, nothing.WithStdin(make([]byte, 8<<20)))
}

func TestCancelEndsTheCommand(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	server := sshtest.New(t, sshtest.Options{Handler: func(ctx context.Context, line string, _ []byte) ([]byte, []byte, int) {
		if strings.Contains(line, "true") {
			return nil, nil, 0
		}
		close(started)
		<-ctx.Done()
		close(ended)
		return nil, nil, 143
	}})
	client := newPool(t, ssh.Options{}).Client(target(server))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-started
		cancel()
	}()
	begin := time.Now()
	_, err := client.Run(ctx, shell.New("sleep", "60").WithStdin([]byte("hunter2")))
	if !errors.Is(err, context.Canceled) || time.Since(begin) > 2*time.Second {
		t.Errorf("got %v after %s", err, time.Since(begin))
	}
	contains(t, err, "db1")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%q shows the standard input", err)
	}
	<-ended
	mustRun(t, client, nothing)
	if server.Connections() != 1 {
		t.Errorf("%d connections: canceling one command ended the connection", server.Connections())
	}
}

// TestAMachineThatTakesTooLongIsUnreachable is one whose disk hangs: it lets us in
// and answers no question. Other commands have all the time they need.
func TestAMachineThatTakesTooLongIsUnreachable(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{Handler: func(ctx context.Context, line string, _ []byte) ([]byte, []byte, int) {
		if !strings.Contains(line, "true") {
			<-ctx.Done()
		}
		return nil, nil, 0
	}})
	client := newPool(t, ssh.Options{}).Client(target(server))
	_, err := client.Run(t.Context(), shell.New("find", "/var/lib/mysql").WithLimit(50*time.Millisecond))
	var unreachable *ssh.UnreachableError
	if !errors.As(err, &unreachable) {
		t.Fatalf("got %v", err)
	}
	contains(t, err, "cannot reach db1", "gave no answer within 50ms")
	mustRun(t, client, nothing.WithLimit(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Run(ctx, shell.New("find", "/").WithLimit(time.Minute)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a deadline of the caller's: %v", err)
	}
}

func TestManyCommandsShareOneConnection(t *testing.T) {
	for name, allowed := range map[string]int{"as sshd allows": 10, "where fewer are allowed": 2} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.New(t, sshtest.Options{ExecLocal: true, MaxSessions: allowed})
			pool := newPool(t, ssh.Options{})
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					if _, err := pool.Client(target(server)).Run(t.Context(), shell.New("sleep", "0.02")); err != nil {
						t.Errorf("cannot run: %v", err)
					}
				})
			}
			group.Wait()
			if server.Connections() != 1 || server.Sessions() != 20 || server.PeakSessions() > min(8, allowed) {
				t.Errorf("%d connections, %d sessions, %d together", server.Connections(), server.Sessions(), server.PeakSessions())
			}
			if allowed == 10 && server.PeakSessions() < 2 {
				t.Error("the commands ran one after the other")
			}
		})
	}
}

func TestOneCallerGivingUpDoesNotFailTheOthers(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	dialing, goOn := make(chan struct{}), make(chan struct{})
	pool := newPool(t, ssh.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		close(dialing)
		<-goOn
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	client := pool.Client(target(server))
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := client.Run(ctx, nothing); first <- err }()
	<-dialing
	go func() { _, err := client.Run(t.Context(), nothing); second <- err }()
	eventually(t, "both callers to wait for the attempt", func() bool {
		return strings.Count(connectionGoroutines(), "internal/ssh.(*link).get(") == 2
	})
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that gave up got %v", err)
	}
	select {
	case err := <-second:
		t.Errorf("the other caller ended early: %v", err)
	default:
	}
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the other caller got %v", err)
	}
}

func TestLostConnection(t *testing.T) {
	var server *sshtest.Server
	server = sshtest.New(t, sshtest.Options{Handler: func(_ context.Context, line string, _ []byte) ([]byte, []byte, int) {
		if strings.Contains(line, "reboot") {
			server.DropConnections()
		}
		return []byte("ok"), nil, 0
	}})
	client := newPool(t, ssh.Options{}).Client(target(server))
	_, err := client.Run(t.Context(), shell.New("reboot").WithStdin([]byte("hunter2")))
	unreachable := as[*ssh.UnreachableError](t, err)
	if !unreachable.Unreachable() || unreachable.Node != "db1" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	contains(t, err, "cannot reach db1 at "+server.Addr())
	mustRun(t, client, nothing)
	server.DropConnections()
	mustRun(t, client, nothing)
	if client.Dials() != 3 {
		t.Errorf("%d dials", client.Dials())
	}
}

func TestKeepaliveFindsADeadMachine(t *testing.T) {
	started := make(chan struct{})
	server := sshtest.New(t, sshtest.Options{Handler: func(ctx context.Context, _ string, _ []byte) ([]byte, []byte, int) {
		close(started)
		<-ctx.Done()
		return nil, nil, 1
	}})
	client := newPool(t, ssh.Options{KeepAlive: 30 * time.Millisecond, KeepAliveMissed: 3}).Client(target(server))
	go func() {
		<-started
		server.Freeze()
	}()
	begin := time.Now()
	_, err := client.Run(t.Context(), nothing)
	as[*ssh.UnreachableError](t, err)
	if time.Since(begin) > 3*time.Second {
		t.Errorf("took %s", time.Since(begin))
	}
	server.Thaw()
}

func TestKeepaliveLeavesALivingMachineAlone(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	client := newPool(t, ssh.Options{KeepAlive: 5 * time.Millisecond, KeepAliveMissed: 2}).Client(target(server))
	mustRun(t, client, shell.New("sleep", "0.3"))
	if server.Connections() != 1 {
		t.Errorf("%d connections", server.Connections())
	}
}

func TestSudo(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	who := target(server)
	who.User = "deploy"
	client := newPool(t, ssh.Options{}).Client(who)
	for range 3 {
		result := mustRun(t, client, shell.Script(`printf '%s' "$1"`, "it's $HOME"))
		if string(result.Stdout) != "it's $HOME" {
			t.Errorf("got %q", result.Stdout)
		}
	}
	lines := server.Lines()
	if len(lines) != 4 || lines[0] != "sudo -n true" {
		t.Fatalf("got lines %q", lines)
	}
	script, args, sudo, err := sshtest.ParseLine(lines[1])
	if err != nil || !sudo || script != `printf '%s' "$1"` || args[0] != "it's $HOME" {
		t.Errorf("got %q %q %v %v", script, args, sudo, err)
	}
	// What looks like sudo's refusal in a command's own output is not one.
	_, err = client.Run(t.Context(), shell.Script("echo 'sudo: a password is required' >&2; exit 1"))
	as[*shell.ExitError](t, err)
}

func TestSudoRefused(t *testing.T) {
	for name, test := range map[string]struct {
		options sshtest.Options
		want    string
	}{
		"password":      {sshtest.Options{Sudo: "sudo: a password is required"}, "a password is required"},
		"not installed": {sshtest.Options{Sudo: "sh: sudo: not found", SudoStatus: 127}, "sudo is not installed"},
	} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.New(t, test.options)
			who := target(server)
			who.User = "jane.doe"
			_, err := newPool(t, ssh.Options{}).Client(who).Run(t.Context(), nothing)
			contains(t, as[*ssh.SudoError](t, err), test.want, "db1", "/etc/sudoers.d/jane_doe: jane.doe ALL=(ALL) NOPASSWD: ALL")
		})
	}
}

func TestClosedPool(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	pool := newPool(t, ssh.Options{})
	client := pool.Client(target(server))
	mustRun(t, client, nothing)
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Run(t.Context(), nothing); !errors.Is(err, ssh.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

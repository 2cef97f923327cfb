package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// TestMain fails when the tests leave anything of a connection behind, although
// each of them closed its pools.
func TestMain(m *testing.M) {
	status := m.Run()
	ticker := time.NewTicker(5 * time.Millisecond)
	for deadline := time.Now().Add(5 * time.Second); connectionGoroutines() != ""; <-ticker.C {
		if time.Now().After(deadline) {
			fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", connectionGoroutines())
			os.Exit(1)
		}
	}
	os.Exit(status)
}

// newPool returns a pool that is closed at the end of the test.
func newPool(t *testing.T, options ssh.Options) *ssh.Pool {
	t.Helper()
	pool := ssh.NewPool(options)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("cannot close the pool: %v", err)
		}
	})
	return pool
}

// connectionGoroutines returns the stacks of client goroutines; the server's
// own are still allowed to run.
func connectionGoroutines() string {
	buffer := make([]byte, 1<<20)
	var left []string
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		client := strings.Contains(stack, "x/crypto/ssh.(*Client)") || strings.Contains(stack, "x/crypto/ssh.(*Session)") ||
			strings.Contains(stack, "internal/ssh.(*") || strings.Contains(stack, "x/crypto/ssh.NewClient")
		if client {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.Now().Add(5 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Errorf("waited in vain for %s", what)
			return
		}
		<-ticker.C
	}
}

// target is the machine behind a server, with all that is right for it.
func target(s *sshtest.Server) ssh.Target {
	return ssh.Target{
		Node: "db1",
		Hop: ssh.Hop{
			Host: s.Host(), Port: s.Port(), User: "root",
			Auth:    ssh.Auth{PrivateKey: s.ClientKey()},
			HostKey: ssh.HostKey{Pinned: []string{s.HostKeyLine()}},
		},
		ConnectTimeout: 20 * time.Second,
	}
}

func as[E error](t *testing.T, err error) E {
	t.Helper()
	var wanted E
	if !errors.As(err, &wanted) {
		t.Fatalf("got %T %v, want %T", err, err, wanted)
	}
	return wanted
}

func mustRun(t *testing.T, client *ssh.Client, command shell.Command) shell.Result {
	t.Helper()
	result, err := client.Run(t.Context(), command)
	if err != nil {
		t.Fatalf("cannot run: %v", err)
	}
	return result
}

func says(text string) sshtest.Handler {
	return func(context.Context, string, []byte) ([]byte, []byte, int) { return []byte(text), nil, 0 }
}

var nothing = shell.New("true")

func contains(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not contain %q", err, part)
		}
	}
}

package sitetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// interrupted ends an apply in the middle of a change: once as a user does, and
// once as a power cut does.
func (s *site) interrupted(t *testing.T) {
	first := s.startChange(t, 101)
	began := time.Now()
	must(t, syscall.Kill(first.Process.Pid, syscall.SIGINT))
	if err := first.wait(t); err == nil {
		t.Error("the interrupted apply went on to its end")
	}
	took(t, "until an interrupted apply had ended", began)
	s.plan(t).wantNoDestruction(t)

	second := s.startChange(t, 102)
	// The provider is in the same group of processes.
	must(t, syscall.Kill(-second.Process.Pid, syscall.SIGKILL))
	if err := second.wait(t); err == nil {
		t.Error("the killed apply went on to its end")
	}
	s.plan(t).wantNoDestruction(t)
	s.apply(t, "apply after a killed one, whose lease had to end first")
	s.wantBacklog(t, "102")
	s.wantWhole(t)
	s.wantEmpty(t, "after it")
}

// running is an apply under way.
type running struct {
	*exec.Cmd
	read chan struct{}
}

// startChange starts an apply of another setting, and returns when it has
// reached the first database but cannot have restarted all.
func (s *site) startChange(t *testing.T, backlog int) running {
	t.Helper()
	s.variables["database_settings"] = settings(backlog)
	r := running{s.terraform(t, "apply", "-json", "-auto-approve", "-input=false"), make(chan struct{})}
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := r.StdoutPipe()
	must(t, err)
	must(t, r.Start())
	began := make(chan bool, 1)
	go func() {
		defer close(r.read)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"apply_start"`) && strings.Contains(lines.Text(), "ha_galera_cluster") {
				began <- true
			}
		}
		close(began)
	}()
	if !<-began {
		t.Fatal("the apply ended before it began to change the database")
	}
	s.until(t, "until the change had reached a database", 90*time.Second, func(ctx context.Context) error {
		for _, node := range s.databases() {
			script := fmt.Sprintf(`grep -rqs "^back_log *= *%d$" /etc/mysql`, backlog)
			if _, err := s.ask(ctx, node, script); err == nil {
				return nil
			}
		}
		return errors.New("none has it")
	})
	return r
}

// wait waits for the end; what the apply says has to be read before.
func (r running) wait(t *testing.T) error {
	t.Helper()
	select {
	case <-r.read:
	case <-time.After(2 * time.Minute):
		t.Fatal("the apply does not end")
	}
	return r.Wait()
}

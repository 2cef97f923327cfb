package sshtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"

	xssh "golang.org/x/crypto/ssh"
)

// signalName is the name of RFC 4254, 6.10.
func signalName(signal syscall.Signal) string {
	switch signal {
	case syscall.SIGTERM:
		return "TERM"
	case syscall.SIGKILL:
		return "KILL"
	case syscall.SIGINT:
		return "INT"
	case syscall.SIGHUP:
		return "HUP"
	default:
		return "ABRT"
	}
}

// outcome is how a command ended.
type outcome struct {
	stdout, stderr []byte
	status         int
	signal         string
}

func (s *Server) session(ctx context.Context, request xssh.NewChannel) {
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	s.note(func(c *counters) {
		c.sessions++
		c.running++
		c.peak = max(c.peak, c.running)
	})
	defer s.note(func(c *counters) { c.running-- })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for request := range requests {
		if request.Type != "exec" {
			_ = request.Reply(false, nil)
			continue
		}
		var command struct{ Line string }
		if err := xssh.Unmarshal(request.Payload, &command); err != nil {
			_ = request.Reply(false, nil)
			return
		}
		_ = request.Reply(true, nil)
		s.work.Go(func() { endOnSignal(requests, cancel) })
		s.command(ctx, channel, command.Line)
		return
	}
}

func endOnSignal(requests <-chan *xssh.Request, cancel context.CancelFunc) {
	for request := range requests {
		if request.Type == "signal" {
			cancel()
		}
		if request.WantReply {
			_ = request.Reply(false, nil)
		}
	}
	cancel()
}

// announce is how a client begins a command: the login shell prints a line, so that
// what its start-up files print can be told from what the command does.
const announce = "echo terraform-ha-begin; "

// command answers a command line as a login shell does. The question whether sudo
// works is the only one that comes without an announcement.
func (s *Server) command(ctx context.Context, channel xssh.Channel, line string) {
	_, _ = channel.Write([]byte(s.options.Greeting))
	if rest, announced := strings.CutPrefix(line, announce); announced {
		line = rest
		if s.options.NoShell {
			_, _ = channel.SendRequest("exit-status", false, xssh.Marshal(struct{ Status uint32 }{1}))
			return
		}
		_, _ = channel.Write([]byte("terraform-ha-begin\n"))
	} else if line != "sudo -n true" {
		s.t.Errorf("the SSH server got a command without an announcement: %s", line)
	}
	s.mu.Lock()
	s.lines = append(s.lines, line)
	s.mu.Unlock()
	end := s.answer(ctx, channel, line)
	_, _ = channel.Write(end.stdout)
	_, _ = channel.Stderr().Write(end.stderr)
	if end.signal != "" {
		payload := xssh.Marshal(struct {
			Name    string
			Core    bool
			Message string
			Lang    string
		}{Name: end.signal})
		_, _ = channel.SendRequest("exit-signal", false, payload)
		return
	}
	_, _ = channel.SendRequest("exit-status", false, xssh.Marshal(struct{ Status uint32 }{uint32(end.status)}))
}

func (s *Server) answer(ctx context.Context, channel xssh.Channel, line string) outcome {
	if line == "sudo -n true" {
		return s.sudo()
	}
	if s.options.ExecLocal {
		return execLocal(ctx, channel, strings.TrimPrefix(line, "sudo -n -- "))
	}
	stdin, err := io.ReadAll(channel)
	if err != nil {
		return outcome{status: 255}
	}
	if s.options.Handler == nil {
		s.t.Errorf("the SSH server got a command and has no handler: %s", line)
		return outcome{status: 255}
	}
	stdout, stderr, status := s.options.Handler(ctx, line, stdin)
	return outcome{stdout: stdout, stderr: stderr, status: status}
}

func (s *Server) sudo() outcome {
	if s.options.Sudo == "" && s.options.SudoStatus == 0 {
		return outcome{}
	}
	return outcome{stderr: []byte(s.options.Sudo), status: max(s.options.SudoStatus, 1)}
}

func execLocal(ctx context.Context, channel xssh.Channel, line string) outcome {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	command.Stdout, command.Stderr = &stdout, &stderr
	// The whole group ends, as with sshd, which signals the session's group.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	stdin, err := command.StdinPipe()
	if err != nil {
		return outcome{status: 255}
	}
	if err := command.Start(); err != nil {
		return outcome{stderr: []byte(err.Error()), status: 127}
	}
	go func() {
		_, _ = io.Copy(stdin, channel)
		stdin.Close()
	}()
	err = command.Wait()
	end := outcome{stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			end.signal = signalName(status.Signal())
		}
		end.status = exit.ExitCode()
	} else if err != nil {
		end.status = 255
	}
	return end
}

package ssh_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func TestRefusedConnection(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	where := target(server)
	server.Close()
	client := newPool(t, ssh.Options{}).Client(where)
	_, err := client.Run(t.Context(), nothing)
	contains(t, as[*ssh.UnreachableError](t, err), "cannot reach db1 at "+server.Addr(), "refused")
	if client.Dials() != 1 {
		t.Errorf("%d dials without a wait", client.Dials())
	}
}

func TestRetryUntilTheMachineIsUp(t *testing.T) {
	placeholder := sshtest.New(t, sshtest.Options{})
	address, key := placeholder.Addr(), sshtest.NewKey(t)
	where := target(placeholder)
	placeholder.Close()
	where.Auth.PrivateKey = key
	where.HostKey = ssh.HostKey{AcceptNew: true}
	where.Wait = 5 * time.Second
	client := newPool(t, ssh.Options{}).Client(where)
	done := make(chan error, 1)
	go func() { _, err := client.Run(t.Context(), nothing); done <- err }()
	eventually(t, "a refused attempt", func() bool { return client.Dials() > 0 })
	sshtest.New(t, sshtest.Options{
		Address: address, ExecLocal: true, Refuse: 1, Users: map[string][]string{"root": {sshtest.PublicLine(t, key)}},
	})
	if err := <-done; err != nil {
		t.Errorf("got %v", err)
	}
	if client.Dials() < 3 {
		t.Errorf("%d dials, want the refused, the closed and the good one", client.Dials())
	}
}

func TestRetryEnds(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{Refuse: 1000})
	where := target(server)
	where.Wait = 500 * time.Millisecond
	client := newPool(t, ssh.Options{}).Client(where)
	begin := time.Now()
	_, err := client.Run(t.Context(), nothing)
	as[*ssh.UnreachableError](t, err)
	if took := time.Since(begin); took < where.Wait || took > 3*time.Second || client.Dials() < 2 {
		t.Errorf("%d dials in %s", client.Dials(), took)
	}
	where.Wait = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = newPool(t, ssh.Options{}).Client(where).Run(ctx, nothing)
	as[*ssh.UnreachableError](t, err)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestStallingListener(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{Stall: true})
	where := target(server)
	where.ConnectTimeout = time.Second
	begin := time.Now()
	_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.UnreachableError](t, err), "the SSH handshake did not end within 1s")
	if errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(begin))
	}
	ctx, cancel := context.WithCancel(t.Context())
	where.ConnectTimeout = time.Minute
	connections := server.Connections()
	go func() {
		eventually(t, "the connection", func() bool { return server.Connections() > connections })
		cancel()
	}()
	if _, err := newPool(t, ssh.Options{}).Client(where).Run(ctx, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNameResolution(t *testing.T) {
	where := target(sshtest.New(t, sshtest.Options{}))
	where.Host = "no-such-machine.invalid"
	_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.UnreachableError](t, err), "cannot reach db1 at no-such-machine.invalid:")
}

func TestWrongKeyFailsAtOnce(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{})
	where := target(server)
	where.Auth.PrivateKey = sshtest.NewKey(t)
	where.Wait = time.Minute
	client := newPool(t, ssh.Options{}).Client(where)
	_, err := client.Run(t.Context(), nothing)
	contains(t, as[*ssh.AuthError](t, err), "cannot log in to db1", "as root", "ssh-ed25519 "+sshtest.Fingerprint(t, where.Auth.PrivateKey))
	if client.Dials() != 1 {
		t.Errorf("%d dials", client.Dials())
	}
	where.Auth.PrivateKey = ""
	_, err = newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.AuthError](t, err), "the private key is empty")
	as[*ssh.KeyFormatError](t, err)
}

func TestKeyWithPassphraseAndCertificate(t *testing.T) {
	ca, key := sshtest.NewKey(t), oldEncryptedKey(t, "open")
	plain, err := ssh.ParseKey(key, "open")
	if err != nil {
		t.Fatal(err)
	}
	server := sshtest.New(t, sshtest.Options{ExecLocal: true, UserCA: ca, Users: map[string][]string{
		"phrase": {string(xssh.MarshalAuthorizedKey(plain.PublicKey()))},
	}})
	where := target(server)
	where.User, where.Auth = "phrase", ssh.Auth{PrivateKey: key, Passphrase: "open"}
	mustRun(t, newPool(t, ssh.Options{}).Client(where), nothing)

	own := sshtest.NewKey(t)
	where.User, where.Auth = "root", ssh.Auth{PrivateKey: own}
	_, err = newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	as[*ssh.AuthError](t, err)
	where.Auth.Certificate = sshtest.NewCertificate(t, sshtest.Certificate{Key: own, CA: ca, Principals: []string{"root"}})
	mustRun(t, newPool(t, ssh.Options{}).Client(where), nothing)
	where.Auth.Certificate = sshtest.NewCertificate(t, sshtest.Certificate{Key: own, CA: ca, ValidBefore: time.Now().Add(-time.Hour)})
	_, err = newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.CertificateError](t, err), "expired at")
}

// serveAgent is an agent with these keys behind SSH_AUTH_SOCK.
func serveAgent(t *testing.T, ring agent.Agent) {
	t.Helper()
	listener, err := net.Listen("unix", t.TempDir()+"/agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn); conn.Close() }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", listener.Addr().String())
}

func TestAgentOnlyWhenAskedFor(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	private, err := xssh.ParseRawPrivateKey([]byte(server.ClientKey()))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	serveAgent(t, ring)
	where := target(server)
	where.Auth = ssh.Auth{PrivateKey: sshtest.NewKey(t)}
	_, err = newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	as[*ssh.AuthError](t, err)
	for _, auth := range []ssh.Auth{{Agent: true}, {Agent: true, PrivateKey: where.Auth.PrivateKey}} {
		where.Auth = auth
		mustRun(t, newPool(t, ssh.Options{}).Client(where), nothing)
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	_, err = newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.AuthError](t, err), "SSH_AUTH_SOCK is not set")
}

// twoHops is a machine behind two bastions, each with its own user, key and
// host key policy.
func twoHops(t *testing.T) (where ssh.Target, outer, inner, machine *sshtest.Server) {
	t.Helper()
	outer = sshtest.New(t, sshtest.Options{Forward: true})
	inner = sshtest.New(t, sshtest.Options{Forward: true})
	machine = sshtest.New(t, sshtest.Options{ExecLocal: true})
	where = target(machine)
	for name, server := range map[string]*sshtest.Server{"outer": outer, "inner": inner} {
		hop := target(server).Hop
		hop.Name, hop.User = name, "jump-"+name
		if name == "inner" {
			hop.HostKey = ssh.HostKey{AcceptNew: true}
			where.Bastions = append(where.Bastions, hop)
		} else {
			where.Bastions = append([]ssh.Hop{hop}, where.Bastions...)
		}
	}
	return where, outer, inner, machine
}

func TestTwoBastions(t *testing.T) {
	where, outer, inner, machine := twoHops(t)
	second := sshtest.New(t, sshtest.Options{ExecLocal: true})
	other := target(second)
	other.Node, other.Bastions = "db2", where.Bastions
	pool := newPool(t, ssh.Options{})
	mustRun(t, pool.Client(where), nothing)
	mustRun(t, pool.Client(other), nothing)
	if outer.Connections() != 1 || inner.Connections() != 1 || machine.Connections() != 1 || inner.Forwards() != 2 {
		t.Errorf("connections: outer %d, inner %d, machine %d; forwards %d",
			outer.Connections(), inner.Connections(), machine.Connections(), inner.Forwards())
	}
	inner.DropConnections()
	mustRun(t, pool.Client(where), nothing)
}

func TestFailingHopIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		breakIt func(where *ssh.Target, outer, inner, machine *sshtest.Server)
		check   func(t *testing.T, err error)
	}{
		"bastion down": {
			func(_ *ssh.Target, _, inner, _ *sshtest.Server) { inner.Close() },
			func(t *testing.T, err error) { contains(t, as[*ssh.UnreachableError](t, err), "cannot reach inner at") },
		},
		"machine down": {
			func(_ *ssh.Target, _, _, machine *sshtest.Server) { machine.Close() },
			func(t *testing.T, err error) { contains(t, as[*ssh.UnreachableError](t, err), "cannot reach db1 at") },
		},
		"machine stalls": {
			func(where *ssh.Target, _, _, machine *sshtest.Server) {
				machine.Stall(true)
				where.ConnectTimeout = 1500 * time.Millisecond
			},
			func(t *testing.T, err error) {
				contains(t, as[*ssh.UnreachableError](t, err), "cannot reach db1 at", "handshake")
			},
		},
		"bastion key": {
			func(where *ssh.Target, _, _, _ *sshtest.Server) {
				where.Bastions[1].Auth.PrivateKey = where.Bastions[0].Auth.PrivateKey
			},
			func(t *testing.T, err error) {
				contains(t, as[*ssh.AuthError](t, err), "cannot log in to inner", "as jump-inner")
			},
		},
		"bastion host key": {
			func(where *ssh.Target, _, _, _ *sshtest.Server) { where.Bastions[0].HostKey = ssh.HostKey{} },
			func(t *testing.T, err error) { contains(t, as[*ssh.HostKeyError](t, err), "cannot trust outer at") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			where, outer, inner, machine := twoHops(t)
			test.breakIt(&where, outer, inner, machine)
			_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
			test.check(t, err)
		})
	}
}

func TestBastionThatForbidsForwarding(t *testing.T) {
	where, _, _, _ := twoHops(t)
	closed := sshtest.New(t, sshtest.Options{})
	hop := target(closed).Hop
	hop.Name = "gate"
	where.Bastions = []ssh.Hop{hop}
	where.Wait = time.Minute
	_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.UnreachableError](t, err), "cannot reach db1", "gate does not forward connections", "prohibited")
}

func TestSameMachineUnderTwoNames(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	pool := newPool(t, ssh.Options{})
	first, second := target(server), target(server)
	second.Node = "files1"
	if pool.Client(first) != pool.Client(target(server)) || pool.Client(first) == pool.Client(second) {
		t.Error("clients are not one per target")
	}
	mustRun(t, pool.Client(first), nothing)
	mustRun(t, pool.Client(second), nothing)
	if server.Connections() != 1 {
		t.Errorf("%d connections", server.Connections())
	}
	server.Close()
	_, err := pool.Client(second).Run(t.Context(), nothing)
	if !strings.Contains(err.Error(), "files1") {
		t.Errorf("got %v", err)
	}
}

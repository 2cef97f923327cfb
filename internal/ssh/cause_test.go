package ssh_test

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// TestCauses has each reason why a machine cannot be reached, from the network itself.
func TestCauses(t *testing.T) {
	for name, test := range map[string]struct {
		breakIt func(where *ssh.Target, machine *sshtest.Server)
		want    ssh.Cause
		says    string
	}{
		"nothing listens": {func(_ *ssh.Target, machine *sshtest.Server) { machine.Close() }, ssh.Refused, "refused"},
		"no such name":    {func(where *ssh.Target, _ *sshtest.Server) { where.Host = "no-such-machine.invalid" }, ssh.UnknownName, "no-such-machine.invalid"},
		"it hangs up":     {func(_ *ssh.Target, machine *sshtest.Server) { machine.RefuseNext(9) }, ssh.Ended, "db1 at"},
		"it says no word": {func(_ *ssh.Target, machine *sshtest.Server) { machine.Stall(true) }, ssh.Ended, "the SSH handshake did not end"},
		"bastion forbids": {func(where *ssh.Target, _ *sshtest.Server) { behind(t, where, sshtest.Options{}) }, ssh.NotForwarded, "bastion gate does not forward connections"},
		"bastion cannot": {func(where *ssh.Target, machine *sshtest.Server) {
			behind(t, where, sshtest.Options{Forward: true})
			machine.Close()
		}, ssh.BehindBastion, "bastion gate cannot connect to it"},
		"bastion is refused": {func(where *ssh.Target, _ *sshtest.Server) { behind(t, where, sshtest.Options{Forward: true}).Close() }, ssh.Refused, "cannot reach bastion gate at"},
	} {
		t.Run(name, func(t *testing.T) {
			machine := sshtest.New(t, sshtest.Options{ExecLocal: true})
			where := target(machine)
			where.ConnectTimeout = time.Second
			test.breakIt(&where, machine)
			_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
			unreachable := as[*ssh.UnreachableError](t, err)
			contains(t, unreachable, test.says)
			if got := unreachable.Cause(); got != test.want {
				t.Errorf("the cause of %q is %d, not %d", err, got, test.want)
			}
		})
	}
}

// behind puts a bastion before the machine.
func behind(t *testing.T, where *ssh.Target, options sshtest.Options) *sshtest.Server {
	t.Helper()
	gate := sshtest.New(t, options)
	hop := target(gate).Hop
	hop.Name = "bastion gate"
	where.Bastions = []ssh.Hop{hop}
	return gate
}

// A packet filter that drops is a network that says nothing.
func TestCauseOfSilence(t *testing.T) {
	where := target(sshtest.New(t, sshtest.Options{}))
	where.ConnectTimeout = 50 * time.Millisecond
	silence := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := newPool(t, ssh.Options{Dial: silence}).Client(where).Run(t.Context(), nothing)
	unreachable := as[*ssh.UnreachableError](t, err)
	contains(t, unreachable, "no connection within 50ms")
	if unreachable.Cause() != ssh.NoAnswer {
		t.Errorf("the cause of %q is %d", err, unreachable.Cause())
	}
}

func TestAnAgentWithoutKeys(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{})
	where := target(server)
	serveAgent(t, agent.NewKeyring())
	where.Auth = ssh.Auth{Agent: true}
	_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	contains(t, as[*ssh.AuthError](t, err), "cannot log in to db1", "no key was there to offer")
}

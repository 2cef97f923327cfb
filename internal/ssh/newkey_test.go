package ssh_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

// TestNewKeyPair reads a new key with what reads other people's keys.
func TestNewKeyPair(t *testing.T) {
	pair, err := ssh.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ssh.ParseKey(pair.Private, ""); err != nil {
		t.Error(err)
	}
	server := sshtest.New(t, sshtest.Options{HostKeys: []string{pair.Private}})
	if server.HostKeyLine() != pair.Public || server.HostKeyFingerprint() != pair.Fingerprint {
		t.Errorf("a server with the private key has %s %s, want %s %s", server.HostKeyLine(), server.HostKeyFingerprint(), pair.Public, pair.Fingerprint)
	}
	other, err := ssh.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	if other.Private == pair.Private {
		t.Error("two keys are the same")
	}
}

package ssh_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func encode(t *testing.T, private any) string {
	t.Helper()
	block, err := xssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func rsaKey(t *testing.T) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, private)
}

func ecdsaKey(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, private)
}

func hashed(name string) string {
	salt := []byte("0123456789abcdefghij")
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return fmt.Sprintf("|1|%s|%s", base64.StdEncoding.EncodeToString(salt), base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// TestHostKeyPolicies runs every policy against one server, which is at a port
// that is not 22, so that its known name is "[127.0.0.1]:port".
func TestHostKeyPolicies(t *testing.T) {
	own, ca := sshtest.NewKey(t), sshtest.NewKey(t)
	server := sshtest.New(t, sshtest.Options{
		ExecLocal: true, HostKeys: []string{own},
		HostCertificate: sshtest.NewCertificate(t, sshtest.Certificate{Key: own, CA: ca, Host: true, Principals: []string{"127.0.0.1"}}),
	})
	line, other, authority := server.HostKeyLine(), sshtest.PublicLine(t, sshtest.NewKey(t)), sshtest.PublicLine(t, ca)
	name := fmt.Sprintf("[127.0.0.1]:%d", server.Port())
	known := func(content string) ssh.HostKey { return ssh.HostKey{KnownHosts: content} }
	const good = ""
	for title, test := range map[string]struct {
		policy ssh.HostKey
		want   string
	}{
		"pinned key":            {ssh.HostKey{Pinned: []string{line}}, good},
		"pinned fingerprint":    {ssh.HostKey{Pinned: []string{server.HostKeyFingerprint()}}, good},
		"one of two pinned":     {ssh.HostKey{Pinned: []string{other, line + " comment"}}, good},
		"wrong pinned":          {ssh.HostKey{Pinned: []string{other}, AcceptNew: true, Remembered: line}, "wrong host key"},
		"wrong fingerprint":     {ssh.HostKey{Pinned: []string{"SHA256:AAAA"}, AcceptNew: true}, "wrong host key"},
		"nothing":               {ssh.HostKey{}, "unknown host key"},
		"only remembered":       {ssh.HostKey{Remembered: line}, "unknown host key"},
		"accept new":            {ssh.HostKey{AcceptNew: true}, good},
		"remembered":            {ssh.HostKey{AcceptNew: true, Remembered: line}, good},
		"changed":               {ssh.HostKey{AcceptNew: true, Remembered: other}, "host key changed"},
		"known":                 {known("# mine\n\n" + name + " " + line + "\r\n"), good},
		"known, hashed":         {known(hashed(name) + " " + line), good},
		"known, one of many":    {known("db1,*.example.org," + name + " " + line), good},
		"known, wildcard":       {known("[127.0.0.*]:* " + line), good},
		"known, negated":        {known(name + ",!" + name + " " + line), "unknown host key"},
		"known, other port":     {known("127.0.0.1 " + line), "unknown host key"},
		"known, other host":     {known(hashed("db1") + " " + line), "unknown host key"},
		"known, other key":      {ssh.HostKey{KnownHosts: name + " " + other, AcceptNew: true}, "wrong host key"},
		"known, odd line":       {known("host ssh-future AAAA\n" + name + " " + line), good},
		"authority":             {known("@cert-authority " + name + " " + authority), good},
		"other authority":       {known("@cert-authority " + name + " " + other), "wrong host key"},
		"authority elsewhere":   {known("@cert-authority *.example.org " + authority), "unknown host key"},
		"revoked":               {ssh.HostKey{KnownHosts: "@revoked * " + line, Pinned: []string{line}}, "revoked"},
		"revoked authority":     {known("@cert-authority " + name + " " + authority + "\n@revoked * " + authority), "wrong host key"},
		"revoked under a cert":  {known("@cert-authority " + name + " " + authority + "\n@revoked * " + line), "revoked"},
		"known beside a pinned": {ssh.HostKey{KnownHosts: name + " " + line, Pinned: []string{other}}, good},
	} {
		t.Run(title, func(t *testing.T) {
			where := target(server)
			where.HostKey, where.Wait = test.policy, time.Minute
			logins := server.Logins()
			client := newPool(t, ssh.Options{}).Client(where)
			_, err := client.Run(t.Context(), nothing)
			if test.want == good {
				if err != nil || client.LearnedHostKey() != line {
					t.Errorf("got %v, learned %q", err, client.LearnedHostKey())
				}
				return
			}
			refused := as[*ssh.HostKeyError](t, err)
			contains(t, err, test.want, "cannot trust db1 at "+server.Addr(), line, server.HostKeyFingerprint(), "pin")
			if refused.Presented != line || client.Dials() != 1 || server.Logins() != logins || client.LearnedHostKey() != "" {
				t.Errorf("presented %q, %d dials, %d logins", refused.Presented, client.Dials(), server.Logins()-logins)
			}
		})
	}
}

func TestUnreadableHostKeys(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{})
	for name, policy := range map[string]ssh.HostKey{
		"pinned":      {Pinned: []string{"nonsense"}},
		"md5":         {Pinned: []string{"MD5:aa:bb"}},
		"remembered":  {AcceptNew: true, Remembered: "nonsense"},
		"known hosts": {KnownHosts: "nonsense"},
		"revoked":     {KnownHosts: "@revoked * ssh-ed25519 AAAA", AcceptNew: true},
		"marker":      {KnownHosts: "@sometimes * " + server.HostKeyLine(), AcceptNew: true},
	} {
		t.Run(name, func(t *testing.T) {
			where := target(server)
			where.HostKey = policy
			_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
			as[*ssh.HostKeyFormatError](t, err)
			if server.Connections() != 0 {
				t.Error("dialed all the same")
			}
		})
	}
}

func TestMachineWithSeveralKeysPresentsTheKnownOne(t *testing.T) {
	keys := []string{sshtest.NewKey(t), rsaKey(t), ecdsaKey(t)}
	server := sshtest.New(t, sshtest.Options{ExecLocal: true, HostKeys: keys})
	for i, key := range keys {
		line := sshtest.PublicLine(t, key)
		for name, policy := range map[string]ssh.HostKey{
			"pinned":      {Pinned: []string{line}},
			"fingerprint": {Pinned: []string{sshtest.Fingerprint(t, key)}},
			"known":       {KnownHosts: fmt.Sprintf("[127.0.0.1]:%d %s", server.Port(), line)},
			"remembered":  {AcceptNew: true, Remembered: line},
		} {
			t.Run(fmt.Sprintf("%s %d", name, i), func(t *testing.T) {
				where := target(server)
				where.HostKey = policy
				client := newPool(t, ssh.Options{}).Client(where)
				mustRun(t, client, nothing)
				if client.LearnedHostKey() != line {
					t.Errorf("learned %q", client.LearnedHostKey())
				}
			})
		}
	}
	where := target(server)
	where.HostKey = ssh.HostKey{Pinned: []string{"SHA256:AAAA"}}
	_, err := newPool(t, ssh.Options{}).Client(where).Run(t.Context(), nothing)
	as[*ssh.HostKeyError](t, err)
}

func TestKeyThatChangesWithinARun(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{ExecLocal: true})
	where := target(server)
	where.HostKey = ssh.HostKey{AcceptNew: true}
	client := newPool(t, ssh.Options{}).Client(where)
	mustRun(t, client, nothing)
	learned := client.LearnedHostKey()
	server.ReplaceHostKeys(sshtest.NewKey(t))
	server.DropConnections()
	eventually(t, "the refusal", func() bool {
		_, err := client.Run(t.Context(), nothing)
		return err != nil && as[*ssh.HostKeyError](t, err).Presented == server.HostKeyLine()
	})
	if client.LearnedHostKey() != learned {
		t.Error("the refused key was learned")
	}
}

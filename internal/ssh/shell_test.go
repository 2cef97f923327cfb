package ssh_test

import (
	"errors"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func TestAGreetingIsNotTheCommandsOutput(t *testing.T) {
	for name, greeting := range map[string]string{
		"line": "Welcome to db1\n", "no line break": "Welcome", "empty": "", "many": "a\nb\n\nterraform-ha-beginning\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.New(t, sshtest.Options{ExecLocal: true, Greeting: greeting})
			client := newPool(t, ssh.Options{}).Client(target(server))
			result := mustRun(t, client, shell.Script(`printf 'a\n%s' "$1"`, "terraform-ha-begin"))
			if string(result.Stdout) != "a\nterraform-ha-begin" {
				t.Errorf("got %q", result.Stdout)
			}
			_, err := client.Run(t.Context(), shell.Script("echo no; exit 3"))
			if failure := as[*shell.ExitError](t, err); failure.Status != 3 || string(failure.Stdout) != "no\n" {
				t.Errorf("got %+v", failure)
			}
		})
	}
}

func TestALoginShellThatRunsNothingSaysSo(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{NoShell: true, Greeting: "This account is \x1b[31mnot available\n"})
	_, err := newPool(t, ssh.Options{}).Client(target(server)).Run(t.Context(), nothing)
	contains(t, as[*ssh.LoginShellError](t, err), "db1", `This account is \x1b[31mnot available`, "/bin/sh")
	var exit *shell.ExitError
	if errors.As(err, &exit) {
		t.Error("a command that was not run has a status")
	}
}

func TestNothingRestsOnSHA1(t *testing.T) {
	for name, limit := range map[string]func(*xssh.ServerConfig){
		"key exchange": func(c *xssh.ServerConfig) {
			c.KeyExchanges = []string{xssh.InsecureKeyExchangeDH14SHA1, xssh.InsecureKeyExchangeDH1SHA1}
		},
		"message authentication": func(c *xssh.ServerConfig) {
			c.MACs, c.Ciphers = []string{xssh.HMACSHA1}, []string{xssh.CipherAES128CTR}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.New(t, sshtest.Options{ExecLocal: true, Limit: limit})
			_, err := newPool(t, ssh.Options{}).Client(target(server)).Run(t.Context(), nothing)
			if err == nil || server.Logins() > 0 {
				t.Errorf("got in: %v", err)
			}
		})
	}
}

func TestAnRSAKeySignsWithoutSHA1(t *testing.T) {
	key := rsaKey(t)
	for name, test := range map[string]struct {
		accepted string
		in       bool
	}{
		"SHA-1": {xssh.KeyAlgoRSA, false}, "SHA-512": {xssh.KeyAlgoRSASHA512, true}, "SHA-256": {xssh.KeyAlgoRSASHA256, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := sshtest.New(t, sshtest.Options{
				ExecLocal: true, Users: map[string][]string{"root": {sshtest.PublicLine(t, key)}},
				Limit: func(c *xssh.ServerConfig) { c.PublicKeyAuthAlgorithms = []string{test.accepted} },
			})
			who := target(server)
			who.Auth.PrivateKey = key
			if _, err := newPool(t, ssh.Options{}).Client(who).Run(t.Context(), nothing); (err == nil) != test.in {
				t.Errorf("got %v", err)
			}
		})
	}
}

package ssh_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/ssh"
	"github.com/terraform-ha/terraform-provider-ha/internal/ssh/sshtest"
)

func TestParseKeyAcceptsWhatPeoplePaste(t *testing.T) {
	key := sshtest.NewKey(t)
	for name, content := range map[string]string{
		"as written":     key,
		"indented":       "    " + strings.ReplaceAll(key, "\n", "\n    "),
		"windows lines":  strings.ReplaceAll(key, "\n", "\r\n"),
		"no end of line": strings.TrimSpace(key),
	} {
		t.Run(name, func(t *testing.T) {
			for _, passphrase := range []string{"", "not needed"} {
				if _, err := ssh.ParseKey(content, passphrase); err != nil {
					t.Errorf("cannot parse: %v", err)
				}
			}
		})
	}
}

func TestParseKeySaysWhatItIsInstead(t *testing.T) {
	key := sshtest.NewKey(t)
	body := "SECRETBODY"
	for name, test := range map[string]struct{ content, want string }{
		"nothing":     {" \n ", "is empty"},
		"public":      {sshtest.PublicLine(t, key), "is a public key"},
		"certificate": {sshtest.NewCertificate(t, sshtest.Certificate{Key: key, CA: key}), "is a certificate"},
		"public pem":  {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is a public key"},
		"x509":        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is a CERTIFICATE block"},
		"pkcs8":       {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "ssh-keygen -p"},
		"putty":       {"PuTTY-User-Key-File-3: ssh-ed25519\n" + body, "convert with puttygen -O private-openssh"},
		"escaped":     {strings.ReplaceAll(key, "\n", `\n`), `has literal \n instead of newlines`},
		"one line":    {strings.ReplaceAll(key, "\n", " "), "has lost its newlines"},
		"cut":         {key[:len(key)-60], "is cut off"},
		"damaged":     {"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + "!!\n-----END OPENSSH PRIVATE KEY-----", "is damaged"},
		"base64":      {base64.StdEncoding.EncodeToString([]byte(key)), "is base64 of a key"},
		"path":        {"~/.ssh/id_ed25519", "is the path of a file"},
		"prose":       {body + " words", "is in no known format"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ssh.ParseKey(test.content, "")
			contains(t, as[*ssh.KeyFormatError](t, err), test.want)
			if strings.Contains(err.Error(), body) {
				t.Errorf("%q shows the key", err)
			}
		})
	}
}

// oldEncryptedKey is a key in the encryption that OpenSSL used before PKCS#8,
// which users still have. Opening it is fast, unlike OpenSSH's own form.
func oldEncryptedKey(t *testing.T, passphrase string) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte(passphrase), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func TestPassphrase(t *testing.T) {
	for name, key := range map[string]string{
		"openssh": sshtest.NewEncryptedKey(t, "open"),
		"pem":     oldEncryptedKey(t, "open"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ssh.ParseKey(key, "open"); err != nil {
				t.Errorf("right passphrase: %v", err)
			}
			_, err := ssh.ParseKey(key, "")
			if !as[*ssh.PassphraseError](t, err).Missing {
				t.Errorf("got %v for a missing passphrase", err)
			}
			_, err = ssh.ParseKey(key, "sesame")
			if as[*ssh.PassphraseError](t, err).Missing || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v for a wrong passphrase", err)
			}
		})
	}
}

func TestValidateAuth(t *testing.T) {
	key, ca := sshtest.NewKey(t), sshtest.NewKey(t)
	certificate := func(c sshtest.Certificate) string {
		c.CA = ca
		if c.Key == "" {
			c.Key = key
		}
		return sshtest.NewCertificate(t, c)
	}
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for name, test := range map[string]struct{ certificate, want string }{
		"none":      {"", ""},
		"for ever":  {certificate(sshtest.Certificate{}), ""},
		"valid":     {certificate(sshtest.Certificate{ValidAfter: past, ValidBefore: future}), ""},
		"expired":   {certificate(sshtest.Certificate{ValidBefore: past}), "expired at " + past.UTC().Format(time.RFC3339)},
		"too early": {certificate(sshtest.Certificate{ValidAfter: future}), "is not valid before"},
		"other key": {certificate(sshtest.Certificate{Key: ca}), "not for the private key"},
		"host":      {certificate(sshtest.Certificate{Host: true}), "is for a host"},
		"key":       {sshtest.PublicLine(t, key), "is a public key"},
		"nonsense":  {"nonsense", "is not an OpenSSH certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			err := ssh.ValidateAuth(ssh.Auth{PrivateKey: key, Certificate: test.certificate})
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			contains(t, as[*ssh.CertificateError](t, err), test.want)
		})
	}
	err := ssh.ValidateAuth(ssh.Auth{PrivateKey: key, Certificate: certificate(sshtest.Certificate{ValidBefore: past})})
	if before := as[*ssh.CertificateError](t, err).ValidBefore; before.Unix() != past.Unix() {
		t.Errorf("got %s, want %s", before, past)
	}
	as[*ssh.KeyFormatError](t, ssh.ValidateAuth(ssh.Auth{}))
	if err := ssh.ValidateAuth(ssh.Auth{Agent: true}); err != nil {
		t.Errorf("an agent alone: %v", err)
	}
}

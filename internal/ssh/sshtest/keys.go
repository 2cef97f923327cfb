package sshtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

// NewKey returns a new ed25519 private key in OpenSSH form.
func NewKey(t testing.TB) string {
	t.Helper()
	return newKey(t, "")
}

// NewEncryptedKey returns a new private key that a passphrase protects.
func NewEncryptedKey(t testing.TB, passphrase string) string {
	t.Helper()
	return newKey(t, passphrase)
}

func newKey(t testing.TB, passphrase string) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatalf("cannot make a key: %v", err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = xssh.MarshalPrivateKey(private, "test")
	} else {
		block, err = xssh.MarshalPrivateKeyWithPassphrase(private, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatalf("cannot write a key: %v", err)
	}
	return string(pem.EncodeToMemory(block))
}

// PublicLine returns the public half of a private key, as in authorized_keys.
func PublicLine(t testing.TB, private string) string {
	t.Helper()
	return strings.TrimSpace(string(xssh.MarshalAuthorizedKey(signer(t, private).PublicKey())))
}

// Fingerprint returns the SHA256 fingerprint of a private key.
func Fingerprint(t testing.TB, private string) string {
	t.Helper()
	return xssh.FingerprintSHA256(signer(t, private).PublicKey())
}

// Certificate describes a certificate to be made; the zero times mean that it
// is valid now.
type Certificate struct {
	Key         string
	CA          string
	Host        bool
	Principals  []string
	ValidAfter  time.Time
	ValidBefore time.Time
}

// NewCertificate returns a certificate for the public half of a private key.
func NewCertificate(t testing.TB, options Certificate) string {
	t.Helper()
	certificate := &xssh.Certificate{
		Key:             signer(t, options.Key).PublicKey(),
		CertType:        xssh.UserCert,
		KeyId:           "test",
		ValidPrincipals: options.Principals,
		ValidBefore:     xssh.CertTimeInfinity,
	}
	if options.Host {
		certificate.CertType = xssh.HostCert
	}
	if !options.ValidAfter.IsZero() {
		certificate.ValidAfter = uint64(options.ValidAfter.Unix())
	}
	if !options.ValidBefore.IsZero() {
		certificate.ValidBefore = uint64(options.ValidBefore.Unix())
	}
	if err := certificate.SignCert(rand.Reader, signer(t, options.CA)); err != nil {
		t.Fatalf("cannot sign a certificate: %v", err)
	}
	return strings.TrimSpace(string(xssh.MarshalAuthorizedKey(certificate)))
}

func signer(t testing.TB, private string) xssh.Signer {
	t.Helper()
	signer, err := xssh.ParsePrivateKey([]byte(private))
	if err != nil {
		t.Fatalf("cannot read a key: %v", err)
	}
	return signer
}

func certified(t testing.TB, private, certificate string) xssh.Signer {
	t.Helper()
	public, _, _, _, err := xssh.ParseAuthorizedKey([]byte(certificate))
	if err != nil {
		t.Fatalf("cannot read a certificate: %v", err)
	}
	parsed, ok := public.(*xssh.Certificate)
	if !ok {
		t.Fatalf("cannot use a key of type %s as a certificate", public.Type())
	}
	made, err := xssh.NewCertSigner(parsed, signer(t, private))
	if err != nil {
		t.Fatalf("cannot use a certificate: %v", err)
	}
	return made
}

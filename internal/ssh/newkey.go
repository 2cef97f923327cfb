package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// KeyPair is a new Ed25519 key.
type KeyPair struct {
	// Public is the public key as in authorized_keys, without a comment.
	Public string
	// Private is the private key in OpenSSH's format, without a passphrase.
	Private string
	// Fingerprint is the public key's, as ssh-keygen shows it.
	Fingerprint string
}

// NewKeyPair makes a key from the operating system's randomness.
func NewKeyPair() (KeyPair, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return KeyPair{}, fmt.Errorf("cannot make a key: %w", err)
	}
	block, err := xssh.MarshalPrivateKey(private, "")
	if err != nil {
		return KeyPair{}, fmt.Errorf("cannot write a private key: %w", err)
	}
	public, err := xssh.NewPublicKey(private.Public())
	if err != nil {
		return KeyPair{}, fmt.Errorf("cannot write a public key: %w", err)
	}
	return KeyPair{
		Public:      strings.TrimSpace(string(xssh.MarshalAuthorizedKey(public))),
		Private:     string(pem.EncodeToMemory(block)),
		Fingerprint: xssh.FingerprintSHA256(public),
	}, nil
}

package ssh

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// KeyFormatError says what the given text is instead of a private key. It
// never shows the text.
type KeyFormatError struct {
	// Reason continues "the private key ...".
	Reason string
	Err    error
}

// Error says what is wrong and how to put it right.
func (e *KeyFormatError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the private key %s: %v", e.Reason, e.Err)
	}
	return "the private key " + e.Reason
}

// Unwrap returns the cause, where there is one.
func (e *KeyFormatError) Unwrap() error { return e.Err }

// PassphraseError says that an encrypted key could not be opened.
type PassphraseError struct {
	// Missing tells an absent passphrase from a wrong one.
	Missing bool
}

// Error says which of the two it is.
func (e *PassphraseError) Error() string {
	if e.Missing {
		return "the private key is encrypted and no passphrase was given"
	}
	return "the passphrase of the private key is wrong"
}

// ParseKey reads a private key from its content. A passphrase given for a key
// that has none is not an error.
func ParseKey(content, passphrase string) (xssh.Signer, error) {
	text := unindent(content)
	if reason := whatItIsInstead(text); reason != "" {
		return nil, &KeyFormatError{Reason: reason}
	}
	signer, err := xssh.ParsePrivateKey([]byte(text))
	var encrypted *xssh.PassphraseMissingError
	if !errors.As(err, &encrypted) {
		return signer, asFormatError(err)
	}
	if passphrase == "" {
		return nil, &PassphraseError{Missing: true}
	}
	signer, err = xssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(passphrase))
	if isWrongPassphrase(text, err) {
		return nil, &PassphraseError{}
	}
	return signer, asFormatError(err)
}

func asFormatError(err error) error {
	if err == nil {
		return nil
	}
	return &KeyFormatError{Reason: "cannot be read", Err: err}
}

// isWrongPassphrase takes any failure to open the old PEM encryption (RFC 1421)
// for a wrong passphrase: it has no checksum, so about one wrong passphrase in
// 256 yields noise instead of a refusal.
func isWrongPassphrase(text string, err error) bool {
	old := strings.Contains(text, "Proc-Type: 4,ENCRYPTED")
	return errors.Is(err, x509.IncorrectPasswordError) || err != nil && old
}

// unindent undoes what heredocs and copying do to a key: indentation, carriage
// returns, blank lines around.
func unindent(content string) string {
	lines := strings.Split(strings.TrimSpace(content), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// whatItIsInstead recognizes the usual mistakes; it is empty for a private key
// as far as the envelope tells.
func whatItIsInstead(text string) string {
	block, _ := pem.Decode([]byte(text))
	switch {
	case text == "":
		return "is empty"
	case strings.HasPrefix(text, "PuTTY-User-Key-File-"):
		return "is PuTTY format: convert with puttygen -O private-openssh"
	case strings.Contains(text, `\n`) && strings.Contains(text, "-----BEGIN"):
		return `has literal \n instead of newlines`
	case block != nil:
		return whatBlockIsInstead(block.Type)
	case strings.Contains(text, "BEGIN SSH2 PUBLIC KEY"):
		return "is a public key"
	case strings.Contains(text, "-----BEGIN") && !strings.Contains(text, "\n"):
		return "has lost its newlines"
	case strings.Contains(text, "-----BEGIN") && !strings.Contains(text, "-----END"):
		return "is cut off: its END line is missing"
	case strings.Contains(text, "-----BEGIN"):
		return "is damaged between its BEGIN and END lines"
	}
	return whatWordIsInstead(text)
}

func whatBlockIsInstead(kind string) string {
	switch {
	case strings.HasSuffix(kind, "PUBLIC KEY"):
		return "is a public key"
	case kind == "ENCRYPTED PRIVATE KEY":
		return "is encrypted PKCS#8, which is not supported: convert with ssh-keygen -p"
	case !strings.HasSuffix(kind, "PRIVATE KEY"):
		return fmt.Sprintf("is a %s block", kind)
	}
	return ""
}

func whatWordIsInstead(text string) string {
	if public, _, _, _, err := xssh.ParseAuthorizedKey([]byte(text)); err == nil {
		if _, ok := public.(*xssh.Certificate); ok {
			return "is a certificate"
		}
		return "is a public key"
	}
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && bytes.Contains(decoded, []byte("-----BEGIN")) {
		return "is base64 of a key: decode it first"
	}
	if !strings.ContainsAny(text, "\n ") && strings.ContainsAny(text[:1], "/~.") {
		return fmt.Sprintf("is the path of a file: give the file's content, such as by file(pathexpand(%q))", text)
	}
	return "is in no known format"
}

package ssh

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

// CertificateError says that a user certificate cannot serve.
type CertificateError struct {
	// Reason continues "the certificate ...".
	Reason string
	// ValidAfter and ValidBefore bound the certificate's life; zero where the
	// certificate has no such bound or could not be read.
	ValidAfter  time.Time
	ValidBefore time.Time
}

// Error gives the reason with the time it depends on.
func (e *CertificateError) Error() string { return "the certificate " + e.Reason }

// ValidateAuth finds what is wrong with keys and certificates before anything
// is dialed.
func ValidateAuth(auth Auth) error {
	_, _, err := readAuth(auth, time.Now())
	return err
}

// readAuth returns the key and the certificate of an Auth, each nil where it
// has none.
func readAuth(auth Auth, now time.Time) (xssh.Signer, *xssh.Certificate, error) {
	var key xssh.Signer
	if strings.TrimSpace(auth.PrivateKey) != "" || !auth.Agent {
		var err error
		if key, err = ParseKey(auth.PrivateKey, auth.Passphrase); err != nil {
			return nil, nil, err
		}
	}
	if strings.TrimSpace(auth.Certificate) == "" {
		return key, nil, nil
	}
	certificate, err := parseCertificate(auth.Certificate)
	if err != nil {
		return nil, nil, err
	}
	if key != nil && !auth.Agent && !isFor(certificate, key) {
		return nil, nil, certificateError(certificate, fmt.Sprintf("is for the key %s, not for the private key %s",
			xssh.FingerprintSHA256(certificate.Key), xssh.FingerprintSHA256(key.PublicKey())))
	}
	return key, certificate, checkValidity(certificate, now)
}

func parseCertificate(content string) (*xssh.Certificate, error) {
	public, _, _, _, err := xssh.ParseAuthorizedKey([]byte(strings.TrimSpace(content)))
	if err != nil {
		return nil, &CertificateError{Reason: "is not an OpenSSH certificate"}
	}
	certificate, ok := public.(*xssh.Certificate)
	if !ok {
		return nil, &CertificateError{Reason: "is a public key, not an OpenSSH certificate"}
	}
	if certificate.CertType != xssh.UserCert {
		return nil, certificateError(certificate, "is for a host, not for a user")
	}
	return certificate, nil
}

func checkValidity(certificate *xssh.Certificate, now time.Time) error {
	err := certificateError(certificate, "")
	if !err.ValidBefore.IsZero() && !now.Before(err.ValidBefore) {
		err.Reason = "expired at " + err.ValidBefore.Format(time.RFC3339)
		return err
	}
	if now.Before(err.ValidAfter) {
		err.Reason = "is not valid before " + err.ValidAfter.Format(time.RFC3339)
		return err
	}
	return nil
}

func certificateError(certificate *xssh.Certificate, reason string) *CertificateError {
	return &CertificateError{
		Reason:      reason,
		ValidAfter:  bound(certificate.ValidAfter),
		ValidBefore: bound(certificate.ValidBefore),
	}
}

// bound is zero for both "since ever" (0) and "for ever" (all bits set).
func bound(seconds uint64) time.Time {
	if seconds == 0 || seconds > math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

func isFor(certificate *xssh.Certificate, key xssh.Signer) bool {
	return bytes.Equal(certificate.Key.Marshal(), key.PublicKey().Marshal())
}

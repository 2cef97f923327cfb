package galera

import (
	"encoding/hex"
	"strings"
	"testing"
)

// TestNativePassword has what PASSWORD() of MariaDB 10.11.19 answers.
func TestNativePassword(t *testing.T) {
	for password, want := range map[string]string{
		"password": "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
		"pw":       "*D821809F681A40A6E379B50D0463EFAE20BDD122",
	} {
		if got := nativePassword(password); got != want {
			t.Errorf("%q is %s", password, got)
		}
	}
}

// TestSHA256Crypt has what "openssl passwd -5" answers, which takes 16 characters
// of salt.
func TestSHA256Crypt(t *testing.T) {
	tests := []struct {
		salt, password string
		rounds         int
		want           string
	}{
		{"saltstring", "Hello world!", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
		{"saltstringsaltst", "Hello world!", 10000, "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"},
		{"toolongsaltstrin", "This is just a test", 5000, "Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"},
		{"asaltof16chars..", "a very much longer text to encrypt.  This one even stretches over morethan one line.", 5000, "6unl8rMyh/oNwPz2Xc/j6QXbC6R01qEyORF7Qeizu6C"},
	}
	for _, test := range tests {
		if got := sha256Crypt(test.password, test.salt, test.rounds); got != test.want {
			t.Errorf("%q with %q is %s", test.password, test.salt, got)
		}
	}
}

// TestCachingSHA2 has the published example of hashcat's mode 7401, "MySQL $A$
// (sha256crypt)": salt and digest of the password "hashcat".
func TestCachingSHA2(t *testing.T) {
	salt, err := hex.DecodeString("F9CC98CE08892924F50A213B6BC571A2C11778C5")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := hex.DecodeString("625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cachingSHA2("hashcat", string(salt)), "$A$005$"+string(salt)+string(digest); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	clause := Percona.identified("a password")
	if !strings.HasPrefix(clause, "IDENTIFIED WITH caching_sha2_password AS '$A$005$") || len(clause) != len("IDENTIFIED WITH caching_sha2_password AS ''")+70 {
		t.Errorf("got %s", clause)
	}
	if Percona.identified("a password") == clause {
		t.Error("the salt is always the same")
	}
}

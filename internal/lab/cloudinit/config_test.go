package cloudinit

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const pair = "#cloud-config\n" + `{"ssh_keys":{"ed25519_private":"secret\n","ed25519_public":"ssh-ed25519 AAAA"}}`
	want := Config{HostKeys: map[string]string{"ssh_host_ed25519_key": "secret\n", "ssh_host_ed25519_key.pub": "ssh-ed25519 AAAA"}}
	for text, want := range map[string]Config{
		pair: want,
		strings.Replace(pair, `{"ssh_keys"`, `{"ssh_deletekeys":true,"ssh_keys"`, 1): want,
		"#cloud-config":                        {},
		"#cloud-config\n":                      {},
		"#cloud-config\n{\"ssh_keys\":{}}\n\n": {HostKeys: map[string]string{}},
	} {
		got, err := Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// TestWhatIsNotImplementedIsRefused has what a real machine would do and one of the
// lab would not.
func TestWhatIsNotImplementedIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\nreboot\n":                                       "begins with a line #cloud-config",
		"#cloud-config\npackages: [nginx]":                          "in JSON",
		"#cloud-config\n{\"packages\":[\"nginx\"]}":                 `unknown field "packages"`,
		"#cloud-config\n{\"ssh_deletekeys\":false}":                 "ssh_deletekeys: false",
		"#cloud-config\n{\"ssh_keys\":{\"rsa_private\":\"x\"}}":     "ssh_keys.rsa_private",
		"#cloud-config\n{\"ssh_keys\":{\"ed25519_private\":\"x\"}}": "together",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestDecode(t *testing.T) {
	if _, err := Decode("#cloud-config"); err == nil {
		t.Error("user data that is not base64 was taken")
	}
	long := "#cloud-config\n" + strings.Repeat("#", MaxUserData)
	if _, err := Decode(base64.StdEncoding.EncodeToString([]byte(long))); err == nil || !strings.Contains(err.Error(), "more than 65535") {
		t.Errorf("too much user data: error %v", err)
	}
	if got, err := Decode(""); err != nil || got.HostKeys != nil {
		t.Errorf("no user data: %+v, %v", got, err)
	}
}

package gluster

import (
	"testing"
)

func TestSameValue(t *testing.T) {
	tests := []struct {
		key, a, b string
		want      bool
	}{
		{"a.b", "on", "enable", true}, {"a.b", "on", "off", false}, {"a.b", "on", "1", false},
		{"a.b", "256MB", "268435456", true}, {"a.b", "1GB", "1024MB", true}, {"a.b", "4", "5", false}, {"a.b", "auto", "none", false},
		{"auth.allow", "1.1.1.1,2.2.2.2", "2.2.2.2,1.1.1.1", true}, {"auth.allow", "1.1.1.1", "*", false},
	}
	for _, test := range tests {
		if got := sameValue(test.key, test.a, test.b); got != test.want {
			t.Errorf("%s: %s and %s: %t", test.key, test.a, test.b, got)
		}
	}
}

package host

import "testing"

// The answers are those of "systemd-escape --path" (systemd 252).
func TestEscapePath(t *testing.T) {
	for path, want := range map[string]string{
		"/":              "-",
		"/srv/www":       "srv-www",
		"/srv//www/":     "srv-www",
		"/srv/my-site":   `srv-my\x2dsite`,
		"/srv/a.b_c:d":   "srv-a.b_c:d",
		"/.hidden/x":     `\x2ehidden-x`,
		"/srv/.hidden":   "srv-.hidden",
		"/srv/a b":       `srv-a\x20b`,
		"/srv/caf\u00e9": `srv-caf\xc3\xa9`,
	} {
		if got := escapePath(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func FuzzEscapePath(f *testing.F) {
	f.Add("/srv/www")
	f.Fuzz(func(t *testing.T, path string) {
		for _, c := range []byte(escapePath(path)) {
			if !unitNameByte(c) && c != '-' && c != '\\' {
				t.Errorf("%q holds %q", escapePath(path), c)
			}
		}
	})
}

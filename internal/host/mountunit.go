package host

import (
	"fmt"
	"strings"
)

// MountUnit returns the name of the unit that systemd demands for a mount point.
func MountUnit(mountPoint string) string { return escapePath(mountPoint) + ".mount" }

// escapePath writes a path as the name of a unit, as systemd-escape --path does
// (systemd.unit(5), "String escaping for inclusion in unit names").
func escapePath(name string) string {
	var levels []string
	for _, level := range strings.Split(name, "/") {
		if level != "" {
			levels = append(levels, level)
		}
	}
	if len(levels) == 0 {
		return "-"
	}
	var b strings.Builder
	joined := strings.Join(levels, "/")
	for i := range len(joined) {
		switch c := joined[i]; {
		case c == '/':
			b.WriteByte('-')
		case c == '.' && i == 0, !unitNameByte(c):
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unitNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ':' || c == '_' || c == '.'
}

package gluster

import (
	"slices"
	"strconv"
	"strings"
)

// sameValue compares values as GlusterFS reads them. It keeps what was typed, so
// a hand that typed "enable" or "1GB" may have meant what we mean.
func sameValue(key, a, b string) bool {
	if a == b {
		return true
	}
	if key == optionAllow {
		return slices.Equal(slices.Sorted(strings.SplitSeq(a, ",")), slices.Sorted(strings.SplitSeq(b, ",")))
	}
	if x, ok := truth(a); ok {
		y, ok := truth(b)
		return ok && x == y
	}
	x, okX := size(a)
	y, okY := size(b)
	return okX && okY && x == y
}

// truth reads the words of gf_string2boolean, except "0" and "1": those are
// numbers for most options.
func truth(value string) (is, ok bool) {
	switch strings.ToLower(value) {
	case "on", "yes", "true", "enable":
		return true, true
	case "off", "no", "false", "disable":
		return false, true
	}
	return false, false
}

// switched reads a value of a switch as GlusterFS does, "0" and "1" included.
func switched(value string) (on, ok bool) {
	switch value {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	return truth(value)
}

// size reads a number with a binary unit, as gf_string2bytesize does.
func size(value string) (float64, bool) {
	upper := strings.ToUpper(strings.TrimSpace(value))
	unit := 1.0
	for i, suffix := range []string{"KB", "MB", "GB", "TB", "PB"} {
		if number, found := strings.CutSuffix(upper, suffix); found {
			upper = number
			for range i + 1 {
				unit *= 1024
			}
			break
		}
	}
	number, err := strconv.ParseFloat(upper, 64)
	return number * unit, err == nil
}

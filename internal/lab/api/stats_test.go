package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// statsOf writes the CSV that HAProxy would for a configuration.
func statsOf(config string, down map[string]bool) []byte {
	out := &strings.Builder{}
	out.WriteString("# pxname,svname,qcur,status,weight,\n")
	backend := ""
	for line := range strings.Lines(config) {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 1 && fields[0] == "backend":
			backend = fields[1]
		case len(fields) > 2 && fields[0] == "server":
			status := "no check"
			switch {
			case strings.Contains(line, " disabled"):
				status = "MAINT"
			case down[fields[2]]:
				status = "DOWN"
			case strings.Contains(line, "weight 0 "):
				status = "DRAIN"
			case strings.Contains(line, " check "):
				status = "UP"
			}
			fmt.Fprintf(out, "%s,%s,0,%s,1,\n", backend, fields[1], status)
		}
	}
	return []byte(out.String())
}

func TestParseStats(t *testing.T) {
	for name, test := range map[string]struct {
		csv  string
		want map[string]string
	}{
		"servers":        {"# pxname,svname,status,\nnodes-1,node-1,UP 1/3,\nnodes-1,BACKEND,UP,\n", map[string]string{"nodes-1/node-1": "UP 1/3", "nodes-1/BACKEND": "UP"}},
		"quoted":         {"# pxname,svname,last_chk,status,\nnodes-1,node-1,\"a, b\",DOWN,\n", map[string]string{"nodes-1/node-1": "DOWN"}},
		"short row":      {"# pxname,svname,status,\nnodes-1,node-1\n", map[string]string{}},
		"no status":      {"# pxname,svname,\nnodes-1,node-1,\n", nil},
		"empty":          {"", nil},
		"broken quoting": {"# pxname,svname,status,\n\"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseStats([]byte(test.csv))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseStats(f *testing.F) {
	f.Add([]byte("# pxname,svname,status,\nnodes-1,node-1,UP,\n"))
	f.Fuzz(func(_ *testing.T, data []byte) { parseStats(data) })
}

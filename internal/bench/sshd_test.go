package bench

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// login is one connection as the sshd of a machine has written it down.
type login struct {
	// accepting is from the connection until the key was accepted.
	accepting span
	// sessions are from the start of each command until it ended.
	sessions []span
}

// sshdLine is a line of journalctl's format short-unix: when, who, and what.
var sshdLine = regexp.MustCompile(`^(\d+)\.(\d{6}) .* port (\d+)(?: on .*| ssh2.*| id \d+)?$`)

// readLogins reads the lines that an sshd with the level VERBOSE wrote, in order.
func readLogins(journal string) []login {
	var logins []login
	ports := map[string]int{}
	for line := range strings.Lines(journal) {
		line = strings.TrimSpace(line)
		if line, _, _ = strings.Cut(line, " on "); strings.Contains(line, ": Accepted ") {
			line, _, _ = strings.Cut(line, " ssh2")
		}
		fields := sshdLine.FindStringSubmatch(line)
		if fields == nil {
			continue
		}
		seconds, _ := strconv.ParseInt(fields[1], 10, 64)
		micros, _ := strconv.ParseInt(fields[2], 10, 64)
		at := time.Unix(seconds, micros*1000).UTC()
		if strings.Contains(line, ": Connection from ") {
			ports[fields[3]] = len(logins)
			logins = append(logins, login{accepting: span{at, at}})
			continue
		}
		place, known := ports[fields[3]]
		if !known {
			continue
		}
		of := &logins[place]
		switch {
		case strings.Contains(line, ": Accepted "):
			of.accepting.to = at
		case strings.Contains(line, ": Starting session: "):
			of.sessions = append(of.sessions, span{at, at})
		case strings.Contains(line, ": Close session: ") && len(of.sessions) > 0:
			of.sessions[len(of.sessions)-1].to = at
		}
	}
	return logins
}

func TestReadLogins(t *testing.T) {
	const journal = `1700000000.000100 db1 sshd[9]: Connection from 172.29.1.1 port 40112 on 172.29.1.11 port 22 rdomain ""
1700000000.050000 db1 sshd[9]: Accepted key ED25519 SHA256:abc found at /root/.ssh/authorized_keys:1
1700000000.080100 db1 sshd[9]: Accepted publickey for root from 172.29.1.1 port 40112 ssh2: ED25519 SHA256:abc
1700000000.100000 db1 sshd[9]: Starting session: command for root from 172.29.1.1 port 40112 id 0
1700000000.300000 db1 sshd[9]: Close session: user root from 172.29.1.1 port 40112 id 0
1700000000.400000 db1 sshd[9]: Starting session: command for root from 172.29.1.1 port 40112 id 0
1700000000.450000 db1 sshd[9]: Close session: user root from 172.29.1.1 port 40112 id 0
`
	at := func(micros int64) time.Time { return time.Unix(1700000000, micros*1000).UTC() }
	want := []login{{accepting: span{at(100), at(80100)}, sessions: []span{{at(100000), at(300000)}, {at(400000), at(450000)}}}}
	if diff := cmp.Diff(want, readLogins(journal), cmp.AllowUnexported(login{}, span{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

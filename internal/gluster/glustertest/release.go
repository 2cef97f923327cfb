package glustertest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// most is the highest operating version that every member allows.
func (p *Pool) most() int {
	most := 1 << 30
	for name := range p.Members {
		newest := p.Newest[name]
		if newest == 0 {
			newest = p.OpVersion
		}
		most = min(most, newest)
	}
	return most
}

// knows is the operating version that a client knows.
func (p *Pool) knows(client string) int {
	if known, old := p.Knows[client]; old {
		return known
	}
	return 1 << 20
}

// release prints the highest operating version of the pool, and who is connected.
func (p *Pool) release(m *hosttest.Machine, _ *Node, _ shell.Command) string {
	if !p.in(m.Name) {
		return "most 0\n"
	}
	said := fmt.Sprintf("most %d\n", p.most())
	if p.most() <= p.OpVersion {
		return said
	}
	for _, volume := range p.Volumes {
		if volume.State != "Started" {
			continue
		}
		var b strings.Builder
		for _, brick := range volume.Bricks {
			address, path, _ := strings.Cut(brick, ":")
			fmt.Fprintf(&b, "<node><hostname>%s</hostname><path>%s</path><clientsStatus><clientCount>%d</clientCount>", address, path, len(p.Mounting))
			for i, client := range p.Mounting {
				fmt.Fprintf(&b, "<client><hostname>%s:%d</hostname><opVersion>%d</opVersion></client>", client, 49000+i, p.knows(client))
			}
			b.WriteString("</clientsStatus></node>")
		}
		said += answer(0, "", "<volStatus><volumes><volume>"+b.String()+"</volume></volumes></volStatus>") + "\n"
	}
	return said
}

// raise raises the operating version, which cuts off clients that do not know it.
func (p *Pool) raise(word string) string {
	version, err := strconv.Atoi(word)
	switch {
	case err != nil || version <= p.OpVersion:
		return answer(-1, "Required op-version ("+word+") should not be equal or lower than current cluster op-version.", "")
	case version > p.most():
		return answer(-1, "Required op_version ("+word+") is not supported.", "")
	}
	for _, client := range p.Mounting {
		if p.knows(client) < version {
			p.t.Errorf("operating version %s cuts %s off", word, client)
		}
	}
	p.OpVersion = version
	return answer(0, "", "")
}

package glustertest

import (
	"fmt"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// CLI is the command line on a machine. A command that it does not know is an
// error of the test.
func (p *Pool) CLI(m *hosttest.Machine, words ...string) string {
	if !m.Unit("glusterd").Running() {
		return "Connection failed. Please check if gluster daemon is operational."
	}
	switch strings.Join(words[:2], " ") {
	case "peer status":
		return answer(0, "", "<peerStatus>"+p.peers(m)+"</peerStatus>")
	case "peer probe":
		return p.probe(m, p.at(words[2]))
	case "peer detach":
		return p.detach(m, words)
	case "volume info":
		return p.info(m, words[2:])
	case "volume create":
		return p.create(words[2], words[3:])
	}
	if strings.HasPrefix(strings.Join(words, " "), "volume set all cluster.op-version ") {
		return p.raise(words[4])
	}
	volume := p.Volumes[words[2]]
	if volume == nil {
		return answer(-1, "Volume does not exist", "")
	}
	switch words[1] {
	case "set":
		for i := 3; i+1 < len(words); i += 2 {
			volume.Options[words[i]] = words[i+1]
		}
	case "reset":
		delete(volume.Options, words[3])
	case "start":
		if volume.State == "Started" && words[len(words)-1] != "force" {
			return answer(-1, "already started", "")
		}
		volume.State = "Started"
		p.serve(volume, true)
	case "stop":
		volume.State = "Stopped"
		p.serve(volume, false)
	case "delete":
		if volume.State == "Started" {
			return answer(-1, "Volume has been started", "")
		}
		delete(p.Volumes, words[2])
	case "add-brick":
		return p.addBrick(volume, words[3:])
	case "remove-brick":
		return p.removeBrick(volume, words[3:])
	case "replace-brick":
		return p.replaceBrick(volume, words[3:])
	case "rebalance":
		return p.rebalance(volume, words[3])
	case "reset-brick":
		return p.resetBrick(words)
	case "heal":
		if strings.Join(words[3:], " ") == "info split-brain" {
			return p.splitList(m, volume)
		}
		if strings.Join(words[3:], " ") == "info" {
			return p.healList(m, volume, func(*SplitFile) bool { return true })
		}
		for _, node := range p.Nodes {
			node.Pending = 0
		}
		for _, brick := range volume.Bricks {
			p.fill(p.Volumes[words[2]], brick, 3)
		}
	default:
		p.t.Errorf("the simulated gluster does not know %v", words)
	}
	return answer(0, "", "")
}

func answer(ret int, said, body string) string {
	return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cliOutput><opRet>%d</opRet><opErrno>0</opErrno><opErrstr>%s</opErrstr>%s</cliOutput>", ret, said, body)
}

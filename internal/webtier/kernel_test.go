package webtier

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/webtier/webtiertest"
)

// TestTheKernelAsksSilentConnections has somebody set its times back.
func TestTheKernelAsksSilentConnections(t *testing.T) {
	driftIsRepaired(t, good(), map[string]drifted{
		"value": {func(s *webtiertest.Server) { s.Kernel["/proc/sys/net/ipv4/tcp_keepalive_time"] = "7200" }, "net.ipv4.tcp_keepalive_time is 7200 instead of 5"},
		"file":  {func(s *webtiertest.Server) { s.Machine.RemoveAll(kernelFile) }, "99-terraform-ha-web.conf is missing"},
	})
}

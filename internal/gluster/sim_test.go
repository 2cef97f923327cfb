package gluster_test

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/gluster/glustertest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

func newPool(t *testing.T, names ...string) (host.Hosts, *glustertest.Pool) {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	return hosts, glustertest.Install(t, machines)
}

package galera

import (
	"testing"

	"github.com/terraform-ha/terraform-provider-ha/internal/galera/galeratest"
	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/host/hosttest"
)

// sim is Galera on simulated machines, as the tests of this package use it.
type sim struct {
	*galeratest.Cluster
	t      *testing.T
	engine engine
	hosts  host.Hosts
}

func newSim(t *testing.T, flavor Flavor, names ...string) *sim {
	t.Helper()
	hosts, machines := hosttest.Cluster(t, names...)
	engines := map[Flavor]galeratest.Engine{MariaDB: galeratest.MariaDB(), Percona: galeratest.Percona()}
	return &sim{Cluster: galeratest.Install(t, machines, engines[flavor]), t: t, engine: flavor.engine(), hosts: hosts}
}

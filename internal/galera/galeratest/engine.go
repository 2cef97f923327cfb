package galeratest

// Engine is what the simulation must know of the engine that it stands for.
type Engine struct {
	// Packages are what the tier installs.
	Packages []string
	// Server is the package that brings the server.
	Server string
	// Arbitrator is the package that brings garbd.
	Arbitrator string
	// Versions are those of the server's package by the series of the repository.
	Versions map[string]string
	// Source is what the server's package and its companions were built from.
	Source string
	// Repository is the series that has to be enabled first; empty for none.
	Repository string
	// Unit is the server's.
	Unit string
	// BootstrapUnit runs the first node until another has joined; empty where the
	// ordinary unit does that too.
	BootstrapUnit string
	// ConfigPath is the file that makes the server a node of a cluster.
	ConfigPath string
	// MembersPath is the file that tells it who the other nodes are.
	MembersPath string
}

// MariaDB is MariaDB with the Galera library as Debian packages it.
func MariaDB() Engine {
	return Engine{
		Packages: []string{"galera-4", "mariadb-backup", "mariadb-server", "socat"}, Server: "mariadb-server", Arbitrator: "galera-arbitrator-4", Source: "mariadb",
		Versions: map[string]string{"": "1:10-1"},
		Unit:     "mariadb.service", ConfigPath: "/etc/mysql/mariadb.conf.d/70-ha.cnf",
		MembersPath: "/etc/mysql/mariadb.conf.d/70-ha-members.cnf",
	}
}

// Percona is Percona XtraDB Cluster from Percona's repository.
func Percona() Engine {
	return Engine{
		Packages: []string{"percona-xtradb-cluster", "socat"}, Server: "percona-xtradb-cluster", Arbitrator: "percona-xtradb-cluster-garbd", Repository: "pxc-84-lts",
		Source: "percona-xtradb-cluster", Versions: map[string]string{"pxc-80": "1:8.0.42-33-1.bookworm", "pxc-84-lts": "1:8.4.5-5-1.bookworm"},
		Unit: "mysql.service", BootstrapUnit: "mysql@bootstrap.service", ConfigPath: "/etc/mysql/mysql.conf.d/zz-ha.cnf",
		MembersPath: "/etc/mysql/mysql.conf.d/zz-ha-members.cnf",
	}
}

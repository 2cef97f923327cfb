package galera

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-ha/terraform-provider-ha/internal/tier"
)

// Engine is the engine of a cluster, MariaDB or Percona XtraDB Cluster. Users declare it
// and its release series with one attribute, version.
type Engine string

// The engines.
const (
	// MariaDB is MariaDB with the Galera library, as the distribution packages it.
	MariaDB Engine = "mariadb"
	// Percona is Percona XtraDB Cluster from Percona's repository.
	Percona Engine = "percona"
)

// Engines lists every engine.
func Engines() []Engine { return []Engine{MariaDB, Percona} }

// DefaultVersion is the version of a cluster that declares none.
const DefaultVersion = string(MariaDB)

// defaultPercona is the version of Percona XtraDB Cluster where only the engine is known.
const defaultPercona = "pxc-84"

// perconaSeries are Percona's names of its repositories by the versions that a
// cluster can declare, and perconaReleases the series of the releases in them.
var (
	perconaSeries   = map[string]string{"pxc-84": "pxc-84-lts", "pxc-80": "pxc-80"}
	perconaReleases = map[string]string{"pxc-84-lts": "8.4", "pxc-80": "8.0"}
)

var (
	mariadbSeries  = regexp.MustCompile(`^[0-9]{1,2}\.[0-9]{1,2}$`)
	mariadbRelease = regexp.MustCompile(`^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,3}$`)
	perconaRelease = regexp.MustCompile(`^pxc-8\.[04]\.[0-9]{1,3}$`)
)

// ParseVersion returns what a declared version stands for: "mariadb" for MariaDB as
// the distribution has it, "10.11" for that and this series alone, "10.11.19" for this
// release, "pxc-84" for a series of Percona XtraDB Cluster, and "pxc-8.4.5" for a release of
// it. Of an unknown version it makes an engine that [Spec.Validate] refuses.
func ParseVersion(version string) (engine Engine, of, release string) {
	switch {
	case version == DefaultVersion:
		return MariaDB, "", ""
	case mariadbSeries.MatchString(version):
		return MariaDB, version, ""
	case mariadbRelease.MatchString(version):
		return MariaDB, series(version), version
	case perconaSeries[version] != "":
		return Percona, perconaSeries[version], ""
	case perconaRelease.MatchString(version):
		release = strings.TrimPrefix(version, "pxc-")
		return Percona, perconaSeries["pxc-"+strings.ReplaceAll(series(release), ".", "")], release
	}
	return Engine(strconv.Quote(version)), "", ""
}

// engine returns what is specific to the engine and release series of the spec.
func (s Spec) engine() engine {
	engine := engineOf(s.Engine)
	if s.Engine == Percona {
		engine.repository = s.Series
	}
	return engine
}

// engine is all in which the engines differ.
type engine struct {
	Engine
	packages []string
	// serverPackage is the one that has the server's version.
	serverPackage string
	// sources are those of the packages that have the server's version, as apt's
	// preferences name them.
	sources string
	// repository is Percona's name of the release series; empty for packages of
	// the distribution.
	repository string
	unit       string
	// bootstrapUnit runs the first node until another has joined; empty where the
	// ordinary unit does that too.
	bootstrapUnit string
	client        string
	server        string
	configPath    string
	provider      string
	// errorLog is where the server writes its errors; empty for the journal.
	errorLog string
	transfer string
	// appliers is the variable with the number of threads that apply what other
	// nodes have written.
	appliers string
	// transferAuth is the account of the donor's backup program. The trailing
	// colon is an empty password: the account is tied to the system user.
	transferAuth string
	// bySocket lets the system user of the same name in without a password.
	bySocket string
	// alwaysConnects is the privilege to connect beyond max_connections.
	alwaysConnects string
	// sqlMode holds for our own sessions, whatever the settings say: the escapes
	// of [literal] must mean what they do by default, and GRANT must not create an
	// account.
	sqlMode string
	extra   [][2]string
	// keeps are the files of the data directory that a state transfer leaves alone,
	// as a pattern of find(1); empty for the engine's own choice.
	keeps string
	// startCheck finds the processes that look after the tables of a server that
	// has just started, as pgrep(1) does; empty where there are none.
	startCheck string
	// settable asks for the variables that can be set while the server runs; empty where no
	// table of the server tells.
	settable string
}

// engineOf returns what is specific to an engine in all of its release series.
func engineOf(e Engine) engine {
	if e == Percona {
		return engine{
			Engine:         Percona,
			packages:       []string{"percona-xtradb-cluster", "socat"},
			serverPackage:  "percona-xtradb-cluster",
			sources:        "src:percona-xtradb-cluster src:percona-xtradb-cluster-[0-9]*",
			unit:           "mysql.service",
			bootstrapUnit:  "mysql@bootstrap.service",
			client:         "mysql",
			server:         "mysqld",
			configPath:     "/etc/mysql/mysql.conf.d/zz-ha.cnf",
			provider:       "/usr/lib/galera4/libgalera_smm.so",
			errorLog:       "/var/log/mysql/error.log",
			transfer:       "xtrabackup-v2",
			appliers:       "wsrep_applier_threads",
			bySocket:       "IDENTIFIED WITH auth_socket",
			alwaysConnects: "CONNECTION_ADMIN",
			extra: [][2]string{
				// Every node would need the same certificate files before its first start,
				// and the setting cannot be changed in a running cluster
				// (Percona XtraDB Cluster manual, "Encrypt PXC traffic").
				{"pxc_encrypt_cluster_traffic", "OFF"},
				{"pxc_strict_mode", "ENFORCING"},
			},
		}
	}
	return engine{
		Engine:         e,
		packages:       []string{"galera-4", "mariadb-backup", "mariadb-server", "socat"},
		serverPackage:  "mariadb-server",
		sources:        "src:mariadb src:mariadb-[0-9]*",
		unit:           "mariadb.service",
		client:         "mariadb",
		server:         "mariadbd",
		configPath:     "/etc/mysql/mariadb.conf.d/70-ha.cnf",
		provider:       "/usr/lib/galera/libgalera_smm.so",
		transfer:       "mariabackup",
		appliers:       "wsrep_slave_threads",
		transferAuth:   "mysql:",
		bySocket:       "IDENTIFIED VIA unix_socket",
		alwaysConnects: "CONNECTION ADMIN",
		sqlMode:        "NO_AUTO_CREATE_USER",
		extra:          [][2]string{{"wsrep_on", "ON"}},
		keeps:          transferKeeps,
		startCheck:     "^[^ ]*bash /etc/mysql/debian-start",
		settable:       askSettable,
	}
}

// transferKeeps is the choice of wsrep_sst_mariabackup, and the file that says for
// which version the system tables were made. A joiner without it makes them anew
// on itself while it serves: an account that is changed anywhere meanwhile leaves
// them half done, or the server waiting for itself for ever (both measured with
// 10.11.19), for which flow control has to stop the cluster in the end.
const transferKeeps = `.*\.pem$\|.*galera\.cache$\|.*sst_in_progress$\|.*\.sst$\|.*gvwstate\.dat$\|.*grastate\.dat$\|` +
	`.*\.err$\|.*\.log$\|.*RPM_UPGRADE_MARKER$\|.*RPM_UPGRADE_HISTORY$\|.*/m[a-z]*_upgrade_info$`

// service is the unit's name as a person says it.
func (e engine) service() string { return strings.TrimSuffix(e.unit, ".service") }

// units are all units that may run the server.
func (e engine) units() []string {
	if e.bootstrapUnit == "" {
		return []string{e.unit}
	}
	return []string{e.unit, e.bootstrapUnit}
}

func (e Engine) known() bool { return slices.Contains(Engines(), e) }

const (
	dataDirectory = "/var/lib/mysql"
	socketPath    = "/run/mysqld/mysqld.sock"
	// checkAccount is what the floating IP's health check connects as. It has no
	// password: only the system user of that name may use it. Its one privilege is
	// the connection that a full server keeps for administrators.
	checkAccount = tier.CheckAccount
)

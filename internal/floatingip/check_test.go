package floatingip

import (
	"strings"
	"testing"
)

// member is what a node of a cluster of three answers, and changed some of it.
func member(changed ...string) string {
	values := map[string]string{
		"wsrep_local_state": "4", "wsrep_local_state_comment": "Synced", "wsrep_cluster_status": "Primary", "wsrep_cluster_size": "3", "wsrep_ready": "ON",
		"wsrep_desync": "OFF", "wsrep_sst_method": "mariabackup", "read_only": "OFF", "query": "1",
	}
	for i := 0; i < len(changed); i += 2 {
		values[changed[i]] = changed[i+1]
	}
	var out strings.Builder
	for _, name := range []string{"wsrep_local_state", "wsrep_local_state_comment", "wsrep_cluster_status", "wsrep_cluster_size", "wsrep_ready", "wsrep_desync", "wsrep_sst_method", "wsrep_reject_queries", "wsrep_sst_donor_rejects_queries", "read_only", "super_read_only", "pxc_maint_mode", "query"} {
		if values[name] != "" {
			out.WriteString(name + "\t" + values[name] + "\n")
		}
	}
	return out.String()
}

// donor is a node that another one takes its data from.
func donor(changed ...string) string {
	return member(append([]string{"wsrep_local_state", "2", "wsrep_local_state_comment", "Donor/Desynced"}, changed...)...)
}

// The errors are what the client printed to a node of MariaDB 10.11.
const (
	tooMany  = "ERROR 1040 (08004): Too many connections\n"
	notReady = "ERROR 1047 (08S01) at line 5: WSREP has not yet prepared node for application use\n"
	noSocket = "ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)\n"
)

func TestGaleraCheck(t *testing.T) {
	tests := map[string]struct {
		check  Check
		answer string
		// want is a part of the reason; empty where the node is fit.
		want string
	}{
		"synced":                            {Check{}, member(), ""},
		"not primary":                       {Check{}, member("wsrep_cluster_status", "non-Primary", "wsrep_ready", "OFF", "query", "") + notReady, "is non-Primary, not Primary"},
		"joining":                           {Check{}, member("wsrep_local_state", "1", "wsrep_local_state_comment", "Joining: receiving State Transfer"), "neither Synced nor a donor"},
		"not ready":                         {Check{}, member("wsrep_ready", "OFF"), "not ready"},
		"maintenance":                       {Check{}, member("pxc_maint_mode", "MAINTENANCE"), "in maintenance"},
		"down":                              {Check{}, noSocket, "error 2002"},
		"no Galera":                         {Check{}, "query\t4\n", "not a Galera node"},
		"full":                              {Check{}, tooMany, ""},
		"refuses queries":                   {Check{}, member("query", "") + notReady, "refuses queries: error 1047"},
		"told to refuse queries":            {Check{}, member("wsrep_reject_queries", "ALL_KILL"), "wsrep_reject_queries is ALL_KILL"},
		"takes no writes":                   {Check{}, member("read_only", "ON"), "takes no writes"},
		"takes nobody's writes":             {Check{}, member("super_read_only", "ON"), "takes no writes"},
		"may be read only":                  {Check{AllowReadOnly: true}, member("read_only", "ON"), ""},
		"donor":                             {Check{}, donor(), ""},
		"donor of Percona":                  {Check{}, donor("wsrep_sst_method", "xtrabackup-v2"), ""},
		"donor that is blocked":             {Check{}, donor("wsrep_sst_method", "rsync"), "blocks it: wsrep_sst_method is rsync"},
		"blocked donor that is the last":    {Check{}, donor("wsrep_sst_method", "rsync", "wsrep_cluster_size", "2"), ""},
		"donor that is told to refuse":      {Check{}, donor("wsrep_sst_donor_rejects_queries", "ON"), "wsrep_sst_donor_rejects_queries is ON"},
		"donor that refuses queries":        {Check{}, donor("query", "") + notReady, "refuses queries"},
		"donor where none is wanted":        {Check{RefuseDonor: true}, donor(), "not Synced"},
		"taken out of step by an operator":  {Check{}, donor("wsrep_desync", "ON"), "wsrep_desync is ON"},
		"error before the answers are read": {Check{}, notReady + member("query", ""), "refuses queries: error 1047"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.write("answer", test.answer)
			s.program("mariadb", `cat "$STAGE/answer"; ! grep -q ^ERROR "$STAGE/answer"`)
			spec := simSpec()
			spec.Check = test.check
			spec.Check.Kind = CheckGalera
			file, _ := checkFile(spec.Defaulted().valuesFor(simNodes[0], "eth1"))
			out, err := s.run(file.Content)
			if fit := err == nil; fit != (test.want == "") || !strings.Contains(strings.ToLower(out), strings.ToLower(test.want)) {
				t.Errorf("fit %t, %q instead of %q", fit, out, test.want)
			}
		})
	}
}

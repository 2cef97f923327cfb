package galera

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarnings(t *testing.T) {
	spec := shop(MariaDB)
	spec.Settings = map[string]string{
		"max-connections": "300", "loose_what_ever": "1", "innodb_bufer_pool_size": "1G", "plugin_load_add": "server_audit",
		"server_audit_logging": "ON", "innodb_flush_log_at_trx_commit": "2", "innodb_doublewrite": "off", "default_time_zone": "Europe/Berlin",
	}
	spec.NodeSettings = map[string]map[string]string{"db1": {"innodb_redo_log_capacity": "1G", "default-time-zone": "+02:00"}}
	spec.ProviderOptions = map[string]string{"gcache.recover": "no", "gcache.size": "1G", "evs.wonder": "1", "pc.weight": "2"}
	var got []string
	for _, doubt := range spec.Warnings() {
		words := strings.Fields(doubt.Message)
		got = append(got, strings.Join(doubt.Path, "/")+": "+strings.Join(words[:4], " "))
	}
	want := []string{
		"settings/default_time_zone: a new server has",
		"settings/innodb_bufer_pool_size: innodb_bufer_pool_size is not among",
		"settings/innodb_doublewrite: without the doublewrite buffer,",
		"settings/innodb_flush_log_at_trx_commit: with a value other",
		"settings/server_audit_logging: server_audit_logging is not among",
		"nodes/db1/settings/innodb_redo_log_capacity: innodb_redo_log_capacity is not among",
		"provider_options/evs.wonder: evs.wonder is not among",
		"provider_options/gcache.recover: without gcache.recover a node",
		"provider_options/pc.weight: with weights, the loss",
		"users/wordpress/hosts: no network can be",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

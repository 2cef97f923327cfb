package sitetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// databaseDies cuts the power of the database that visitors are served by.
func (s *site) databaseDies(t *testing.T) {
	holders, err := s.holders(t.Context())
	must(t, err)
	victim := holders[0]
	probe := s.startProbe(t)
	t.Logf("power off: %s, which holds the floating IP", victim)
	s.powerOff(t, victim)
	s.until(t, "until another database had the floating IP", 10*time.Second, func(ctx context.Context) error {
		for _, node := range s.databases() {
			if node == victim {
				continue
			}
			if out, err := s.ask(ctx, node, `ip -4 -o address show to "$1/32"`, s.floating); err == nil && out != "" {
				return nil
			}
		}
		return errors.New("no database has it")
	})
	s.wantSiteBack(t)
	if longest := probe.report(t, s, "when the database died"); longest > 10*time.Second {
		t.Errorf("the site was away for %s", longest)
	}
	s.wantBack(t, victim, probe)
}

// wantSiteBack waits until visitors are served again, ten times in a row.
func (s *site) wantSiteBack(t *testing.T) {
	t.Helper()
	s.until(t, "until ten pages in a row were answered", time.Minute, func(ctx context.Context) error {
		for range 10 {
			if err := s.visit(ctx, visitor(), time.Now().UnixNano()); err != nil {
				return err
			}
		}
		return nil
	})
}

// wantBack powers a machine on, and wants everything to be well by itself.
func (s *site) wantBack(t *testing.T, node string, p *probe) {
	t.Helper()
	s.powerOn(t, node)
	s.wantWhole(t)
	s.wantKept(t, p)
	s.wantEmpty(t, "after "+node+" came back")
}

// webServerDies cuts the power of a web server.
func (s *site) webServerDies(t *testing.T) {
	const victim = "web2"
	probe := s.startProbe(t)
	t.Logf("power off: %s", victim)
	s.powerOff(t, victim)
	s.wantDown(t, victim)
	s.wantSiteBack(t)
	if longest := probe.report(t, s, "when the web server died"); longest > 20*time.Second {
		t.Errorf("the site was away for %s", longest)
	}
	s.wantBack(t, victim, probe)
}

// wantDown waits until the NodeBalancer knows that a web server is dead. Visitors whom it
// sends there until then wait, some of them in vain.
func (s *site) wantDown(t *testing.T, name string) {
	t.Helper()
	s.until(t, "until the NodeBalancer said that "+name+" is down", 40*time.Second, func(ctx context.Context) error {
		nodes, err := s.backends(ctx)
		if err == nil && nodes[name].Status != "DOWN" {
			err = fmt.Errorf("it says %s", nodes[name].Status)
		}
		return err
	})
}

// strain writes and reads files on the mount until it is told to stop, and says
// how long the longest took.
const strain = `<?php
$folder = '/srv/www/site/strain';
@mkdir($folder);
$count = $errors = 0; $longest = 0.0; $said = '';
$end = microtime(true) + 100;
while (!file_exists('/run/strain-stop') && microtime(true) < $end) {
    $started = microtime(true);
    $text = str_repeat("line $count\n", 500);
    $ok = @file_put_contents("$folder/$count", $text) === strlen($text) && @file_get_contents("$folder/" . intdiv($count, 2)) !== false;
    if (!$ok) { $errors++; $said = error_get_last()['message'] ?? 'short'; }
    $longest = max($longest, microtime(true) - $started);
    $count++;
    usleep(100000);
}
$lost = 0;
for ($n = 0; $n < $count; $n++) if (@file_get_contents("$folder/$n") !== str_repeat("line $n\n", 500)) $lost++;
array_map('unlink', glob("$folder/*")); rmdir($folder);
echo json_encode(['count' => $count, 'errors' => $errors, 'lost' => $lost, 'longest' => $longest, 'said' => $said]);
`

type strained struct {
	Count, Errors, Lost int
	Longest             float64
	Said                string
}

// fileServerDies cuts the power of a file server, while files are written.
func (s *site) fileServerDies(t *testing.T) {
	const victim = "files1"
	probe := s.startProbe(t)
	s.sh(t, "web1", "rm -f /run/strain-stop")
	ended := make(chan strained, 1)
	failed := make(chan error, 1)
	go func() {
		var result strained
		out, err := s.hardware.Exec(t.Context(), s.machines["web1"], []string{"php"}, strings.NewReader(strain))
		if err == nil {
			err = json.Unmarshal(out, &result)
		}
		failed <- err
		ended <- result
	}()
	s.until(t, "until files were written", 20*time.Second, func(ctx context.Context) error {
		_, err := s.ask(ctx, "web1", "test -e /srv/www/site/strain/10")
		return err
	})
	t.Logf("power off: %s", victim)
	s.powerOff(t, victim)
	goal := s.sh(t, "web1", "echo $(($(ls /srv/www/site/strain | sort -n | tail -n 1) + 50))")
	s.until(t, "until 50 more files were written", 90*time.Second, func(ctx context.Context) error {
		_, err := s.ask(ctx, "web1", `test -e "/srv/www/site/strain/$1"`, goal)
		return err
	})
	s.wantSiteBack(t)
	longest := probe.report(t, s, "when the file server died")
	s.sh(t, "web1", "touch /run/strain-stop")
	must(t, <-failed)
	result := <-ended
	t.Logf("TIME %6.1fs longest write and read on the mount when the file server died (%d files)", result.Longest, result.Count)
	if result.Errors > 0 || result.Lost > 0 {
		t.Errorf("on the mount %d operations failed and %d files are lost: %s", result.Errors, result.Lost, result.Said)
	}
	if longest > 30*time.Second || result.Longest > 30 {
		t.Errorf("files were away for %.1fs, the site for %s", result.Longest, longest)
	}
	s.wantBack(t, victim, probe)
}

// unreachable plans while a machine is away.
func (s *site) unreachable(t *testing.T) {
	victims := []string{"db2", "files3", "web3"}
	for _, victim := range victims {
		s.powerOff(t, victim)
	}
	started := time.Now()
	plan := s.plan(t)
	took(t, "a plan while a machine of each tier was away", started)
	plan.wantNoDestruction(t)
	if touched := plan.touches(); slices.Contains(touched, "linode_instance") {
		t.Errorf("the plan changes %v", touched)
	}
	for _, victim := range victims {
		if !strings.Contains(plan.said, "Node "+victim+" Does Not Answer") {
			t.Errorf("the plan does not warn of %s:\n%s", victim, plan.said)
		}
	}
	t.Logf("the plan's exit status was %d, it changes %v", plan.exit, plan.touches())
	for _, victim := range victims {
		s.powerOn(t, victim)
	}
	s.wantWhole(t)
	s.wantEmpty(t, "after the machines came back")
}

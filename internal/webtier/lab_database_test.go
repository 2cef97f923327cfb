package webtier

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/lab/labtest"
)

// floating is the address at which pages find their database.
const floating = "10.88.0.100"

// pageLimit is the longest time for a page that was being made when the machine with
// the database's address vanished.
const pageLimit = 15 * time.Second

// TestLabDatabaseVanishes has pages wait for a database whose machine is no more, and
// whose address another machine takes over after as long as Keepalived and its check
// need. Nothing listens there: its kernel knows none of the connections, and that is
// what counts.
func TestLabDatabaseVanishes(t *testing.T) {
	labtest.Long(t)
	s := boot(t, "web1", "db1", "db2")
	s.Run("db1", `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends mariadb-server >/dev/null 2>&1
printf '[mysqld]\nbind-address=0.0.0.0\nskip-name-resolve=1\n' >/etc/mysql/mariadb.conf.d/90-test.cnf; systemctl restart mariadb
mariadb -e "CREATE OR REPLACE USER page@'%' IDENTIFIED BY 'page'"`)
	spec := Spec{Name: "shop", Nodes: s.Nodes[:1], DocumentRoot: "/var/www/html"}
	s.mustConverge(spec, nil)
	s.Run("web1", `cat >/var/www/html/page.php <<'PHP'
<?php
mysqli_report(MYSQLI_REPORT_OFF);
$db = new mysqli('`+floating+`', 'page', 'page');
if ($db->connect_errno) { http_response_code(500); exit($db->connect_error); }
$query = $_GET['query'];
do { $good = $db->query($query); } while ($good && isset($_GET['again']));
if (!$good) { http_response_code(500); exit($db->error); }
echo 'done';
PHP`)
	s.Run("web1", askScript)
	s.takes("db1")
	s.Run("web1", `curl -sf 'http://127.0.0.1/page.php?query=SELECT+1'`)

	t.Run("a long query", func(t *testing.T) {
		s := s.with(t)
		s.page("long", "query=SELECT+SLEEP(25)")
		s.Until(5*time.Second, "the kernel to watch over the connection", func() string {
			if seen := s.Run("web1", "ss -tnoH dst "+floating); !strings.Contains(seen, "timer:(keepalive,") {
				return seen
			}
			return ""
		})
		if said, took := s.pageEnds("long", time.Minute); said != "200 done" || took < 24*time.Second {
			t.Errorf("after %s: %s", took, said)
		}
	})
	for _, vanish := range []struct {
		name      string
		do, after func() error
		taken     bool
	}{
		{"frozen", func() error { return s.Freeze("db1") }, func() error { return s.Thaw("db1") }, true},
		{"without power", func() error { return s.PowerOff("db1") }, func() error { return s.Start("db1") }, true},
		{"without power, and nobody takes the address", func() error { return s.PowerOff("db1") }, func() error { return s.Start("db1") }, false},
	} {
		t.Run(vanish.name, func(t *testing.T) {
			s := s.with(t)
			s.page("waiting", "query=SELECT+SLEEP(200)")
			if vanish.taken {
				s.page("busy", "query=SELECT+1&again=1")
			}
			s.Until(10*time.Second, "both pages to be made", func() string {
				return s.try("web1", "ss -tnH state established dst "+floating+" | grep -q . || echo no connection")
			})
			if err := vanish.do(); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			if vanish.taken {
				s.Until(10*time.Second, "a failover's time to pass", func() string {
					if left := 6*time.Second - time.Since(begin); left > 0 {
						return fmt.Sprint(left, " left")
					}
					return ""
				})
				s.takes("db2")
			}
			for _, page := range []string{"waiting", "busy"} {
				if page == "busy" && !vanish.taken {
					continue
				}
				said, _ := s.pageEnds(page, 30*time.Second)
				took := time.Since(begin).Round(time.Second / 10)
				t.Logf("the %s page ended %s after: %s", page, took, said)
				if took > pageLimit || !strings.HasPrefix(said, "500 ") {
					t.Errorf("the %s page ended after %s: %s", page, took, said)
				}
			}
			if err := vanish.after(); err != nil {
				t.Fatal(err)
			}
			s.try("db2", "ip address del "+floating+"/32 dev eth1")
			s.takes("db1")
			s.Until(30*time.Second, "the database to be back", func() string {
				return s.try("web1", `curl -sf -m 2 'http://127.0.0.1/page.php?query=SELECT+1' >/dev/null || echo not yet`)
			})
		})
	}
}

// takes gives the address to a machine, and has web1 know it as a gratuitous ARP would.
func (s *site) takes(node string) {
	s.t.Helper()
	hardware := s.Run(node, "ip address replace "+floating+"/32 dev eth1; cat /sys/class/net/eth1/address")
	s.Run("web1", "ip neighbor replace "+floating+" lladdr "+hardware+" dev eth1 nud stale")
}

// page asks for a page in the background.
func (s *site) page(name, query string) {
	s.t.Helper()
	s.Run("web1", fmt.Sprintf("rm -f /root/%s; setsid sh /root/ask %s '%s' </dev/null >/dev/null 2>&1 &", name, name, query))
}

// askScript writes down how many milliseconds a page took, its status and its text.
const askScript = `cat >/root/ask <<'ASK'
begin=$(date +%s%N)
code=$(curl -s -m 100 -o "/root/$1.text" -w '%{http_code}' "http://127.0.0.1/page.php?$2")
echo "$(( ($(date +%s%N) - begin) / 1000000 )) $code $(cat "/root/$1.text")" >"/root/$1.new"
mv "/root/$1.new" "/root/$1"
ASK`

// pageEnds returns what the page said, and after how long.
func (s *site) pageEnds(name string, limit time.Duration) (said string, took time.Duration) {
	s.t.Helper()
	s.Until(limit, "the page", func() string {
		said = s.try("web1", "cat /root/"+name+" 2>/dev/null")
		if said == "" {
			return "it is still being made"
		}
		return ""
	})
	milliseconds, rest, _ := strings.Cut(said, " ")
	took, _ = time.ParseDuration(milliseconds + "ms")
	return rest, took
}

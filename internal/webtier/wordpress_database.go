package webtier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-ha/terraform-provider-ha/internal/host"
	"github.com/terraform-ha/terraform-provider-ha/internal/reconcile"
	"github.com/terraform-ha/terraform-provider-ha/internal/shell"
)

// databaseCode prints what the database said, as one of the constants below.
var databaseCode = phpCode("database")

// What a database says to WordPress.
const (
	// DatabaseFilled says that WordPress's tables are there.
	DatabaseFilled = "filled"
	// DatabaseEmpty says that they are not.
	DatabaseEmpty = "empty"
	// DatabaseDenied says that the account or the database is missing, or that the
	// password is another one.
	DatabaseDenied = "denied"
	// DatabaseAway says that nobody answered.
	DatabaseAway = "away"
)

// databaseQuestion is databaseCode with what it has to know.
func (w WordPress) databaseQuestion() []string {
	return []string{databaseCode, w.DBHost, w.DBName, w.DBUser, w.TablePrefix}
}

func databaseLost(s Spec) *reconcile.RefusedError {
	where := "on any node"
	if s.Mount == nil {
		where = "on every node"
	}
	return &reconcile.RefusedError{
		What: "go on with the WordPress in " + s.DocumentRoot,
		Evidence: []string{
			"it was installed before, and its database " + s.WordPress.DBName + " at " + s.WordPress.DBHost + " has no tables of it any more",
			"its files, with all uploads, are still there",
		},
		Remedy: "Restore the database from a backup. To begin again with an empty site instead, take the line \"installed\" out of " +
			s.wordpressRecord() + " " + where + ", or make that file with the line \"copied\" where it is missing.",
	}
}

// How long WordPress waits for its database: the database tier may be under
// construction at the same time, or under repair.
const (
	newDatabasePatience = 10 * time.Minute
	databasePatience    = 2 * time.Minute
)

var wordpressDatabaseScript = shell.Embedded(scripts, "wordpress-database")

// awaitDatabase waits until the database lets WordPress in with the wanted
// password, and stops where a site that was installed has lost its tables.
func awaitDatabase(s Spec, installed bool, limit time.Duration) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		if w.DBPassword == "" {
			return fmt.Errorf("cannot reach the database from %s: the database user's password is not known; set it in the configuration", h.Name())
		}
		question := shell.Script(wordpressDatabaseScript, w.databaseQuestion()...).WithStdin([]byte(w.DBPassword))
		what := fmt.Sprintf("the database %s at %s to let %s in", w.DBName, w.DBHost, w.DBUser)
		said := ""
		err := reconcile.WaitAtMost(ctx, limit, what, time.Second, func(ctx context.Context) (string, error) {
			result, err := h.Query(ctx, question)
			if err != nil {
				return "", err
			}
			switch said = strings.TrimSpace(string(result.Stdout)); said {
			case DatabaseFilled:
				return "", nil
			case DatabaseEmpty:
				if installed {
					return "", reconcile.Stop(databaseLost(s))
				}
				return "", nil
			case DatabaseDenied:
				return "it refuses the account, its password or the database's name", nil
			default:
				return "it does not answer from " + h.Name(), nil
			}
		})
		var waited *reconcile.WaitError
		if errors.As(err, &waited) && said != "" {
			return &DatabaseError{Node: h.Name(), Denied: said == DatabaseDenied, Err: err}
		}
		return err
	}
}

// DatabaseError says that WordPress's database did not let WordPress in.
type DatabaseError struct {
	Node string
	// Denied tells a database that refused from one that did not answer.
	Denied bool
	Err    error
}

// Error says what was waited for, and why in vain.
func (e *DatabaseError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DatabaseError) Unwrap() error { return e.Err }

// Cure says which attributes of the resource tell of the database.
func (e *DatabaseError) Cure() (path []string, text string) {
	if e.Denied {
		return []string{"wordpress", "database_user"}, "Correct wordpress.database_user, wordpress.database_password_wo or wordpress.database_name, or let the account come from the address of the node: in users of ha_galera_cluster those are its hosts."
	}
	return []string{"wordpress", "database_host"}, "Correct wordpress.database_host, with :port if that is not 3306, and see that the database runs there and that no packet filter keeps the nodes from it."
}

var installWordPressScript = shell.Embedded(scripts, "wordpress-install")

// installCode has the database filled by WordPress's own installer.
var installCode = phpCode("install")

func installWordPress(s Spec) action {
	return func(ctx context.Context, h *host.Host) error {
		w := s.WordPress
		data, err := json.Marshal(map[string]string{
			"url": w.URL, "title": w.Title, "user": w.AdminUser, "email": w.AdminEmail, "password": w.AdminPassword,
		})
		if err != nil {
			return fmt.Errorf("cannot install WordPress on %s: %w", h.Name(), err)
		}
		return run(ctx, h, "install WordPress", shell.Script(installWordPressScript, s.DocumentRoot, s.state(), s.filesOwner(), installCode).WithStdin(data))
	}
}

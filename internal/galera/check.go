package galera

import "fmt"

// checkLogin is the account that the health check of a floating IP connects as.
func checkLogin() Login { return Login{checkAccount, "localhost"} }

func planCheck(d *draft) error {
	at := d.changes.at
	check, exists := at.seen.Accounts[checkLogin()]
	switch {
	case !exists:
		d.changes.add(at.step("create account "+checkAccount, "the health check's account is missing", createCheckAccount(at.engine)))
	case !check.has(at.engine.alwaysConnects):
		d.changes.add(at.step("let "+checkAccount+" into a full server", "the health check's account has no place in a full server", createCheckAccount(at.engine)))
	}
	return nil
}

func createCheckAccount(engine engine) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %[1]s %[2]s;\nGRANT %[3]s ON *.* TO %[1]s;\n", account(checkLogin()), engine.bySocket, engine.alwaysConnects)
}

package galeratest

func (at machine) sizing() {
	at.query("galera-cores", func([]string) (string, int) { return "0-1\n", 0 })
}

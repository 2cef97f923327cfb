// Package drill is the drill of a site: it makes steady traffic, breaks one thing at a
// time, and compares what clients went through with what is promised for each fault.
//
//   - traffic.go, author.go and workers.go make the traffic, record.go keeps
//     what became of each attempt, and ledger.go what clients were told is kept.
//   - faults.go and its neighbors are the table of faults, schedule.go their order.
//   - run.go leads through them, and checks.go looks afterwards.
//   - report.go is what is left: JSON, and a page that needs nothing but a browser.
package drill

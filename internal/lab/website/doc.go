// Package website is the example site as one sees it who looks after it: its nodes, how
// each of its tiers is, and what visitors are answered. It reaches the nodes by any
// [Machines], so that it reads a site in the lab and a real one alike.
package website

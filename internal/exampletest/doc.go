// Package exampletest applies the examples for a user's own hosts to machines of the
// lab. The example for Linode is applied by the site's test and by the demo. It has
// tests only.
package exampletest

// Package docstest makes the reference documentation and, in its tests, holds it
// to the source: docs/ is what templates/, examples/ and the provider's schema
// give, and the registry's manifest names the protocol that is served.
package docstest

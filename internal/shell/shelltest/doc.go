// Package shelltest looks for mistakes in scripts without running them. A shell
// always reads them; shellcheck does as well where it is installed, as "make lint"
// sees to.
package shelltest

// Package moduletest proves the Terraform modules and examples offline: their
// format, that they are valid for the providers' schemas as they are built from
// this tree, and their own tests with mocked providers. It has tests only.
package moduletest

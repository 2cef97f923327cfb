// Package region puts a lab together: the machines and balancers of
// internal/lab/machine behind the Linode API of internal/lab/api, served by a
// process in the background whose every trace lies in one folder.
package region

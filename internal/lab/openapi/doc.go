// Package openapi is Linode's published API description as the lab's API is held
// to it: loaded, and with the places where it and the clients of today disagree
// listed one by one in differences.go. Nothing else is relaxed.
package openapi

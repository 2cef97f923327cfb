// Package provider is what users say: schemas, models and the four verbs.
//
// Every resource is one cluster. [clusterResource] carries out create, read,
// update, delete and import for all of them in the same few lines; a resource
// adds its schema, its model, and how the model becomes a tier's spec and back.
// This is the only package that knows Terraform.
package provider

package demo

import "github.com/terraform-ha/terraform-provider-ha/internal/lab/region"

func Remove(region.Folder) error { return nil }

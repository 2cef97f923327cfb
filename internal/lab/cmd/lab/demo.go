package main

import "context"

func demoVerb(context.Context, command) error { return usageError("todo") }

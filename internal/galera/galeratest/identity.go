package galeratest

func (at machine) identity() { at.file("galera-marker") }

package galeratest

func (at machine) transfers() { at.file("galera-transfers") }
